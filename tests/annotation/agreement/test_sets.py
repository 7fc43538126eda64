"""Agreement on sets of choices and on marked places: published tables, by hand, and by what must always hold."""

from __future__ import annotations

from itertools import combinations, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.agreement import Judgement, Kind, Level, krippendorff_alpha, of_each, overlap, report, sets_alpha
from annotation.agreement.figures import ALL_THE_SAME, NOT_TWICE, ONE_ITEM
from annotation.agreement.reports import NOBODY_CHOSE
from annotation.agreement.sets import NOBODY_MARKED, ONE_MARKED
from tests.annotation.agreement.test_alpha import FIVE_CATEGORIES, FOUR_OBSERVERS, TWO_OBSERVERS, judged

# Two people, four answers. By hand: 8 judgements; "a" and "b" chosen 4 times each; they differ on "b" twice.
# Observed 2 + 2 ordered pairs, expected 2 * 4 * 4 for each choice: 1 - 7 * 4 / 64.
BY_HAND = [("ab", "a"), ("", ""), ("b", "b"), ("a", "ab")]


def sets(rows):
    return {item: {who: frozenset(label) for who, label in enumerate(row)} for item, row in enumerate(rows)}


def judgements(rows):
    return [Judgement(item, who, label) for item, row in sets(rows).items() for who, label in row.items()]


@pytest.mark.parametrize(("observers", "published"), [(FOUR_OBSERVERS, 0.743), (FIVE_CATEGORIES, 0.692)])
def test_it_gives_krippendorffs_nominal_values_where_everybody_chooses_exactly_one(observers, published):
    one_each = {
        unit: {who: frozenset([label]) for who, label in row.items()} for unit, row in judged(observers).items()
    }
    found = sets_alpha(one_each)
    assert round(found.value, 3) == published
    nominal = krippendorff_alpha(judged(observers), Level.NOMINAL)
    assert (found.units, found.raters, found.judgements) == (nominal.units, nominal.raters, nominal.judgements)
    assert found.low < found.value < found.high


def test_it_gives_krippendorffs_value_for_one_choice_made_or_not():
    made = [tuple("x" if label else "" for label in pair) for pair in zip(*TWO_OBSERVERS, strict=True)]
    assert round(sets_alpha(sets(made)).value, 3) == 0.095
    (figure,) = of_each(judgements(made), {"x": "The choice"})
    assert round(figure.agreement.value, 3) == 0.095


def test_it_gives_the_value_worked_out_by_hand():
    found = sets_alpha(sets(BY_HAND))
    assert found.value == pytest.approx(1 - 7 * 4 / 64)
    assert (found.units, found.raters, found.judgements) == (4, 2, 8)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([("a",)], NOT_TWICE),
        ([("a", "b")], ONE_ITEM),
        ([("", "")] * 3, ALL_THE_SAME),
        ([("ab", "ab")] * 3, ALL_THE_SAME),
    ],
)
def test_it_says_why_there_is_no_figure(rows, reason):
    found = sets_alpha(sets(rows))
    assert (found.value, found.low, found.high, found.reason) == (None, None, None, reason)


def test_people_who_choose_whatever_the_item_get_nothing_for_choices_that_hardly_anybody_makes():
    """Pooled over all choices, knowing only how common each is would pass for agreement."""
    rows = [("a", "a")] * 9 + [("ab", "a"), ("a", "ab")]
    assert sets_alpha(sets(rows)).value < 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["", "a", "b", "ab", "abc"]), min_size=2, max_size=4), min_size=2, max_size=6))
def test_it_is_what_the_definition_says(rows):
    found = sets_alpha(sets(rows))
    every = [frozenset(label) for row in rows for label in row]
    expected = sum(len(one ^ other) for one, other in permutations(every, 2)) / (len(every) - 1)
    if not expected:
        assert found.value is None
        return
    pairs = (
        len(frozenset(one) ^ frozenset(other)) / (len(row) - 1) for row in rows for one, other in permutations(row, 2)
    )
    assert found.value == pytest.approx(1 - sum(pairs) / expected)
    assert found.low <= found.value <= found.high


def test_the_report_has_each_choice_people_pair_by_pair_and_the_worst_items():
    found = report(Kind.CHOICES, judgements(BY_HAND))
    assert found.overall == sets_alpha(sets(BY_HAND))
    assert [pair.agreement.value for pair in found.pairs] == [pytest.approx(0.5625)]
    assert [(each.item, each.disagreement, each.impact) for each in found.items[:2]] == [(0, 0.5, 0.5), (3, 0.5, 0.5)]
    figures = of_each(judgements(BY_HAND), {"a": "A", "b": "B", "c": "C"})
    # they never differ on "a"; on "b": 1 - 7 * 4 / 32
    assert [(each.question, each.agreement.value) for each in figures[:2]] == [("A", 1.0), ("B", pytest.approx(0.125))]
    assert (figures[2].agreement.value, figures[2].agreement.reason) == (None, NOBODY_CHOSE)
    with pytest.raises(ValueError, match="not a set"):
        report(Kind.CHOICES, [Judgement(1, 1, "a")])


# --- Marked places --------------------------------------------------------------------------------------------


def test_overlap_is_twice_what_both_marked_over_what_each_did():
    marked = {
        "half": {1: [(0, 10)], 2: [(5, 15)]},
        "same": {1: [(0, 4)], 2: [(0, 2), (1, 4)]},  # one's own marks over each other count once
        "none": {1: [], 2: []},
        "alone": {1: [(0, 100)]},
    }
    found = overlap(marked)
    assert found.value == pytest.approx((2 * 5 + 2 * 4) / (20 + 8))
    assert (found.units, found.raters, found.judgements) == (2, 2, 4)
    assert found.low <= found.value <= found.high


def test_overlap_is_a_mean_over_pairs_of_three_people():
    spans = [(0, 4), (0, 4), (4, 8)]
    marked = {item: {who: [span] for who, span in enumerate(spans)} for item in range(2)}
    pairs = [4 if one == other else 0 for one, other in combinations(spans, 2)]
    assert overlap(marked).value == pytest.approx(2 * sum(pairs) / (3 * 8))


def test_overlap_says_why_it_is_undefined_and_is_not_surer_than_it_can_be():
    assert overlap({1: {1: [], 2: []}}).reason == NOBODY_MARKED
    assert overlap({1: {1: [(0, 3)], 2: []}, 2: {1: [], 2: []}}).reason == ONE_MARKED
    nothing = overlap({item: {1: [(0, 3)], 2: [(3, 6)]} for item in range(2)})
    assert (nothing.value, nothing.low, round(nothing.high, 2)) == (0.0, 0.0, 0.84)
    alike = overlap({item: {1: [(0, 3)], 2: [(0, 3)]} for item in range(2)})
    assert (round(alike.low, 2), alike.value, alike.high) == (0.16, 1.0, 1.0)
