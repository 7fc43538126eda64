"""Rewards that follow from rules: what the project's own measures say of an answer, from 0 to 1. No torch."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from annotation import metrics
from training.params import RLOOParams

Row = dict[str, Any]  # with `source`, what was asked, and `reference`, the expert's answer


@dataclass(frozen=True)
class Rule:
    """`measure` is None where the rule has nothing to say: that answer is not judged by it."""

    key: str
    says: str
    weight: str
    measure: Callable[[str, Row], float | None]


def of_project(asked: dict[str, Any]) -> list[Rule]:
    """`asked`: the headings and the dated section that the project asks for."""
    headings, dated = asked.get("headings") or [], asked.get("dated") or ""
    return [
        Rule("format", "the headings are kept", "format_weight", lambda text, row: _format(text, headings)),
        Rule("date", "the dated section has a date", "date_weight", lambda text, row: _date(text, dated, headings)),
        Rule("facts", "the reference's dates and figures are there", "facts_weight", _facts),
        Rule("supported", "no figure that the prompt does not have", "supported_weight", _supported),
    ]


def _format(text: str, headings: Sequence[str]) -> float | None:
    found = metrics.adherence(text, headings)
    return (found.share + found.complete) / 2 if found else None


def _date(text: str, dated: str, headings: Sequence[str]) -> float | None:
    found = metrics.dated_section(text, dated, headings)
    return None if found is None else float(found)


def _facts(text: str, row: Row) -> float | None:
    return metrics.required_facts(text, row["reference"])


def _supported(text: str, row: Row) -> float | None:
    """An answer that says nothing supports nothing; one without figures has none that is wrong."""
    written = metrics.figures(text)
    if not text.strip():
        return 0.0
    return 1 - len(metrics.unsupported_figures(text, row["source"])) / len(written) if written else 1.0


def as_row(row: dict[str, Any]) -> Row:
    """Of a demonstration."""
    source = "\n".join(message["content"] for message in row["prompt"] if message["role"] != "assistant")
    return {"prompt": row["prompt"], "source": source, "reference": row["completion"][0]["content"]}


def chosen(rules: Iterable[Rule], params: RLOOParams, rows: Sequence[Row]) -> list[Rule]:
    """Those that count and have something to say about these rows."""
    counting = [rule for rule in rules if getattr(params, rule.weight) > 0]
    return [rule for rule in counting if any(rule.measure(row["reference"], row) is not None for row in rows)]


def mean(rule: Rule, texts: Sequence[str], rows: Sequence[Row]) -> float | None:
    measured = [rule.measure(text, row) for text, row in zip(texts, rows, strict=True)]
    known = [value for value in measured if value is not None]
    return statistics.fmean(known) if known else None


def review(
    train: Sequence[dict[str, Any]], params: RLOOParams, spec: dict[str, Any], longest_context: int | None
) -> tuple[list[str], list[str]]:
    """What is to say about the rewards before a round, and what speaks against it."""
    rows = [as_row(row) for row in train]
    every = of_project(spec.get("asks") or {})
    counting = chosen(every, params, rows)
    judged = bool(spec.get("reward_model")) and params.reward_weight > 0
    notes, reasons = [], []
    silent = [rule.says for rule in every if getattr(params, rule.weight) > 0 and rule not in counting]
    if silent:
        notes.append(f"Not rewarded, because neither the project nor its references ask for it: {', '.join(silent)}.")
    if counting:
        scores = {rule.says: mean(rule, [row["reference"] for row in rows], rows) for rule in counting}
        said = "; ".join(f"{says} {value:.2f}" for says, value in scores.items() if value is not None)
        notes.append(
            f"What the experts' own answers would get, of 1: {said}. A rule that they fail teaches something else."
        )
    if not counting and not judged:
        reasons.append(
            "None of the rewards has anything to say about these rows: choose a reward model, or let a rule count "
            "that the project asks for."
        )
    if longest_context and params.max_new_tokens >= longest_context:
        reasons.append(f"This base model reads {longest_context} tokens: lower the longest answer in tokens.")
    return notes, reasons
