"""Intervals of shares, of their differences and of medians, against published tables and by simulation."""

from __future__ import annotations

import random

import pytest

from annotation.intervals import (
    difference,
    luck,
    of_median,
    paired_difference,
    ratio_of_medians,
    wilson,
)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0),
    ],
)
def test_it_gives_the_published_intervals_of_a_share(hits: int, n: int, low: float, high: float) -> None:
    """Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3."""
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("first", "first_n", "second", "second_n", "low", "high"),
    [(48, 80, 56, 70, 0.0524, 0.3339), (3, 10, 9, 10, 0.1705, 0.8090), (0, 10, 10, 10, 0.6075, 1.0)],
)
def test_it_gives_the_published_intervals_of_a_difference(
    first: int, first_n: int, second: int, second_n: int, low: float, high: float
) -> None:
    """Newcombe 1998, "Interval estimation for the difference between independent proportions", table II, method 10."""
    assert difference(first, first_n, second, second_n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("hits", "n", "expected"), [(8, 10, 0.109375), (0, 10, 2 / 1024), (5, 10, 1.0), (3, 6, 1.0)])
def test_it_gives_the_exact_probability_of_uneven_coins(hits: int, n: int, expected: float) -> None:
    assert luck(hits, n) == pytest.approx(expected)


@pytest.mark.parametrize(("n", "rank"), [(6, 1), (10, 2), (20, 6), (25, 8)])
def test_it_takes_the_tabulated_order_statistics_around_a_median(n: int, rank: int) -> None:
    """The ranks of the sign test's table at 5 % (Conover 1999)."""
    assert of_median(list(range(1, n + 1))) == (rank, n + 1 - rank)


def test_it_gives_no_interval_of_a_median_from_five_values() -> None:
    assert of_median([1, 2, 3, 4, 5]) is None
    assert ratio_of_medians([1.0] * 9, [1.0] * 30) is None


def test_it_covers_a_paired_difference_in_nineteen_of_twenty_cases() -> None:
    draw, covered, runs = random.Random(1), 0, 600
    for _ in range(runs):
        outcomes = draw.choices(["first", "second", "same"], [0.3, 0.1, 0.6], k=40)
        low, high = paired_difference(outcomes.count("first"), outcomes.count("second"), 40)
        covered += low <= 0.2 <= high
    assert covered / runs > 0.93


def test_it_covers_a_ratio_of_medians_in_nineteen_of_twenty_cases() -> None:
    draw, covered, runs = random.Random(2), 0, 600
    for _ in range(runs):
        first = [draw.lognormvariate(0.0, 0.8) for _ in range(30)]
        second = [2 * draw.lognormvariate(0.0, 0.8) for _ in range(40)]
        interval = ratio_of_medians(first, second)
        assert interval
        covered += interval.low <= 2 <= interval.high
    assert covered / runs > 0.93
