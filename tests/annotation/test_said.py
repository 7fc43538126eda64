"""What somebody says of candidates, and the order in which they are shown."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.ranking import Said, display_order, in_words

IDS = ["k", "l", "m", "n", "o"]


@st.composite
def orders(draw: st.DrawFn, candidates: list[str] | None = None) -> list[list[str]]:
    """Any listwise ranking with ties: each candidate gets a place, equal places tie."""
    ids = candidates or IDS[: draw(st.integers(2, 5))]
    places = {each: draw(st.integers(1, len(ids))) for each in ids}
    return [[each for each in ids if places[each] == place] for place in sorted(set(places.values()))]


def place_of(order: list[list[str]]) -> dict[str, int]:
    return {each: place for place, group in enumerate(order) for each in group}


@given(st.integers(2, 5), st.integers(0, 2**62), st.integers(1, 10**6))
def test_it_shows_each_candidate_equally_often_at_each_place(number: int, seed: int, first: int) -> None:
    ids = IDS[:number]
    people = range(first, first + (2 * number if number > 2 else 2))
    shown = [display_order(ids, seed, person) for person in people]
    assert all(sorted(each) == ids for each in shown)
    for place in range(number):
        counts = Counter(each[place] for each in shown)
        assert set(counts.values()) == {len(shown) // number}


@given(st.permutations(IDS), st.integers(0, 2**62), st.integers(1, 10**6))
def test_it_shows_one_person_the_same_order_at_every_visit(ids: list[str], seed: int, person: int) -> None:
    assert display_order(ids, seed, person) == display_order(sorted(ids), seed, person)


@given(orders())
def test_it_renames_there_and_back(order: list[list[str]]) -> None:
    letters = dict(zip(place_of(order), "ABCDE", strict=False))
    said = Said(order, criteria={"accuracy": {"order": order, "strength": None}})
    back = said.renamed(letters).renamed({letter: each for each, letter in letters.items()})
    assert back == said


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Said([["B"], ["A"]], strength=2), "B is much better."),
        (Said([["B"], ["A"]], strength=1), "B is better."),
        (Said([["A", "B"]]), "Both are equally good."),
        (Said([["A", "B"]], all_bad=True), "Both are bad."),
        (Said([["A", "B", "C"]]), "All are equally good."),
        (Said([["A", "B", "C"]], all_bad=True), "All are bad."),
        (Said([["C"], ["B", "A"], ["D"]]), "Best first: C, then A and B, then D."),
        (Said([["C"], ["B", "A"], ["D"]], acceptable=2), "Best first: C, then A and B, then D. D is not good enough."),
        (Said([["C"], ["B"], ["A"]], acceptable=1), "Best first: C, then B, then A. A and B are not good enough."),
    ],
)
def test_it_says_a_judgement_in_words(said: Said, words: str) -> None:
    assert in_words(said) == words
