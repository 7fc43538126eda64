"""Majority and weighted consensus: which pairs they keep, what a pair says of itself, and how much it may weigh."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.consensus.judgements import Judgement
from annotation.consensus.majority import majority_pairs
from annotation.consensus.pairs import Pair, shared_out
from annotation.consensus.weighted import weighted_consensus

METHODS = pytest.mark.parametrize("pairs_of", [majority_pairs, lambda *a, **k: weighted_consensus(*a, **k).pairs])


def judged(rater: str, order: str, comparison: str = "c", **more) -> Judgement:
    """`a b=c` puts a above b and c, who tie."""
    return Judgement(comparison, rater, tuple(tuple(group.split("=")) for group in order.split()), **more)


def names(pairs: list[Pair]) -> set[str]:
    return {pair.chosen + pair.rejected for pair in pairs}


@st.composite
def juries(draw: st.DrawFn) -> list[Judgement]:
    found = []
    for comparison in "xyz"[: draw(st.integers(1, 3))]:
        ids = "abcde"[: draw(st.integers(2, 5))]
        for rater in "pqrst"[: draw(st.integers(1, 5))]:
            place = {each: draw(st.integers(1, len(ids))) for each in ids}
            groups = tuple(tuple(each for each in ids if place[each] == at) for at in sorted(set(place.values())))
            line = draw(st.one_of(st.none(), st.integers(0, len(groups))))
            found.append(Judgement(comparison, rater, groups, line))
    return found


@METHODS
def test_one_ranking_is_its_own_consensus(pairs_of) -> None:
    found = pairs_of([judged("p", "a b c d e")])
    assert names(found) == {one + other for one in "abcde" for other in "abcde" if one < other}
    assert all((pair.votes, pair.judged, pair.agreement) == (1, 1, 1.0) for pair in found)


@METHODS
def test_all_bad_is_a_vote_for_no_pair(pairs_of) -> None:
    assert pairs_of([judged("p", "a b", acceptable=0)], among_unacceptable=True) == []
    assert pairs_of([judged("p", "a b"), judged("q", "a b", acceptable=0)]) == []
    (pair,) = pairs_of([judged("p", "a b"), judged("q", "a b"), judged("r", "a b", acceptable=0)])
    assert (pair.votes, pair.judged, pair.agreement) == (2, 3, 0.667)


@METHODS
def test_below_the_line_order_counts_only_where_the_project_wants_it(pairs_of) -> None:
    judgements = [judged("p", "a b c", acceptable=1), judged("q", "a b c", acceptable=1)]
    assert names(pairs_of(judgements)) == {"ab", "ac"}
    assert names(pairs_of(judgements, among_unacceptable=True)) == {"ab", "ac", "bc"}


@METHODS
def test_ties_are_votes_for_neither(pairs_of) -> None:
    assert pairs_of([judged("p", "a b"), judged("q", "a=b")]) == []
    assert pairs_of([judged("p", "a b"), *(judged(f"q{at}", "a=b") for at in range(9))]) == []
    assert pairs_of([judged("p", "a=b=c")]) == []


@METHODS
def test_people_who_contradict_each_other_evenly_agree_on_nothing(pairs_of) -> None:
    assert pairs_of([judged("p", "a b"), judged("q", "b a")]) == []


@METHODS
def test_strength_is_the_mean_gap_of_those_who_agree(pairs_of) -> None:
    found = pairs_of([judged("p", "a c b"), judged("q", "a b=c"), judged("r", "a b c")])
    strengths = {pair.chosen + pair.rejected: pair.strength for pair in found}
    assert (strengths["ab"], strengths["ac"]) == (1.333, 1.333)


@METHODS
def test_a_stated_strength_replaces_the_gap(pairs_of) -> None:
    found = pairs_of([judged("p", "a b", strength=2), judged("q", "a b", strength=1), judged("r", "b a", strength=2)])
    (pair,) = found
    assert (pair.chosen, pair.votes, pair.judged, pair.strength) == ("a", 2, 3, 1.5)


@METHODS
def test_a_person_counts_once_per_comparison(pairs_of) -> None:
    assert pairs_of([judged("p", "b a"), judged("p", "a b")]) == pairs_of([judged("p", "a b")])


@METHODS
def test_more_people_of_one_mind_are_surer(pairs_of) -> None:
    chances = [pairs_of([judged(f"p{at}", "a b") for at in range(people)])[0].probability for people in (1, 2, 3, 6)]
    assert chances == sorted(chances)
    assert 0.6 < chances[0] < 0.8
    assert 0.8 < chances[-1] < 1


@METHODS
def test_no_judgements_give_no_pairs(pairs_of) -> None:
    assert pairs_of([]) == []


@METHODS
def test_a_prompt_with_five_candidates_weighs_no_more_than_one_with_two(pairs_of) -> None:
    """Ten pairs, three pairs and one; and a prompt with two comparisons, one of them with ten pairs."""
    judgements = [
        judgement
        for comparison, order in [
            ("five", "a b c d e"),
            ("three", "a b c"),
            ("two", "a b"),
            ("again-1", "a b c d e"),
            ("again-2", "a b"),
        ]
        for judgement in (judged("p", order, comparison), judged("q", order, comparison))
    ]
    prompt_of = {"five": "1", "three": "2", "two": "3", "again-1": "4", "again-2": "4"}
    found = pairs_of(judgements, prompt_of=prompt_of)
    assert len(found) == 10 + 3 + 1 + 10 + 1
    totals: dict[str, float] = defaultdict(float)
    for pair in found:
        totals[prompt_of[pair.comparison]] += pair.weight
    assert totals == pytest.approx({"1": 1, "2": 1, "3": 1, "4": 1})
    halves = [sum(pair.weight for pair in found if pair.comparison == name) for name in ("again-1", "again-2")]
    assert halves == pytest.approx([0.5, 0.5])


@settings(deadline=None, max_examples=60)
@given(juries(), st.dictionaries(st.sampled_from("xyz"), st.sampled_from("xkl")), st.booleans())
def test_every_prompt_that_has_pairs_weighs_one(
    jury: list[Judgement], prompt_of: dict[str, str], among_unacceptable: bool
) -> None:
    """Also where a comparison without a prompt has the id of another's prompt."""
    for found in (
        majority_pairs(jury, prompt_of=prompt_of, among_unacceptable=among_unacceptable),
        weighted_consensus(jury, prompt_of=prompt_of, among_unacceptable=among_unacceptable).pairs,
    ):
        totals: dict[tuple[bool, str], float] = defaultdict(float)
        for pair in found:
            totals[pair.comparison in prompt_of, prompt_of.get(pair.comparison, pair.comparison)] += pair.weight
        assert all(total == pytest.approx(1) for total in totals.values())


