"""The pairs that two thirds of a comparison's judges agree on, everybody counted alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from annotation import ranking
from annotation.consensus.judgements import Groups, Judgement, by_comparison, candidates_of
from annotation.consensus.pairs import Pair, Tally, shared_out, tallies


@dataclass(frozen=True, slots=True)
class _Ballot:
    """A judgement as the rule of two thirds reads it: candidates of which nothing is said share the last place."""

    order: Groups
    all_bad: bool
    strength: int | None = None
    acceptable: int | None = None  # the order says it already


def majority_pairs(
    judgements: Iterable[Judgement],
    *,
    prompt_of: Mapping[str, str] | None = None,
    among_unacceptable: bool = False,
) -> list[Pair]:
    """`ranking.consensus_pairs` for every comparison: two thirds of all its judges, and no circles.

    The probability is Laplace's rule of succession, (votes + 1) / (judged + 2), where somebody who votes for neither
    side counts half for each: 2 of 2 people make nobody certain.
    """
    found = []
    for comparison, group in by_comparison(judgements).items():
        ballots = [_ballot(each, among_unacceptable) for each in group]
        counted = tallies(group, among_unacceptable)
        for pair in ranking.consensus_pairs(ballots, candidates_of(group)):
            tally = _seen_from(counted, pair.chosen, pair.rejected)
            found.append(
                Pair(
                    comparison=comparison,
                    chosen=pair.chosen,
                    rejected=pair.rejected,
                    probability=(tally.wins + len(tally.neither) / 2 + 1) / (len(group) + 2),
                    votes=pair.votes,
                    judged=pair.judged,
                    strength=tally.strength,
                )
            )
    return shared_out(found, prompt_of)


def _ballot(judgement: Judgement, among_unacceptable: bool) -> _Ballot:
    groups, below = judgement.ordered(among_unacceptable)
    return _Ballot((*groups, below) if below else groups, judgement.all_bad)


def _seen_from(counted: Mapping[tuple[str, str], Tally], chosen: str, rejected: str) -> Tally:
    if chosen < rejected:
        return counted[chosen, rejected]
    return counted[rejected, chosen].turned()
