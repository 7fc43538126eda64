"""The rule of two thirds on any rankings, with ties, lines and people who call everything bad."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from annotation.consensus.judgements import Judgement
from annotation.consensus.majority import majority_pairs
from tests.annotation.consensus.by_definition import implied, two_thirds

IDS = "klmno"


@st.composite
def groups(draw: st.DrawFn, ids: str | None = None) -> tuple[tuple[str, ...], ...]:
    """Any listwise ranking with ties: each candidate gets a place, equal places tie."""
    names = ids or IDS[: draw(st.integers(2, 5))]
    places = {each: draw(st.integers(1, len(names))) for each in names}
    return tuple(tuple(each for each in names if places[each] == place) for place in sorted(set(places.values())))


@st.composite
def juries(draw: st.DrawFn) -> list[Judgement]:
    ids = IDS[: draw(st.integers(2, 5))]
    found = []
    for at in range(draw(st.integers(0, 7))):
        order = draw(groups(ids))
        line = draw(st.one_of(st.none(), st.none(), st.integers(0, len(order))))
        strength = draw(st.sampled_from([None, 1, 2])) if len(ids) == 2 else None
        found.append(Judgement("c", f"p{at}", order, line, strength))
    return found


def judged(order: str, rater: str = "p", **more) -> Judgement:
    """`k l=m` puts k above l and m, who tie."""
    return Judgement("c", rater, tuple(tuple(group.split("=")) for group in order.split()), **more)


def jury(*orders: str) -> list[Judgement]:
    return [judged(order, f"p{at}") for at, order in enumerate(orders)]


def agreed(judgements: list[Judgement], among_unacceptable: bool = False) -> dict[tuple[str, str], tuple]:
    found = majority_pairs(judgements, among_unacceptable=among_unacceptable)
    assert len({(pair.chosen, pair.rejected) for pair in found}) == len(found)
    return {(pair.chosen, pair.rejected): (pair.votes, pair.judged, pair.strength) for pair in found}


@given(juries(), st.booleans())
def test_it_is_what_the_definition_says(judgements: list[Judgement], among_unacceptable: bool) -> None:
    assert agreed(judgements, among_unacceptable) == two_thirds(judgements, among_unacceptable)


@given(groups())
def test_it_makes_a_pair_of_every_two_at_different_places_and_of_no_tie(order: tuple[tuple[str, ...], ...]) -> None:
    place = {each: at for at, group in enumerate(order) for each in group}
    found = agreed([Judgement("c", "p", order)])
    assert set(found) == {(one, other) for one in place for other in place if place[one] < place[other]}
    assert all((votes, people) == (1, 1) for votes, people, _strength in found.values())


@given(groups())
def test_it_learns_nothing_from_candidates_that_are_all_bad(order: tuple[tuple[str, ...], ...]) -> None:
    everybody = [Judgement("c", f"p{at}", order, acceptable=0) for at in range(3)]
    assert agreed(everybody) == agreed(everybody, among_unacceptable=True) == {}


@given(groups(), st.integers(0, 5))
def test_it_makes_no_pair_of_two_that_are_both_not_good_enough(order: tuple[tuple[str, ...], ...], line: int) -> None:
    said = Judgement("c", "p", order, min(line, len(order)))
    good = {each for group in order[:line] for each in group}
    assert set(agreed([said])) == {pair for pair in implied(Judgement("c", "p", order)) if pair[0] in good}


@given(juries())
def test_it_never_agrees_on_both_directions_nor_on_a_circle(judgements: list[Judgement]) -> None:
    found = set(agreed(judgements))
    left = set(IDS)
    while left:  # peel off whatever nothing left beats; a circle would leave no such candidate
        unbeaten = {each for each in left if not any((other, each) in found for other in left)}
        assert unbeaten
        left -= unbeaten


@given(juries(), st.randoms())
def test_it_does_not_matter_who_judged_first(judgements: list[Judgement], lot) -> None:
    shuffled = list(judgements)
    lot.shuffle(shuffled)
    assert majority_pairs(shuffled) == majority_pairs(judgements)


def test_it_drops_a_majority_below_two_thirds() -> None:
    assert agreed(jury("k l", "l k")) == {}
    assert agreed(jury("k l", "k l", "k l", "l k", "l k")) == {}
    assert agreed(jury("k l", "k l", "l k")) == {("k", "l"): (2, 3, 1.0)}


def test_it_counts_a_tie_and_an_all_bad_as_votes_for_neither() -> None:
    refuses = judged("k l", "q", acceptable=0)
    assert agreed(jury("k l", "k=l")) == {}
    assert agreed([judged("k l"), refuses]) == {}
    assert set(agreed([*jury("k l", "k l"), refuses])) == {("k", "l")}


def test_it_says_who_agrees_and_how_far_apart_they_rank() -> None:
    assert agreed(jury("k m l", "k l=m", "k=l=m")) == {("k", "l"): (2, 3, 1.5), ("k", "m"): (2, 3, 1.0)}


def test_it_drops_the_circle_of_three_judges_who_disagree_all_round() -> None:
    assert agreed(jury("k l m", "l m k", "m k l")) == {}


def test_it_takes_what_was_said_of_two_as_their_gap() -> None:
    said = [judged("k l", "p", strength=2), judged("k l", "q", strength=1), judged("k l", "r")]
    assert agreed(said) == {("k", "l"): (3, 3, 1.333)}


def test_it_counts_two_below_the_line_as_a_vote_for_neither() -> None:
    said = [judged("k l m", "p", acceptable=1), judged("k l m", "q"), judged("k l m", "r")]
    assert set(agreed(said[:1])) == {("k", "l"), ("k", "m")}
    assert {pair: found[:2] for pair, found in agreed(said).items()} == {
        ("k", "l"): (3, 3),
        ("k", "m"): (3, 3),
        ("l", "m"): (2, 3),
    }
