"""Shares and their differences with intervals, one row each, as SVG. Pure: numbers in, escaped markup out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from training.monitoring.charts import Chart

WIDTH, LEFT, RIGHT = 720, 290, 700
TOP, ROW, BOTTOM = 8, 26, 26
MOST_IN_LABEL = 40
Figure = Mapping[str, Any]


def share_chart(title: str, rows: Sequence[tuple[str, Figure]], *, key: str, of: str, signed: bool = False) -> Chart:
    """Each as {"value", "low", "high"} or with the "reason" why it is undefined. `signed`: differences, in points."""
    low, high = _bounds([figure for _label, figure in rows], signed)

    def place(value: float) -> float:
        return round(LEFT + (value - low) / (high - low) * (RIGHT - LEFT), 1)

    bottom = TOP + ROW * len(rows)
    ticks = [low + (high - low) * step / 4 for step in range(5)]
    frame = format_html(
        '<g class="grid">{}</g><g class="axis"><line x1="{}" x2="{}" y1="{}" y2="{}"/>{}</g>',
        format_html_join(
            "", '<line x1="{}" x2="{}" y1="4" y2="{}"/>', ((place(each), place(each), bottom) for each in ticks)
        ),
        *(LEFT, RIGHT, bottom, bottom),
        format_html_join(
            "",
            '<text x="{}" y="{}" text-anchor="middle">{}</text>',
            ((place(each), bottom + 18, percent(each, signed)) for each in ticks),
        ),
    )
    marks = format_html_join(
        "", "{}", ((_mark(label, figure, TOP + ROW * at + ROW / 2, place),) for at, (label, figure) in enumerate(rows))
    )
    description = "; ".join(f"{label}: {sentence(figure, signed)}" for label, figure in rows)
    svg = format_html(
        '<svg viewBox="0 0 {} {}" role="img" aria-labelledby="{}-t {}-d">'
        '<title id="{}-t">{}</title><desc id="{}-d">{}</desc>{}{}</svg>',
        *(WIDTH, bottom + BOTTOM, key, key, key, title, key, description, frame, marks),
    )
    table = [(label, [_n(figure), sentence(figure, signed)]) for label, figure in rows]
    return Chart(key, title, description, svg, [], [of, "n", "With 95 % interval"], table)


def _bounds(figures: Sequence[Figure], signed: bool) -> tuple[float, float]:
    """A tenth at least, so that no chart makes a mountain of little; a difference has its nought in the middle."""
    furthest = max(
        [abs(figure[end]) for figure in figures if figure.get("value") is not None for end in ("low", "high")] or [0.1]
    )
    high = next(step for step in (0.1, 0.2, 0.4, 0.6, 0.8, 1.0) if step >= min(furthest, 1.0) - 1e-9)
    return (-high, high) if signed else (0.0, high)


def _mark(label: str, figure: Figure, y: float, place: Any) -> SafeString:
    name = format_html(
        '<text x="0" y="{}" dominant-baseline="central">{}</text>',
        *(y, label if len(label) <= MOST_IN_LABEL else f"{label[: MOST_IN_LABEL - 1]}…"),
    )
    if figure.get("value") is None:
        return format_html('{}<text x="{}" y="{}" dominant-baseline="central">undefined</text>', name, LEFT + 8, y)
    return format_html(
        '<g class="series-1">{}<line class="whisker" x1="{}" x2="{}" y1="{}" y2="{}"/>'
        '<circle class="dot" cx="{}" cy="{}" r="5"/></g>',
        *(name, place(figure["low"]), place(figure["high"]), y, y, place(figure["value"]), y),
    )


def percent(value: float, signed: bool = False) -> str:
    shown = f"{100 * value:+.1f}" if signed else f"{100 * value:.1f}"
    return f"{shown.removesuffix('.0').replace('-', '−')} {'pts' if signed else '%'}"


def sentence(figure: Figure, signed: bool = False) -> str:
    if figure.get("value") is None:
        return f"Undefined. {figure['reason']}"
    low, high = (percent(figure[end], signed) for end in ("low", "high"))
    return f"{percent(figure['value'], signed)} ({low.rpartition(' ')[0]} to {high})"


def _n(figure: Figure) -> str:
    return str(figure.get("n", ""))
