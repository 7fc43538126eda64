from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.monitoring.charts import MOST_POINTS, Series, figure, line_chart, nice_ticks, thin


def test_it_draws_nothing_without_points() -> None:
    assert line_chart("Loss", [Series("Training", [])]) is None
    assert line_chart("Loss", [Series("Training", [(1, float("nan"))])]) is None


def test_it_draws_both_lines_and_tells_them_in_words_and_numbers() -> None:
    chart = line_chart("Loss", [Series("Training", [(1, 3.0), (2, 2.0)]), Series("Validation", [(0, 3.5), (2, 2.5)])])
    assert chart is not None
    assert chart.svg.count("<path") == 2
    assert "Training: from 3 at 1 to 2 at 2; Validation: from 3.5 at 0 to 2.5 at 2" in chart.svg
    assert chart.rows == [("0", ["", "3.500"]), ("1", ["3.000", ""]), ("2", ["2.000", "2.500"])]
    assert "style=" not in chart.svg


def test_it_escapes_what_it_is_given() -> None:
    chart = line_chart("<script>alert(1)</script>", [Series("<b>&", [(1, 1.0)])])
    assert chart is not None
    assert "<script>" not in chart.svg
    assert "<b>" not in chart.svg


points = st.lists(st.tuples(st.integers(0, 10_000), st.floats(-1e6, 1e6, allow_nan=False)), min_size=1, max_size=40)


@given(points)
def test_it_always_makes_well_formed_markup(points: list[tuple[int, float]]) -> None:
    chart = line_chart("Loss", [Series("Training", points)])
    assert chart is not None
    root = ElementTree.fromstring(chart.svg)
    for circle in root.iter("circle"):
        assert 0 <= float(circle.attrib["cx"]) <= 720
        assert 0 <= float(circle.attrib["cy"]) <= 260


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9))
def test_its_ticks_enclose_the_values_and_stay_few(low: float, spread: float) -> None:
    high = low + spread
    ticks = nice_ticks(low, high)
    assert ticks[0] <= low + abs(low) * 1e-9 + 1e-9
    assert ticks[-1] >= high - abs(high) * 1e-9 - 1e-9
    assert 2 <= len(ticks) <= 13


def test_it_thins_many_points_but_keeps_ends_and_spikes() -> None:
    line = [(float(step), 1.0) for step in range(5000)]
    line[2500] = (2500.0, 99.0)
    thinned = thin(line)
    assert len(thinned) <= MOST_POINTS
    assert (thinned[0], thinned[-1]) == (line[0], line[-1])
    assert (2500.0, 99.0) in thinned
    assert thinned == sorted(thinned)


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (1.23456, "1.23"), (12345.6, "12 346"), (0.00001234, "1.2e-05"), (-0.5, "-0.5")]
)
def test_it_writes_figures_for_people(value: float, shown: str) -> None:
    assert figure(value) == shown
