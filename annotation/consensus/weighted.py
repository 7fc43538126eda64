"""The pairs of many comparisons, every judge counted by the reliability that all comparisons together show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from annotation.consensus.judgements import Judgement, by_comparison
from annotation.consensus.pairs import Pair, Tally, shared_out, tallies
from annotation.consensus.reliability import Reliability, reliabilities
from annotation.consensus.strengths import SPREAD, Ranked, Strengths, fit

LEAST = 0.6
"""A pair is kept from this probability on. One usual person's order of two candidates has about 0.7."""
NEITHER = 0.4  # the third that the majority's rule leaves, and some room because reliabilities are estimates
EXACT = 1e-4  # of a strength: far below what anybody can read off a probability


@dataclass(frozen=True, slots=True)
class WeightedConsensus:
    """`strengths`: of every comparison in which somebody ordered something, also where no pair is sure enough."""

    pairs: list[Pair]
    reliabilities: dict[str, Reliability]
    strengths: dict[str, Strengths]
    converged: bool


def weighted_consensus(
    judgements: Iterable[Judgement],
    *,
    prompt_of: Mapping[str, str] | None = None,
    among_unacceptable: bool = False,
    least: float = LEAST,
) -> WeightedConsensus:
    """First how reliable each person is, then the strengths of each comparison's candidates, then the pairs.

    A pair is kept when it is at least `least` probable, somebody prefers it, and those who prefer neither side (a tie,
    all bad, both below the line) hold no more than `NEITHER` of the judges' reliability. In the model a tie says that
    the gap is small and nothing of its direction, so without this rule one order among nine ties would pass. Pairs
    follow the order of the strengths, so they never go round in a circle.
    """
    grouped = by_comparison(judgements)
    everything = [each for group in grouped.values() for each in group]
    people = reliabilities(everything, among_unacceptable=among_unacceptable)
    exponents = {name: each.exponent(SPREAD) for name, each in people.of.items()}
    ranked = [_ranked(each, exponents[each.rater], among_unacceptable) for each in everything]
    fitted = fit(ranked, tolerance=EXACT)
    found: list[Pair] = []
    for comparison, strengths in fitted.strengths.items():
        group = grouped[comparison]
        held = {each.rater: exponents[each.rater] for each in group}
        for (one, other), tally in sorted(tallies(group, among_unacceptable).items()):
            if not _mostly_neither(tally, held):
                found.extend(_pair(comparison, strengths, one, other, tally, len(group), least))
    converged = people.converged and fitted.converged
    return WeightedConsensus(shared_out(found, prompt_of), people.of, fitted.strengths, converged)


def _ranked(judgement: Judgement, exponent: float, among_unacceptable: bool) -> Ranked:
    groups, rest = judgement.ordered(among_unacceptable)
    return Ranked(judgement.comparison, groups, rest, reliability=exponent)


def _mostly_neither(tally: Tally, held: Mapping[str, float]) -> bool:
    """Where nobody is reliable, heads are counted."""
    total = sum(held.values())
    if total > 0:
        return sum(held[each] for each in tally.neither) > NEITHER * total
    return len(tally.neither) > NEITHER * len(held)


def _pair(
    comparison: str, strengths: Strengths, one: str, other: str, tally: Tally, judged: int, least: float
) -> Iterable[Pair]:
    if strengths.gap(one, other) < 0:
        one, other, tally = other, one, tally.turned()
    probability = strengths.probability(one, other)
    if probability < least or not tally.wins:
        return []
    return [
        Pair(
            comparison=comparison,
            chosen=one,
            rejected=other,
            probability=probability,
            votes=tally.wins,
            judged=judged,
            strength=tally.strength,
        )
    ]
