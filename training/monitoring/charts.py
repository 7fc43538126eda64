"""Line charts as SVG, drawn on the server. Pure: numbers in, escaped markup out; colours come from CSS classes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

Point = tuple[float, float]

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 34
MOST_POINTS = 300
TABLE_ROWS = 60


@dataclass(frozen=True)
class Series:
    label: str
    points: Sequence[Point]


@dataclass(frozen=True)
class Chart:
    key: str
    title: str
    description: str
    svg: SafeString
    legend: list[tuple[int, str]]
    columns: list[str]
    rows: list[tuple[str, list[str]]]


def line_chart(title: str, series: Sequence[Series], *, x_label: str = "Step", key: str = "chart") -> Chart | None:
    """None when there is nothing to draw yet. `key` makes the ids in the page unique."""
    finite = [Series(item.label, [p for p in item.points if all(map(math.isfinite, p))]) for item in series]
    points = [point for item in finite for point in item.points]
    if not points:
        return None
    x_axis = Axis.around([x for x, _y in points], LEFT, WIDTH - RIGHT, whole=True)
    y_axis = Axis.around([y for _x, y in points], HEIGHT - BOTTOM, TOP)
    description = "; ".join(_in_words(item) for item in finite if item.points)
    svg = format_html(
        '<svg viewBox="0 0 {} {}" role="img" aria-labelledby="{}-t {}-d">'
        '<title id="{}-t">{}</title><desc id="{}-d">{}</desc>{}{}</svg>',
        *(WIDTH, HEIGHT, key, key, key, title, key, description),
        *(_frame(x_axis, y_axis, x_label), _lines(finite, x_axis, y_axis)),
    )
    legend = [(number, item.label) for number, item in enumerate(finite, start=1) if item.points]
    return Chart(key, title, description, svg, legend, [x_label, *(item.label for item in finite)], _table(finite))


@dataclass(frozen=True)
class Axis:
    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]

    @classmethod
    def around(cls, values: Sequence[float], start: float, end: float, *, whole: bool = False) -> Axis:
        ticks = nice_ticks(min(values), max(values), whole=whole)
        low, high = min(ticks[0], min(values)), max(ticks[-1], max(values))
        return cls(low, high, start, end, ticks)

    def at(self, value: float) -> float:
        return round(self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start), 1)


def nice_ticks(low: float, high: float, *, about: int = 5, whole: bool = False) -> tuple[float, ...]:
    """Round numbers around the values: steps of 1, 2 or 5 times a power of ten."""
    if high - low <= 1e-9 * max(1e-3, abs(low), abs(high)):  # one value, as far as a drawing can show
        spread = abs(low) * 0.1 or 1.0
        low, high = low - spread, high + spread
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    if whole:
        step = max(1.0, step)
    first, last = math.floor(low / step), math.ceil(high / step)
    return tuple(round(number * step, 12) for number in range(first, last + 1))


def thin(points: Sequence[Point], most: int = MOST_POINTS) -> list[Point]:
    """Of many points the lowest and highest of each stretch, so that no spike is lost. First and last stay."""
    if len(points) <= most:
        return list(points)
    inner = points[1:-1]
    stretches = (most - 2) // 2
    kept = [points[0]]
    for number in range(stretches):
        stretch = inner[number * len(inner) // stretches : (number + 1) * len(inner) // stretches]
        ends = {stretch.index(min(stretch, key=_y)), stretch.index(max(stretch, key=_y))}
        kept.extend(stretch[at] for at in sorted(ends))
    return [*kept, points[-1]]


def figure(value: float) -> str:
    """Three significant digits, as a person writes them."""
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}" if abs(value) >= 0.001 else f"{value:.1e}"


def _y(point: Point) -> float:
    return point[1]


def _frame(x_axis: Axis, y_axis: Axis, x_label: str) -> SafeString:
    grid = format_html_join(
        "",
        '<line x1="{}" x2="{}" y1="{}" y2="{}"/>',
        ((x_axis.start, x_axis.end, y_axis.at(tick), y_axis.at(tick)) for tick in y_axis.ticks),
    )
    y_words = format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="end">{}</text>',
        ((LEFT - 8, y_axis.at(tick) + 4, figure(tick)) for tick in y_axis.ticks),
    )
    x_words = format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="middle">{}</text>',
        ((x_axis.at(tick), HEIGHT - BOTTOM + 22, f"{tick:g}") for tick in x_axis.ticks[:-1]),
    )
    last = format_html(
        '<text x="{}" y="{}" text-anchor="end">{} {}</text>',
        *(WIDTH - RIGHT, HEIGHT - BOTTOM + 22, x_label.lower(), f"{x_axis.ticks[-1]:g}"),
    )
    return format_html('<g class="grid">{}</g><g class="axis">{}{}{}</g>', grid, y_words, x_words, last)


def _lines(series: Sequence[Series], x_axis: Axis, y_axis: Axis) -> SafeString:
    drawn = []
    for number, item in enumerate(series, start=1):
        places = [(x_axis.at(x), y_axis.at(y)) for x, y in thin(item.points)]
        if len(places) > 1:
            path = "M" + " L".join(f"{x} {y}" for x, y in places)
            drawn.append(format_html('<path class="line series-{}" d="{}"/>', number, path))
        if places and len(places) <= 16:
            dots = ((x, y, number) for x, y in places)
            drawn.append(format_html_join("", '<circle cx="{}" cy="{}" r="3.5" class="dot series-{}"/>', dots))
    return format_html_join("", "{}", ((shape,) for shape in drawn))


def _in_words(series: Series) -> str:
    first, last = series.points[0], series.points[-1]
    if first == last:
        return f"{series.label}: {figure(last[1])} at {last[0]:g}"
    return f"{series.label}: from {figure(first[1])} at {first[0]:g} to {figure(last[1])} at {last[0]:g}"


def _table(series: Sequence[Series]) -> list[tuple[str, list[str]]]:
    """The numbers behind the lines, one row per place, thinned where there are very many."""
    values = [dict(item.points) for item in series]
    measured = {x for lookup in values[1:] for x in lookup}
    places = sorted({x for lookup in values for x in lookup})
    if len(places) > TABLE_ROWS:
        every = math.ceil(len(places) / TABLE_ROWS)
        places = sorted(set(places[::every]) | {places[-1]} | measured)
    columns = [_column(lookup) for lookup in values]
    return [(f"{x:g}", [column.get(x, "") for column in columns]) for x in places]


def _column(values: Mapping[float, float]) -> dict[float, str]:
    """All with as many digits after the point, so that they stand under each other."""
    largest = max((abs(value) for value in values.values()), default=0.0)
    if not 0.001 <= largest < 1000:
        return {place: figure(value) for place, value in values.items()}
    digits = 4 - len(str(int(largest)))
    return {place: f"{value:.{digits}f}" for place, value in values.items()}
