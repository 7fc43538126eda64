"""The mix of task types and the stages of a round, for pages and commands. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from training.arrangement.by_task import NO_TYPE
from training.arrangement.curriculum import LENGTH, MARK, PERPLEXITY

MARKS = {1: "easy", 2: "usual", 3: "hard"}
MEASURES = {
    MARK: "the mark that experts gave",
    LENGTH: "the length of the answer in tokens",
    PERPLEXITY: "how much the answer surprises the model before training (perplexity)",
}


@dataclass(frozen=True)
class Part:
    name: str
    rows: int
    share: str
    drawn_share: str
    drawn_per_pass: str
    held_out: int


@dataclass(frozen=True)
class Stage:
    number: int
    rows: int  # that it brings in
    drawn: int  # all that are read in it
    replayed: str
    difficulty: str


@dataclass(frozen=True)
class Order:
    measure: str
    stages: list[Stage]


def mixture(report: Mapping[str, Any]) -> list[Part]:
    """One line for each task type; nothing where there is only one."""
    parts = report.get("mixture") or []
    if len(parts) < 2:
        return []
    return [
        Part(
            name=part["task_type"] or NO_TYPE,
            rows=part["rows"],
            share=_percent(part["share"]),
            drawn_share=_percent(part["drawn_share"]),
            drawn_per_pass=f"{part['drawn_per_pass']:.1f}".removesuffix(".0"),
            held_out=part["held_out"],
        )
        for part in parts
    ]


def order(by: str | None, stages: Sequence[Mapping[str, Any]] | None) -> Order | None:
    """None when the rows are shuffled, or when the stages are not known yet."""
    if not by or not stages:
        return None
    return Order(
        MEASURES[by],
        [
            Stage(
                number=number,
                rows=stage["rows"],
                drawn=stage["drawn"],
                replayed=_percent(stage["replayed"] / stage["drawn"]),
                difficulty=_range(by, stage["easiest"], stage["hardest"]),
            )
            for number, stage in enumerate(stages, start=1)
        ],
    )


def of_events(events: Sequence[Mapping[str, Any]]) -> Order | None:
    """As the round has found it."""
    told = [event for event in events if event.get("event") == "stages"]
    return order(told[-1]["by"], told[-1]["stages"]) if told else None


def lines(report: Mapping[str, Any]) -> list[str]:
    """For a command."""
    parts = [
        f"{part.name}: {part.rows} rows, {part.share} of the data; {part.drawn_share} of the round, "
        f"{part.drawn_per_pass} rows in each pass."
        for part in mixture(report)
    ]
    found = order(report.get("ordered_by"), report.get("stages"))
    stages = [
        f"Stage {stage.number}: {stage.rows} rows ({stage.difficulty}); {stage.drawn} read in it, {stage.replayed} of "
        "these from earlier stages."
        for stage in (found.stages if found else [])
    ]
    return [*parts, *([f"From easy to hard by {found.measure}."] if found else []), *stages]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _range(by: str, easiest: float, hardest: float) -> str:
    low, high = (_value(by, value) for value in (easiest, hardest))
    return low if low == high else f"{low} to {high}"


def _value(by: str, value: float) -> str:
    if by == MARK:
        return MARKS.get(round(value), f"{value:g}")
    return f"{value:.0f}" if by == LENGTH else f"{value:.3g}"
