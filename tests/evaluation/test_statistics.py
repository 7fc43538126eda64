from __future__ import annotations

import random
from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu.metrics.bleu import BLEU

from annotation import intervals, metrics
from evaluation import statistics
from evaluation.statistics import Estimate

SCORES = st.lists(st.integers(0, 10).map(float), min_size=2, max_size=25)
# The grade point averages of the law school data in Efron and Tibshirani (1993), table 3.1.
GPA = [3.39, 3.30, 2.81, 3.03, 3.44, 3.07, 3.00, 3.43, 3.36, 3.13, 3.12, 2.74, 2.76, 2.88, 2.96]


def mean_of(values) -> Estimate:
    return statistics.of_sums([(value, 1.0) for value in values], statistics.ratio)


def test_it_gives_a_share_the_interval_of_a_share():
    found = statistics.proportion(81, 263)
    assert found.value == pytest.approx(81 / 263)
    assert (found.low, found.high) == intervals.wilson(81, 263)


def test_it_is_close_to_the_normal_interval_of_a_mean():
    found = mean_of(GPA)
    error = np.std(GPA) / np.sqrt(len(GPA))
    assert found.value == pytest.approx(np.mean(GPA))
    assert found.low == pytest.approx(found.value - 1.96 * error, abs=0.02)
    assert found.high == pytest.approx(found.value + 1.96 * error, abs=0.02)


def test_it_leans_towards_the_long_tail():
    found = mean_of([0, 0, 0, 0, 1, 1, 1, 2, 3, 20])
    assert found.high - found.value > 1.5 * (found.value - found.low)


def test_it_covers_the_truth_about_as_often_as_it_says():
    generator = np.random.default_rng(5)
    found = [mean_of(generator.normal(5, 2, size=20)) for _ in range(300)]
    assert 0.89 <= sum(one.low <= 5 <= one.high for one in found) / 300 <= 0.98


@given(SCORES)
def test_it_always_holds_the_mean_inside_the_interval(values):
    found = mean_of(values)
    assert found.value == pytest.approx(sum(values) / len(values))
    if found.low is not None:
        assert found.n >= statistics.FEWEST
        assert min(values) <= found.low <= found.value <= found.high <= max(values)
    else:
        assert found.reason


@given(SCORES, st.randoms(use_true_random=False))
def test_it_does_not_depend_on_the_order_of_prompts(values, shuffler: random.Random):
    mixed = list(values)
    shuffler.shuffle(mixed)
    first, second = mean_of(values), mean_of(mixed)
    assert first.as_json() == pytest.approx(second.as_json(), nan_ok=True)


@given(SCORES, st.floats(-50, 50))
def test_it_moves_with_the_values(values, shift):
    there, moved = mean_of(values), mean_of([value + shift for value in values])
    if there.low is not None and moved.low is not None:
        assert moved.low == pytest.approx(there.low + shift, abs=1e-6)
        assert moved.high == pytest.approx(there.high + shift, abs=1e-6)


def test_it_says_why_something_is_undefined():
    assert mean_of([]) == Estimate(None, None, None, 0, "There is nothing to measure yet.")
    assert mean_of([4.0]) == Estimate(4.0, None, None, 1, "Fewer than 6 prompts: no interval.")
    same = mean_of([4.0] * 6)
    assert (same.value, same.low, same.n) == (4.0, None, 6)
    assert "same on every prompt" in same.reason
    assert statistics.proportion(0, 0).reason
    empty = statistics.of_sums([(0, 0), (0, 0)], statistics.ratio)
    assert (empty.value, empty.n) == (None, 2)
    assert "anything to count" in empty.reason
    rare = statistics.of_sums([(1, 1)] + [(0, 0)] * 30, statistics.ratio)
    assert (rare.value, rare.low) == (1, None)


def test_it_keeps_what_belongs_to_a_prompt_together():
    """Two reviews of one output say less than two outputs: the interval does not shrink as if they were four."""
    once = mean_of([1.0, 9.0, 2.0, 8.0, 5.0, 4.0])
    twice = statistics.of_sums([(2.0, 2), (18.0, 2), (4.0, 2), (16.0, 2), (10.0, 2), (8.0, 2)], statistics.ratio)
    assert (twice.low, twice.high) == pytest.approx((once.low, once.high))


def _rows(values: dict[str, float]) -> dict[str, tuple[float, float]]:
    return {key: (value, 1.0) for key, value in values.items()}


