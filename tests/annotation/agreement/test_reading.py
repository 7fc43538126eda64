"""What a figure means in plain words, and how sure it is."""

from __future__ import annotations

import random

import pytest

from annotation.agreement import SOURCE, Agreement, Level, krippendorff_alpha, reading


def figure(value, low=None, high=None, reason=""):
    return Agreement(value, low, high, 50, 3, 150, reason)


@pytest.mark.parametrize(
    ("value", "grade", "words"),
    [
        (1.0, "good", "well enough to train on"),
        (0.8, "good", "well enough to train on"),
        (0.7999, "tentative", "for a first try"),
        (0.667, "tentative", "for a first try"),
        (0.6669, "low", "too little to train on"),
        (0.01, "low", "too little to train on"),
        (0.0, "chance", "no more than by chance"),
        (-0.4, "chance", "no more than by chance"),
    ],
)
def test_it_reads_a_figure_by_krippendorffs_limits(value, grade, words):
    found = reading(figure(value, value, value))

    assert found.grade == grade
    assert words in found.sentence
    assert found.sentence.endswith(".")
    assert "not sure" not in found.sentence


def test_it_says_that_a_figure_is_not_sure_where_its_interval_crosses_a_limit():
    found = reading(figure(0.85, 0.6, 0.95))

    assert found.grade == "good"
    assert "not sure yet: anything from 0.600 to 0.950 is possible" in found.sentence


def test_it_gives_the_reason_where_there_is_no_figure():
    found = reading(figure(None, reason="No item has been judged by two people yet."))

    assert (found.grade, found.sentence) == ("unknown", "No item has been judged by two people yet.")


def test_perfect_agreement_on_two_items_is_not_sure():
    found = krippendorff_alpha({1: {1: "a", 2: "a"}, 2: {1: "b", 2: "b"}}, Level.NOMINAL)

    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.158, abs=5e-4)
    assert "not sure yet: only 2 items stand behind it" in reading(found).sentence


def test_it_names_where_the_limits_come_from():
    assert "Krippendorff" in SOURCE
    assert ".800" in SOURCE
    assert ".667" in SOURCE


def test_the_interval_holds_the_true_value_about_as_often_as_it_says():
    """Two people who give the right one of two equally likely answers in 80 of 100 cases agree by .36."""
    source, held = random.Random(7), 0
    for _ in range(120):
        judged = {}
        for item in range(80):
            truth = source.random() < 0.5
            judged[item] = {who: truth == (source.random() < 0.8) for who in range(2)}
        found = krippendorff_alpha(judged, Level.NOMINAL)
        held += found.low <= 0.36 <= found.high

    assert 0.88 <= held / 120 <= 1


def test_the_interval_is_the_same_at_every_look_and_narrower_with_more_items():
    few = {item: {1: item % 3, 2: (item % 3 + (item % 5 == 0)) % 3} for item in range(30)}
    many = {item: {1: item % 3, 2: (item % 3 + (item % 5 == 0)) % 3} for item in range(300)}

    first, second, wide = (krippendorff_alpha(each, Level.NOMINAL) for each in (few, dict(few), many))

    assert first == second
    assert wide.high - wide.low < (first.high - first.low) / 2
