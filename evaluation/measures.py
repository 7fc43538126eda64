"""What a contestant is measured by: names, directions, and how each is computed from stored outputs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from annotation.rubric import DEFAULT_CRITERIA
from evaluation import statistics
from evaluation.statistics import Estimate, Statistic

Row = tuple[float, ...]


@dataclass(frozen=True)
class Facts:
    """One output as numbers: its stored metrics and the scores people gave it."""

    id: str
    prompt_id: str
    metrics: Mapping[str, Any]
    reference_nll: float | None = None
    reference_tokens: int = 0
    reviews: Sequence[Mapping[str, int]] = field(default_factory=tuple)
    prompt: str = ""  # what people call it
    task_type: str = ""


@dataclass(frozen=True)
class Measure:
    """`better`: 1 when more is better, -1 when less is, 0 when neither. `row`: one output's part of the sums."""

    key: str
    label: str
    group: str
    help: str
    better: int
    row: Callable[[Facts], Row | None]
    statistic: Statistic = statistics.ratio
    style: str = "number"  # number, score, share, count
    highest: float | None = None  # of the scale, for the chart
    lowest: float = 0.0
    yes_or_no: bool = False
    same_tokens: bool = False  # comparable only between contestants on the same base model
    in_verdict: bool = True

    def rows(self, outputs: Sequence[Facts]) -> dict[str, Row]:
        """By prompt; outputs that have nothing to say on this measure are left out."""
        found = {output.prompt_id: self.row(output) for output in outputs}
        return {prompt: row for prompt, row in found.items() if row is not None}

    def estimate(self, rows: Mapping[str, Row]) -> Estimate:
        if self.yes_or_no:
            return statistics.proportion(sum(row[0] for row in rows.values()), len(rows))
        return statistics.of_sums(list(rows.values()), self.statistic)

    def value(self, output: Facts) -> float | None:
        """The measure of one output, by which outputs are put in order."""
        row = self.row(output)
        if row is None:
            return None
        value = float(self.statistic(np.asarray(row, dtype=float)))
        return value if np.isfinite(value) else None

    def show(self, value: float | None) -> str:
        """As people read it; a minus sign is a real minus."""
        if value is None:
            return "–"
        if self.style == "share":
            return f"{100 * value:.0f} %".replace("-", "−")
        digits = {"score": 1, "count": 0}.get(self.style, 2)
        return f"{value:.{digits}f}".replace("-", "−")


def _reviewed(criterion: str) -> Callable[[Facts], Row | None]:
    def row(output: Facts) -> Row | None:
        scores = [review[criterion] for review in output.reviews]
        return (sum(scores) / len(scores), 1.0) if scores else None

    return row


def _metric(name: str) -> Callable[[Facts], Row | None]:
    def row(output: Facts) -> Row | None:
        value = output.metrics.get(name)
        return None if value is None else (float(value), 1.0)

    return row


def _likelihood(output: Facts) -> Row | None:
    if output.reference_nll is None or not output.reference_tokens:
        return None
    return output.reference_nll * output.reference_tokens, float(output.reference_tokens)


def _bleu(output: Facts) -> Row | None:
    counts = output.metrics.get("bleu_counts")
    return tuple(map(float, counts)) if counts else None


def _unsupported(output: Facts) -> Row | None:
    if output.metrics.get("figures") is None:
        return None
    return float(len(output.metrics["unsupported"])), float(output.metrics["figures"])


PEOPLE = "Judged blind by people"
FORM = "Required format"
REFERENCE = "Closeness to the experts' references"
TEXT = "The texts themselves"

REVIEWED = tuple(
    Measure(
        key=f"review-{criterion.key}",
        label=criterion.label,
        group=PEOPLE,
        help=f"{criterion.question} {criterion.lowest} to {criterion.highest}, mean over prompts.",
        better=1,
        row=_reviewed(criterion.key),
        style="score",
        lowest=criterion.lowest,
        highest=criterion.highest,
    )
    for criterion in DEFAULT_CRITERIA
)
UTILITY = REVIEWED[-1]


# The measures that need nobody, in the order of the table.
AUTOMATIC = (
    Measure(
        "adherence",
        "Sections present",
        FORM,
        "Share of the required sections that are there, with content and in order.",
        1,
        _metric("adherence"),
        style="share",
        highest=1,
    ),
    Measure(
        "complete",
        "Whole format kept",
        FORM,
        "Share of the outputs that have exactly the required sections, in order, each with content.",
        1,
        _metric("complete"),
        style="share",
        highest=1,
        yes_or_no=True,
        in_verdict=False,
    ),
    Measure(
        "dated",
        "Section with a date",
        FORM,
        "Share of the outputs in which this section carries a calendar date.",
        1,
        _metric("dated"),
        style="share",
        highest=1,
        yes_or_no=True,
    ),
    Measure(
        "rouge_l",
        "ROUGE-L",
        REFERENCE,
        "How much of output and reference is one common sequence of words, from 0 to 1.",
        1,
        _metric("rouge_l"),
        highest=1,
    ),
    Measure(
        "bleu",
        "BLEU",
        REFERENCE,
        "Shared word sequences of one to four words, over all outputs together, from 0 to 100 (sacreBLEU).",
        1,
        _bleu,
        statistic=statistics.bleu,
        style="score",
        highest=100,
    ),
    Measure(
        "validation_loss",
        "Validation loss",
        REFERENCE,
        "How unlikely the contestant finds the references, per token; lower is better.",
        -1,
        _likelihood,
        same_tokens=True,
    ),
    Measure(
        "perplexity",
        "Perplexity",
        REFERENCE,
        "The same as a number of equally likely choices per token; lower is better.",
        -1,
        _likelihood,
        statistic=statistics.perplexity,
        same_tokens=True,
        in_verdict=False,
    ),
    Measure(
        "unsupported",
        "Unsupported figures",
        TEXT,
        "Share of the amounts and years in the outputs that the source does not have in digits; "
        "lower is better. Numbers that the source spells out count as unsupported.",
        -1,
        _unsupported,
        style="share",
        highest=1,
    ),
    Measure(
        "words",
        "Words",
        TEXT,
        "Mean length of an output; neither more nor less is better.",
        0,
        _metric("words"),
        style="count",
        in_verdict=False,
    ),
)


def all_measures(dated_section: str = "") -> tuple[Measure, ...]:
    """In the order of the table; the dated section goes by its own name."""
    dated = f"{dated_section} with a date" if dated_section else "Section with a date"
    return tuple(replace(each, label=dated) if each.key == "dated" else each for each in (*REVIEWED, *AUTOMATIC))


def difference(measure: Measure, first: Mapping[str, Row], second: Mapping[str, Row]) -> Estimate:
    return statistics.paired_difference(first, second, measure.statistic)


def on_shared(measure: Measure, rows: Mapping[str, Row], others: Mapping[str, Row]) -> float | None:
    """The value over the prompts that both have, so that "7.1 against 3.2" compares like with like."""
    shared = [row for prompt, row in rows.items() if prompt in others]
    if not shared:
        return None
    value = float(measure.statistic(np.asarray(shared, dtype=float).sum(axis=0)))
    return value if np.isfinite(value) else None


def worst_first(measure: Measure, outputs: Sequence[Facts]) -> list[tuple[Facts, float | None]]:
    """Outputs by value, the worst first; longest first where neither is better; what cannot be told last."""
    direction = measure.better or -1
    valued = [(output, measure.value(output)) for output in outputs]
    return sorted(valued, key=lambda pair: (pair[1] is None, direction * (pair[1] or 0.0)))