def test_pairs_dropped_afterwards_can_be_shared_out_again() -> None:
    found = majority_pairs([judged("p", "a b c")])
    kept = shared_out(pair for pair in found if pair.chosen == "a")
    assert [pair.weight for pair in kept] == [0.5, 0.5]


@settings(deadline=None, max_examples=60)
@given(juries(), st.randoms())
def test_weighted_pairs_never_contradict_each_other_and_do_not_depend_on_who_came_first(
    jury: list[Judgement], lot
) -> None:
    found = weighted_consensus(jury)
    assert found.converged
    for pair in found.pairs:
        assert 0.6 <= pair.probability <= 1
        assert 1 <= pair.votes <= pair.judged
        assert found.strengths[pair.comparison].gap(pair.chosen, pair.rejected) > 0  # one order, hence no circle
    shuffled = list(jury)
    lot.shuffle(shuffled)
    assert weighted_consensus(shuffled).pairs == found.pairs


@pytest.mark.parametrize(
    "wrong",
    [
        {"groups": (("a",), ("a",))},
        {"groups": (("a",), ())},
        {"groups": (("a",), ("b",)), "acceptable": 3},
        {"groups": (("a",), ("b",)), "strength": 3},
        {"groups": (("a",), ("b",), ("c",)), "strength": 1},
    ],
)
def test_a_judgement_that_makes_no_sense_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        Judgement("c", "p", **wrong)
