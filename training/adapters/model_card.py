"""An adapter's model card: what it is made from, by whom, what was measured, where it ends. Pure: values in, text out.

It says only what is settled once the adapter is: no date, no round's number, no speed. So the same work gives the
same card, and the card can be part of the content that an adapter is named by.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from annotation.texts import capital, counted
from training.methods import JUDGES

# Measurements of a round's result that stand on the card and beside each other when adapters are compared.
MEASURED = {
    "eval_loss_before": "Loss on held-out rows before",
    "eval_loss": "Loss on held-out rows after",
    "eval_reward_accuracy": "Held-out pairs it gets right",
    "eval_reward_margin": "Reward margin on held-out pairs",
    "general_perplexity_before": "Perplexity of general answers before",
    "general_perplexity": "Perplexity of general answers after",
}
SHARES = {"eval_reward_accuracy"}
FEW_ROWS = 100
FEW_MEASURED = 50


@dataclass(frozen=True)
class Base:
    id: str
    revision: str | None
    source: str
    weights_sha256: str
    license: str
    whole_sha256: str = ""  # of the weights that an adapter stands on, where an earlier round trained all of them

    @property
    def weights_id(self) -> str:
        """The name of the weights that an adapter is put on."""
        return f"whole-model-{self.whole_sha256[:12]}" if self.whole_sha256 else self.id

    @property
    def weights_revision(self) -> str | None:
        return None if self.whole_sha256 else self.revision


@dataclass(frozen=True)
class Data:
    name: str
    sha256: str
    train_rows: int
    validation_rows: int
    guidelines: tuple[str, ...] = ()


@dataclass(frozen=True)
class People:
    """How many of each role; `did` is a past participle: “wrote”, “approved”, “ranked”."""

    did: str
    by_role: dict[str, int]


@dataclass(frozen=True)
class Agreement:
    """Of the pairs of candidates that two people judged, the share on which they said the same."""

    same: int
    judged: int


@dataclass(frozen=True)
class Facts:
    title: str
    objective: str
    method: str
    method_name: str
    base: Base
    data: Data
    people: tuple[People, ...]
    params: list[tuple[str, str]]
    result: dict[str, Any]
    parent: str = ""  # name and hash of the adapter it continues
    agreement: Agreement | None = None
    tags: tuple[str, ...] = field(default=("lora",))
    full: bool = False  # every weight was trained: there is no adapter


def card(facts: Facts, *, merged: bool = False) -> str:
    """Markdown under the front matter that model hubs read."""
    sections = [
        ("What it is for", [facts.objective]),
        ("Where it comes from", list(_origin(facts, merged))),
        ("What it learned from", list(_data(facts))),
        ("What was measured", _results(facts)),
        ("Settings", [_table(("Setting", "Value"), facts.params)]),
        ("Where it ends", [f"- {limit}" for limit in _limits(facts)]),
        ("Licence", [_license(facts.base)]),
    ]
    body = "\n\n".join(f"## {heading}\n\n" + "\n".join(lines) for heading, lines in sections)
    return f"{_front_matter(facts, merged)}\n# {facts.title}\n\n{body}\n"


def shown(name: str, value: float) -> str:
    return f"{100 * value:.0f} %" if name in SHARES else f"{value:.3f}"


def measurements(result: dict[str, Any]) -> dict[str, str]:
    """Label to value, of what was measured."""
    return {label: shown(name, result[name]) for name, label in MEASURED.items() if result.get(name) is not None}


def _front_matter(facts: Facts, merged: bool) -> str:
    whole = merged or facts.full
    tags = [*(() if whole else facts.tags), facts.method, "trl"]
    values = {
        "base_model": facts.base.id if whole else facts.base.weights_id,
        "base_model_relation": "finetune" if whole else "adapter",
        "library_name": "transformers" if whole else "peft",
        "pipeline_tag": "text-classification" if facts.method in JUDGES else "text-generation",
        "tags": tags,
        **({"license": facts.base.license.lower()} if facts.base.license else {}),
    }
    # JSON is YAML, and quotes what has to be quoted
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    return "\n".join(["---", *lines, "---", ""])


def _origin(facts: Facts, merged: bool) -> Iterator[str]:
    base = facts.base
    revision = f", revision `{base.revision}`" if base.revision else ""
    yield f"- Base model: {base.id}{revision}"
    if base.source:
        yield f"- Where the base model was taken from: `{base.source}`"
    yield f"- SHA-256 of the base model's weights: `{base.weights_sha256}`"
    yield f"- Way of learning: {facts.method_name}"
    yield f"- Built on: {facts.parent or 'the base model itself'}"
    if base.whole_sha256:
        yield (
            f"- Stands on: `{base.weights_id}`, which an earlier round made of the base model by training all of it; "
            f"SHA-256 of its weights: `{base.whole_sha256}`"
        )
    if facts.full:
        yield "- Form: a whole model, every weight of which was trained (full fine-tuning)"
    elif merged:
        onto = f"those of `{base.weights_id}`" if base.whole_sha256 else "the base model's weights"
        yield f"- Form: the adapter is merged into {onto} (computed in float32)"


def _data(facts: Facts) -> Iterator[str]:
    data = facts.data
    rows = f"{counted(data.train_rows, 'row')} to learn from, {counted(data.validation_rows, 'row')} to check with"
    yield f"- Dataset version: {data.name}, {rows}"
    yield f"- SHA-256 of the dataset version: `{data.sha256}`"
    if data.guidelines:
        yield f"- Written by version {', '.join(data.guidelines)} of the guidelines"
    for people in facts.people:
        who = ", ".join(counted(number, role) for role, number in people.by_role.items())
        yield f"- {capital(people.did)} by: {who or 'nobody on record'}"
    if facts.agreement:
        yield f"- Agreement of the people who ranked: {_agreement(facts.agreement)}"


def _agreement(found: Agreement) -> str:
    if not found.judged:
        return "cannot be told, because no two people ranked the same candidates"
    share = f"{100 * found.same / found.judged:.0f} %"
    return f"{share} (two people said the same of {found.same:,} of {found.judged:,} pairs of candidates)"


def _results(facts: Facts) -> list[str]:
    rows = list(measurements(facts.result).items())
    if not rows:
        return ["Nothing."]
    rows_held_out = counted(facts.data.validation_rows, "row")
    said = f"Losses and pairs on {rows_held_out} it never trained on. A lower loss or perplexity is better."
    if not facts.data.validation_rows:
        said = "There were no held-out rows."
    return [said, "", _table(("Measure", "Value"), rows)]


def _limits(facts: Facts) -> Iterator[str]:
    if facts.method in JUDGES:
        yield (
            "It gives marks to answers and writes none. A high mark says that the people who ranked would likely have "
            "preferred the answer, not that the answer is true; a text made to please it can be worse."
        )
    else:
        yield (
            "It writes what is likely, not what is true: it can invent names, dates and figures. "
            "Somebody who knows the subject reads what it writes before it is used."
        )
    yield "It was taught one task. With other questions it may do worse than the base model."
    if facts.data.train_rows < FEW_ROWS:
        yield f"It learned from only {counted(facts.data.train_rows, 'row')}; rare cases are missing."
    if facts.data.validation_rows < FEW_MEASURED:
        measured = counted(facts.data.validation_rows, "row")
        yield f"The figures above rest on {measured}, so small differences mean little."
    yield "A lower loss does not show that people find the answers better; a blind evaluation does."
    yield "It may repeat personal details that stand in what it learned from."


def _license(base: Base) -> str:
    if not base.license:
        return "The licence of the base model is not on record here: find it before you pass this on."
    return f"The base model is under {base.license}. Passing this on means keeping to it."


def _table(head: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    def line(left: str, right: str) -> str:
        return f"| {_cell(left)} | {_cell(right)} |"

    return "\n".join([line(*head), "| --- | --- |", *(line(left, right) for left, right in rows)])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
