"""Cohen's kappa against published tables and printouts, against the definition, and by what must always hold."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.agreement import cohen_kappa
from annotation.agreement.figures import ALL_THE_SAME, NOT_TWICE, ONE_ITEM
from tests.annotation.agreement import by_definition

# Cohen (1968), table 1: 200 cases, three diagnoses, two judges
DIAGNOSES = [[88, 14, 18], [10, 40, 10], [2, 6, 12]]
# Fleiss (1981), p. 213: 100 cases, three diagnoses
PSYCHIATRY = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]
# two dermatologists, 88 patients, four grades (example of the SAS FREQ procedure)
SKIN = [[10, 4, 1, 0], [5, 10, 12, 2], [2, 4, 12, 5], [0, 2, 6, 13]]
# two radiologists, 85 mammograms, four grades (example of Penn State's STAT 509)
MAMMOGRAMS = [[21, 12, 0, 0], [4, 17, 1, 0], [3, 9, 15, 2], [0, 0, 0, 1]]
# husbands and wives, four grades (Hout, Duncan and Sobel 1987)
COUPLES = [[7, 7, 2, 3], [2, 8, 3, 7], [1, 5, 4, 9], [2, 8, 9, 14]]
# a table in which the one never gave the first grade (printed by SAS)
NEVER_FIRST = [[0, 4, 1], [0, 8, 0], [0, 1, 5]]
# twenty patients' anxiety, second and third rater (data of the R package irr, printed by its kappa2)
SECOND = [3, 6, 4, 6, 2, 4, 2, 4, 3, 3, 2, 3, 3, 3, 2, 2, 1, 3, 3, 4]
THIRD = [2, 1, 4, 4, 3, 2, 1, 6, 1, 1, 1, 2, 3, 3, 1, 1, 3, 3, 2, 2]


def cells(table):
    return [(i, j) for i, row in enumerate(table) for j, times in enumerate(row) for _ in range(times)]


@pytest.mark.parametrize(
    ("table", "weights", "published", "digits"),
    [
        (DIAGNOSES, "none", 0.492, 3),
        (PSYCHIATRY, "none", 0.676, 3),
        (PSYCHIATRY, "linear", 0.722, 3),
        (SKIN, "none", 0.3449, 4),
        (MAMMOGRAMS, "none", 0.4728, 4),
        (MAMMOGRAMS, "linear", 0.5684, 4),
        (COUPLES, "none", 0.1293, 4),
        (COUPLES, "linear", 0.2374, 4),
        (NEVER_FIRST, "none", 0.4842, 4),
        (NEVER_FIRST, "linear", 0.4701, 4),
    ],
)
def test_it_gives_the_published_kappas(table, weights, published, digits):
    found = cohen_kappa(cells(table), weights)

    assert round(found.value, digits) == published
    assert found.low < found.value < found.high
    assert (found.units, found.raters, found.judgements) == (sum(map(sum, table)), 2, 2 * sum(map(sum, table)))


@pytest.mark.parametrize(
    ("weights", "printed"), [("none", -0.006289308), ("linear", 0.1459075), ("quadratic", 0.2520325)]
)
def test_it_takes_steps_as_equal_where_no_scale_is_given(weights, printed):
    """Nobody gave a 5 here, so 4 and 6 are neighbours."""
    pairs = list(zip(SECOND, THIRD, strict=True))

    assert cohen_kappa(pairs, weights).value == pytest.approx(printed, abs=5e-7)


def test_it_counts_a_step_that_nobody_used_when_the_scale_names_it():
    pairs = list(zip(SECOND, THIRD, strict=True))

    found = cohen_kappa(pairs, "quadratic", scale=range(1, 7)).value

    assert found == pytest.approx(by_definition.kappa(pairs, lambda one, other: (one - other) ** 2))
    assert found != pytest.approx(0.2520325, abs=1e-3)


def test_its_interval_is_near_the_asymptotic_one():
    """SAS prints .2137 and .7547 for 19 items, from the standard error of Fleiss, Cohen and Everitt (1969)."""
    found = cohen_kappa(cells(NEVER_FIRST))

    assert found.low == pytest.approx(0.2137, abs=0.08)
    assert found.high == pytest.approx(0.7547, abs=0.08)


def test_it_is_zero_when_two_people_never_give_the_same_answer_and_never_vary():
    assert cohen_kappa([("a", "b")] * 5).value == 0


@pytest.mark.parametrize(("pairs", "reason"), [([], NOT_TWICE), ([(1, 2)], ONE_ITEM), ([(2, 2), (2, 2)], ALL_THE_SAME)])
@pytest.mark.parametrize("weights", ["none", "linear", "quadratic"])
def test_it_says_why_there_is_no_figure(pairs, reason, weights):
    found = cohen_kappa(pairs, weights)

    assert (found.value, found.low, found.high, found.reason) == (None, None, None, reason)


def test_it_refuses_answers_that_are_not_on_the_scale():
    with pytest.raises(ValueError, match=r"not on the scale: .*9"):
        cohen_kappa([(1, 2), (9, 1)], "linear", scale=range(1, 6))


answers = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=2, max_size=12)
weighings = st.sampled_from(["none", "linear", "quadratic"])
COSTS = {
    "none": lambda one, other: one != other,
    "linear": lambda one, other: abs(one - other),
    "quadratic": lambda one, other: (one - other) ** 2,
}
quick = settings(max_examples=60, deadline=None)


@quick
@given(answers, weighings)
def test_it_equals_the_definition_and_stays_in_bounds(pairs, weights):
    found = cohen_kappa(pairs, weights, scale=range(1, 6))

    expected = by_definition.kappa(pairs, COSTS[weights])
    if expected is None:
        assert found.reason == ALL_THE_SAME
        return
    assert found.value == pytest.approx(expected)
    assert found.low <= found.value <= found.high <= 1


@quick
@given(answers, weighings, st.randoms(use_true_random=False))
def test_it_knows_no_order_of_items_and_neither_first_nor_second_person(pairs, weights, random):
    turned = [(other, one) for one, other in random.sample(pairs, len(pairs))]

    found, expected = cohen_kappa(turned, weights), cohen_kappa(pairs, weights)
    assert found.value == pytest.approx(expected.value)
    assert cohen_kappa(random.sample(pairs, len(pairs)), weights) == expected


@quick
@given(answers, weighings)
def test_it_stays_when_every_item_is_doubled(pairs, weights):
    once, twice = cohen_kappa(pairs, weights), cohen_kappa(pairs * 2, weights)

    assert twice.value == pytest.approx(once.value)
    assert twice.units == 2 * once.units


@quick
@given(st.lists(st.integers(1, 5), min_size=2, max_size=12), weighings)
def test_it_is_exactly_one_when_two_people_agree_on_answers_that_vary(given_answers, weights):
    found = cohen_kappa([(answer, answer) for answer in given_answers], weights)

    assert found.value == (1.0 if len(set(given_answers)) > 1 else None)
