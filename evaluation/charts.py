"""Interval charts as numbers for the template: where each dot, whisker and label goes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.comparison import Comparison
from evaluation.measures import PEOPLE, Measure
from evaluation.statistics import Estimate

WIDTH, LEFT, RIGHT = 360, 124, 344
TOP, ROW, BOTTOM = 8, 26, 24


@dataclass(frozen=True)
class Mark:
    """One contestant's row. `x` is None where there is nothing to draw, and `text` says why."""

    series: int
    name: str
    y: float
    x: float | None
    low: float | None
    high: float | None
    text: str


@dataclass(frozen=True)
class Tick:
    x: float
    label: str


@dataclass(frozen=True)
class IntervalChart:
    key: str
    title: str
    description: str
    width: int
    height: int
    left: int
    right: int
    axis_y: float
    ticks: list[Tick]
    marks: list[Mark]


def interval_chart(measure: Measure, estimates: Sequence[tuple[str, Estimate]]) -> IntervalChart:
    """One measure, a row for each contestant, over the whole scale: no axis starts where it flatters."""
    low, high = measure.lowest, measure.highest or 1.0

    def place(value: float) -> float:
        return round(LEFT + (value - low) / (high - low) * (RIGHT - LEFT), 1)

    marks = [
        Mark(
            series=index % 5 + 1,
            name=name,
            y=TOP + ROW * index + ROW / 2,
            x=None if estimate.value is None else place(estimate.value),
            low=None if estimate.low is None else place(estimate.low),
            high=None if estimate.high is None else place(estimate.high),
            text=sentence(measure, estimate),
        )
        for index, (name, estimate) in enumerate(estimates)
    ]
    axis_y = TOP + ROW * len(marks)
    return IntervalChart(
        key=measure.key,
        title=measure.label,
        description="; ".join(f"{mark.name}: {mark.text}" for mark in marks),
        width=WIDTH,
        height=axis_y + BOTTOM,
        left=LEFT,
        right=RIGHT,
        axis_y=axis_y,
        ticks=[Tick(place(value), f"{value:g}") for value in _ticks(low, high)],
        marks=marks,
    )


def _ticks(low: float, high: float) -> list[float]:
    steps = 5 if high - low > 5 else int(high - low) or 2
    return [low + (high - low) * step / steps for step in range(steps + 1)]


def interval(measure: Measure, estimate: Estimate) -> str:
    """ "3.1 to 4.7"; a unit stands once, at the end."""
    if estimate.low is None or estimate.high is None:
        return ""
    low, high = measure.show(estimate.low), measure.show(estimate.high)
    return f"{low.removesuffix(' %') if high.endswith(' %') else low} to {high}"


def sentence(measure: Measure, estimate: Estimate) -> str:
    if estimate.value is None:
        return estimate.reason
    shown = interval(measure, estimate)
    return f"{measure.show(estimate.value)} ({shown}, n = {estimate.n})" if shown else measure.show(estimate.value)


def review_charts(comparison: Comparison) -> list[IntervalChart]:
    """The criteria of blind review, for the contestants that have answered."""
    return [
        interval_chart(
            measure, [(short(column.label), column.estimates[measure.key]) for column in comparison.answered]
        )
        for measure in comparison.measures
        if measure.group == PEOPLE
    ]


def short(label: str) -> str:
    """What fits beside a row: "SFT adapter of round 1" -> "Round 1 SFT"."""
    method, adapter, number = label.partition(" adapter of round ")
    return f"Round {number} {method}" if adapter else "Base model"