def test_it_compares_two_contestants_on_the_prompts_they_share():
    first = _rows({f"p{i}": 5.0 + i % 3 for i in range(12)} | {"only first": 0.0})
    second = _rows({f"p{i}": 4.0 + i % 2 for i in range(12)} | {"only second": 10.0})
    found = statistics.paired_difference(first, second, statistics.ratio)
    assert found.n == 12
    assert found.value == pytest.approx(1.5)
    assert found.low > 0
    assert found.side == 1
    back = statistics.paired_difference(second, first, statistics.ratio)
    assert back.side == -1
    assert back.value == pytest.approx(-found.value)


def test_it_finds_a_difference_that_only_pairing_shows():
    hard = {f"p{i}": float(i % 10) for i in range(20)}
    found = statistics.paired_difference(
        _rows({key: value + 0.4 + (index % 2) * 0.2 for index, (key, value) in enumerate(hard.items())}),
        _rows(hard),
        statistics.ratio,
    )
    assert found.side == 1


@given(SCORES)
def test_it_finds_no_difference_between_a_contestant_and_itself(values):
    rows = _rows({str(index): value for index, value in enumerate(values)})
    found = statistics.paired_difference(rows, rows, statistics.ratio)
    assert found.value == pytest.approx(0)
    assert found.side == 0


def test_it_tells_nothing_from_fewer_than_six_prompts():
    few = statistics.paired_difference(
        _rows({"a": 9, "b": 8, "c": 7}), _rows({"a": 1, "b": 1, "c": 2}), statistics.ratio
    )
    assert few.value > 0
    assert (few.low, few.side) == (None, 0)
    assert "Fewer than 6" in few.reason


def test_it_counts_the_same_difference_on_every_prompt_as_clear():
    first, second = {str(i): 5.0 for i in range(8)}, {str(i): 3.0 for i in range(8)}
    found = statistics.paired_difference(_rows(first), _rows(second), statistics.ratio)
    assert (found.value, found.low, found.side) == (2.0, None, 1)
    assert found.reason


def test_it_has_no_difference_without_shared_prompts():
    found = statistics.paired_difference(_rows({"a": 1}), _rows({"b": 1}), statistics.ratio)
    assert (found.value, found.n, found.side) == (None, 0, 0)


def test_it_counts_ties_as_half_a_win():
    found = statistics.win_rate({"a": 5, "b": 3, "c": 2, "d": 9}, {"a": 4, "b": 3, "c": 7, "e": 1})
    assert (found.wins, found.ties, found.losses) == (1, 1, 1)
    assert found.estimate.value == pytest.approx(0.5)
    assert statistics.win_rate({}, {}).estimate.value is None


@given(SCORES, SCORES)
def test_it_gives_both_sides_of_a_comparison_one_whole(first, second):
    left = {str(i): value for i, value in enumerate(first)}
    right = {str(i): value for i, value in enumerate(second)}
    there, back = statistics.win_rate(left, right).estimate, statistics.win_rate(right, left).estimate
    assert there.value + back.value == pytest.approx(1)
    assert there.low == pytest.approx(1 - back.high)


def test_it_weighs_perplexity_by_tokens():
    sums = np.array([2.0 * 10 + 1.0 * 30, 40.0])
    assert statistics.perplexity(sums) == pytest.approx(exp(1.25))
    found = statistics.of_sums([(20.0, 10), (30.0, 30), (12.0, 8)] * 2, statistics.perplexity)
    assert found.value == pytest.approx(exp(62 / 48))
    assert found.low < found.value < found.high


TEXTS = st.lists(st.sampled_from(["the", "tenant", "paid", "rent", "late", "and", "left"]), min_size=1, max_size=15)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6))
def test_it_computes_corpus_bleu_from_counts_as_the_library_does(pairs):
    texts, references = [" ".join(a) for a, _ in pairs], [" ".join(b) for _, b in pairs]
    counts = np.array([metrics.bleu_counts(*pair) for pair in zip(texts, references, strict=True)], dtype=float)
    expected = BLEU().corpus_score(texts, [references]).score
    assert statistics.bleu(counts.sum(axis=0)) == pytest.approx(expected, abs=1e-6)
    assert statistics.bleu(np.stack([counts.sum(axis=0)] * 3)).shape == (3,)


def test_it_needs_six_prompts_because_of_the_sign_test():
    assert 2 / 2 ** (statistics.FEWEST - 1) > 0.05 > 2 / 2**statistics.FEWEST
