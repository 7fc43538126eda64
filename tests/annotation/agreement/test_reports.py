"""The report on one kind of label: overall, pair by pair of people, item by item."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.agreement import BAD, Judgement, Kind, Level, cohen_kappa, krippendorff_alpha, report
from annotation.agreement.figures import ALL_THE_SAME, NOBODY, NOT_TWICE
from annotation.agreement.reports import NO_PREFERENCE

FORWARD, BACKWARD, TIED = [["a"], ["b"], ["c"]], [["c"], ["b"], ["a"]], [["a", "b", "c"]]
LABELS = {
    Kind.PREFERENCE: [-2, -1, 0, 1, 2, BAD],
    Kind.WINNER: ["first", "second", "tie", BAD],
    Kind.ORDER: [FORWARD, BACKWARD, TIED, [["b", "a"], ["c"]], BAD],
    Kind.SCORE: [1, 2, 3, 4, 5],
    Kind.UTILITY: [0, 2.5, 7, 8, 10],
    Kind.DECISION: ["accept", "return"],
    Kind.CHOICES: [frozenset("a"), frozenset("ab"), frozenset(), frozenset("bc")],
}


def judgements(*rows):
    """One row an item: the labels of Ada, Ben and Cleo."""
    people = ("Ada", "Ben", "Cleo")
    return [
        Judgement(f"item {item}", who, label)
        for item, row in enumerate(rows, start=1)
        for who, label in zip(people, row, strict=False)
    ]


def test_it_reports_scores_overall_by_pair_and_by_item():
    rows = [(1, 1, 2), (5, 5, 4), (3, 3, 5), (2, 2, 2), (4, 4, 1)]

    found = report(Kind.SCORE, judgements(*rows))

    judged = {item: dict(enumerate(row)) for item, row in enumerate(rows)}
    assert found.overall == krippendorff_alpha(judged, Level.ORDINAL)
    assert found.measure == "Krippendorff's alpha, ordinal"
    assert [(pair.one, pair.other) for pair in found.pairs] == [("Ada", "Cleo"), ("Ben", "Cleo"), ("Ada", "Ben")]
    assert found.pairs[-1].agreement.value == 1.0
    expected = cohen_kappa([(row[0], row[2]) for row in rows], "quadratic", range(1, 6))
    assert found.pairs[0].agreement == expected
    assert [each.item for each in found.items] == ["item 5", "item 3", "item 1", "item 2", "item 4"]
    assert found.items[0].disagreement == pytest.approx((0 + 3 / 4 + 3 / 4) / 3)
    assert found.beside == ()


def test_both_bad_is_no_place_on_the_scale_but_an_answer_to_another_question():
    rows = [(2, 2), (-2, -2), (1, BAD), (BAD, BAD), (-1, BAD)]

    found = report(Kind.PREFERENCE, judgements(*rows))

    assert (found.overall.value, found.overall.units) == (1.0, 2)
    (usable,) = found.beside
    assert usable.question == "Is any of the answers usable?"
    judged = {item: {who: label != BAD for who, label in enumerate(row)} for item, row in enumerate(rows)}
    assert usable.agreement == krippendorff_alpha(judged, Level.NOMINAL)
    assert usable.agreement.value < 0.5
    assert [(each.item, each.disagreement, each.impact) for each in found.items] == [
        ("item 3", 1.0, 0.5),
        ("item 5", 1.0, 0.5),
        ("item 1", 0.0, 0.0),
        ("item 2", 0.0, 0.0),
        ("item 4", 0.0, 0.0),
    ]


def test_it_says_that_nobody_stated_a_preference_where_all_is_bad():
    found = report(Kind.PREFERENCE, judgements((BAD, BAD), (1, BAD)))

    assert found.overall.reason == NO_PREFERENCE
    assert found.beside[0].agreement.value is not None
    assert found.pairs == ()


def test_both_bad_is_one_of_the_answers_to_who_wins():
    found = report(Kind.WINNER, judgements(("first", "first"), ("second", BAD), (BAD, BAD)))

    assert found.overall.units == 3
    assert found.beside == ()


def test_it_reports_orders_by_tau_and_concordance():
    found = report(Kind.ORDER, judgements((FORWARD, FORWARD, BACKWARD), (BACKWARD, BACKWARD, BACKWARD)))

    assert found.measure == found.pair_measure == "mean of Kendall's tau-b"
    assert found.overall.value == pytest.approx((1 - 1 / 3) / 2)
    assert found.beside[0].measure == "mean of Kendall's W, corrected for ties"
    assert found.beside[0].agreement.value == pytest.approx((1 / 9 + 1) / 2)
    assert [pair.agreement.value for pair in found.pairs] == [0, 0, 1]
    assert found.items[0].item == "item 1"


def test_an_order_against_all_bad_is_a_full_disagreement():
    found = report(Kind.ORDER, judgements((FORWARD, BAD), (FORWARD, TIED), (BAD, BAD)))

    assert [(each.item, each.disagreement) for each in found.items] == [
        ("item 1", 1.0),
        ("item 2", 0.5),
        ("item 3", 0.0),
    ]
    assert [figure.question for figure in found.beside] == [
        "Is any of the answers usable?",
        "How much do all orders of an item have in common?",
    ]


def test_an_item_with_more_people_has_more_impact():
    found = report(Kind.DECISION, judgements(("accept", "return"), ("accept", "return", "return"), ("accept",) * 3))

    assert [(each.item, each.judgements, each.impact) for each in found.items] == [
        ("item 1", 2, pytest.approx(0.5)),
        ("item 2", 3, pytest.approx(0.5)),
        ("item 3", 3, 0.0),
    ]
    assert found.items[0].disagreement == 1.0
    assert found.items[1].disagreement == pytest.approx(2 / 3)


def test_cannot_judge_is_no_judgement():
    found = report(Kind.SCORE, judgements((1, 2), (3, None), (5, 5)))

    assert (found.overall.units, found.overall.judgements) == (2, 4)
    assert len(found.items) == 2


def test_the_first_of_a_persons_judgements_of_an_item_counts():
    rows = judgements((1, 2), (4, 4))

    assert report(Kind.SCORE, [*rows, Judgement("item 1", "Ada", 5)]) == report(Kind.SCORE, rows)


@pytest.mark.parametrize("kind", list(Kind))
def test_it_has_a_reason_where_there_is_nothing_to_compare(kind):
    label, other = LABELS[kind][:2]

    assert report(kind, []).overall.reason == NOBODY
    assert report(kind, judgements((label,), (other,))).overall.reason == NOT_TWICE
    assert report(kind, judgements((label,), (other,))).pairs == ()


def test_a_pair_that_shares_too_little_comes_last_with_its_reason():
    found = report(Kind.SCORE, judgements((1, 2), (3, 3), (5, 5, 5)))

    assert [pair.agreement.value is None for pair in found.pairs] == [False, True, True]
    assert found.pairs[-1].agreement.reason.startswith("Only one item")


def test_the_same_decision_everywhere_is_not_perfect_agreement():
    found = report(Kind.DECISION, judgements(*[("accept",) * 3] * 50))

    assert (found.overall.value, found.overall.reason) == (None, ALL_THE_SAME)
    assert {pair.agreement.reason for pair in found.pairs} == {ALL_THE_SAME}


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        (Kind.PREFERENCE, 3),
        (Kind.PREFERENCE, 0.5),
        (Kind.PREFERENCE, "A"),
        (Kind.SCORE, 0),
        (Kind.SCORE, BAD),
        (Kind.UTILITY, 10.5),
        (Kind.UTILITY, math.nan),
        (Kind.UTILITY, "7"),
        (Kind.ORDER, [["a"], ["a"]]),
    ],
)
def test_it_refuses_a_label_that_the_kind_does_not_have(kind, label):
    with pytest.raises(ValueError, match=r"is not a|twice"):
        report(kind, [Judgement(1, 1, label)])


def _numbers(found):
    figures = [found.overall, *(pair.agreement for pair in found.pairs), *(each.agreement for each in found.beside)]
    return [(figure.value, figure.low, figure.high, figure.reason) for figure in figures]


kinds = st.sampled_from(list(Kind))
quick = settings(max_examples=60, deadline=None)


@quick
@given(kinds, st.data())
def test_no_figure_is_nan_or_above_one_or_without_a_reason(kind, data):
    label = st.sampled_from([*LABELS[kind], None])
    rows = data.draw(st.lists(st.lists(label, max_size=3), max_size=6))

    found = report(kind, judgements(*rows))

    for value, low, high, reason in _numbers(found):
        if value is None:
            assert (low, high) == (None, None)
            assert reason.endswith(".")
        else:
            assert math.isfinite(low)
            assert low <= value <= high <= 1
            assert reason == ""
    assert all(0 <= each.disagreement <= 1 for each in found.items)
    assert sum(each.impact for each in found.items) == pytest.approx(1) or not any(each.impact for each in found.items)
    shuffled = judgements(*rows)
    random.Random(0).shuffle(shuffled)
    assert report(kind, shuffled).overall == found.overall


def test_two_thousand_items_by_three_people_take_under_two_seconds():
    for kind, labels in LABELS.items():
        source = random.Random(4)  # of each kind the same, whatever kinds come before
        given_labels = [
            Judgement(item, who, round(source.uniform(0, 10), 1) if kind == Kind.UTILITY else source.choice(labels))
            for item in range(2000)
            for who in range(3)
        ]
        start = process_time()
        found = report(kind, given_labels)
        assert process_time() - start < 2
        assert abs(found.overall.value) < 0.1
        assert found.overall.low < 0 < found.overall.high or kind == Kind.ORDER


def test_it_costs_the_web_no_import_of_numpy():
    script = "import sys, annotation.agreement; sys.exit('numpy' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
