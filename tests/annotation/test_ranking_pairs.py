"""Pairs and consensus on any rankings, and the order in which candidates are shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.ranking import Said, consensus_pairs, display_order, in_words, pairs

IDS = ["k", "l", "m", "n", "o"]


@dataclass(frozen=True)
class Judged:
    order: list[list[str]]
    all_bad: bool = False
    strength: int | None = None
    acceptable: int | None = None


@st.composite
def orders(draw: st.DrawFn, candidates: list[str] | None = None) -> list[list[str]]:
    """Any listwise ranking with ties: each candidate gets a place, equal places tie."""
    ids = candidates or IDS[: draw(st.integers(2, 5))]
    places = {each: draw(st.integers(1, len(ids))) for each in ids}
    return [[each for each in ids if places[each] == place] for place in sorted(set(places.values()))]


@st.composite
def juries(draw: st.DrawFn) -> tuple[list[str], list[Judged]]:
    ids = IDS[: draw(st.integers(2, 5))]
    judged = st.builds(Judged, orders(ids), st.sampled_from([False, False, False, True]))
    return ids, draw(st.lists(judged, max_size=7))


def place_of(order: list[list[str]]) -> dict[str, int]:
    return {each: place for place, group in enumerate(order) for each in group}


@given(orders())
def test_it_makes_a_pair_of_every_two_at_different_places_and_of_no_tie(order: list[list[str]]) -> None:
    place = place_of(order)
    expected = {(one, other) for one, other in permutations(place, 2) if place[one] < place[other]}
    assert set(pairs(order)) == expected
    assert len(pairs(order)) == len(expected)


@given(orders())
def test_it_never_makes_a_pair_in_both_directions(order: list[list[str]]) -> None:
    made = set(pairs(order))
    assert not made & {(rejected, chosen) for chosen, rejected in made}


@given(orders())
def test_it_learns_nothing_from_candidates_that_are_all_bad(order: list[list[str]]) -> None:
    assert pairs(order, all_bad=True) == []
    assert consensus_pairs([Judged(order, all_bad=True)] * 3, place_of(order)) == []


@given(orders())
def test_it_takes_one_ranking_as_its_own_consensus(order: list[list[str]]) -> None:
    agreed = consensus_pairs([Judged(order)], place_of(order))
    assert {(pair.chosen, pair.rejected) for pair in agreed} == set(pairs(order))
    assert all((pair.votes, pair.judged) == (1, 1) for pair in agreed)


@given(juries())
def test_it_keeps_only_pairs_that_two_thirds_of_all_judges_prefer(jury: tuple[list[str], list[Judged]]) -> None:
    ids, judgements = jury
    votes = Counter(pair for each in judgements for pair in pairs(each.order, each.all_bad))
    for pair in consensus_pairs(judgements, ids):
        won, lost = votes[pair.chosen, pair.rejected], votes[pair.rejected, pair.chosen]
        assert pair.votes == won
        assert pair.judged == len(judgements)
        assert won > lost
        assert 3 * won >= 2 * len(judgements)


@given(juries())
def test_it_never_agrees_on_both_directions_nor_on_a_circle(jury: tuple[list[str], list[Judged]]) -> None:
    ids, judgements = jury
    agreed = {(pair.chosen, pair.rejected) for pair in consensus_pairs(judgements, ids)}
    left = set(ids)
    while left:  # peel off whatever nothing left beats; a circle would leave no such candidate
        unbeaten = {each for each in left if not any((other, each) in agreed for other in left)}
        assert unbeaten
        left -= unbeaten


@given(juries(), st.randoms())
def test_it_does_not_matter_who_judged_first(jury: tuple[list[str], list[Judged]], lot) -> None:
    ids, judgements = jury
    shuffled = list(judgements)
    lot.shuffle(shuffled)
    assert consensus_pairs(judgements, ids) == consensus_pairs(shuffled, reversed(ids))


def test_it_drops_a_majority_below_two_thirds() -> None:
    one, other = Judged([["k"], ["l"]]), Judged([["l"], ["k"]])
    assert consensus_pairs([one, other], ["k", "l"]) == []
    assert consensus_pairs([one, one, one, other, other], ["k", "l"]) == []
    (kept,) = consensus_pairs([one, one, other], ["k", "l"])
    assert (kept.chosen, kept.rejected, kept.votes, kept.judged) == ("k", "l", 2, 3)


def test_it_counts_a_tie_and_an_all_bad_as_votes_for_neither() -> None:
    prefers, ties, refuses = Judged([["k"], ["l"]]), Judged([["k", "l"]]), Judged([["k"], ["l"]], all_bad=True)
    assert consensus_pairs([prefers, ties], ["k", "l"]) == []
    assert consensus_pairs([prefers, refuses], ["k", "l"]) == []
    assert len(consensus_pairs([prefers, prefers, refuses], ["k", "l"])) == 1


def test_it_says_who_agrees_and_how_far_apart_they_rank() -> None:
    far, near, ties = Judged([["k"], ["m"], ["l"]]), Judged([["k"], ["l", "m"]]), Judged([["k", "l", "m"]])
    found = {(pair.chosen, pair.rejected): pair for pair in consensus_pairs([far, near, ties], ["k", "l", "m"])}
    assert set(found) == {("k", "l"), ("k", "m")}
    pair = found["k", "l"]
    assert (pair.votes, pair.agreement, pair.strength) == (2, 0.667, 1.5)


def test_it_drops_the_circle_of_three_judges_who_disagree_all_round() -> None:
    circle = [Judged([["k"], ["l"], ["m"]]), Judged([["l"], ["m"], ["k"]]), Judged([["m"], ["k"], ["l"]])]
    assert consensus_pairs(circle, ["k", "l", "m"]) == []


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


# --- How much better, and what is good enough ---------------------------------------------------------------


@given(orders(), st.integers(0, 5))
def test_it_makes_no_pair_of_two_that_are_both_not_good_enough(order: list[list[str]], acceptable: int) -> None:
    acceptable = min(acceptable, len(order))
    good = {each for group in order[:acceptable] for each in group}
    expected = [pair for pair in pairs(order) if pair[0] in good]
    assert sorted(pairs(order, acceptable=acceptable)) == sorted(expected)
    bad = set(place_of(order)) - good
    assert {(one, other) for one in good for other in bad} <= set(pairs(order, acceptable=acceptable))


def test_it_takes_what_was_said_of_two_as_their_gap() -> None:
    jury = [Judged([["k"], ["l"]], strength=2), Judged([["k"], ["l"]], strength=1), Judged([["k"], ["l"]])]
    (pair,) = consensus_pairs(jury, ["k", "l"])
    assert (pair.chosen, pair.votes, pair.strength) == ("k", 3, 1.333)


def test_it_counts_two_below_the_line_as_a_vote_for_neither() -> None:
    order = [["k"], ["l"], ["m"]]
    assert [pair.rejected for pair in consensus_pairs([Judged(order, acceptable=1)], IDS[:3])] == ["l", "m"]
    split = [Judged(order, acceptable=1), Judged(order), Judged(order)]
    found = {(pair.chosen, pair.rejected): (pair.votes, pair.judged) for pair in consensus_pairs(split, IDS[:3])}
    assert found == {("k", "l"): (3, 3), ("k", "m"): (3, 3), ("l", "m"): (2, 3)}


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
