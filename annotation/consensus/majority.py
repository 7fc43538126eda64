"""The pairs that two thirds of a comparison's judges agree on, everybody counted alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from annotation.consensus.judgements import Judgement, by_comparison
from annotation.consensus.pairs import Pair, Tally, shared_out, tallies


def majority_pairs(
    judgements: Iterable[Judgement],
    *,
    prompt_of: Mapping[str, str] | None = None,
    among_unacceptable: bool = False,
) -> list[Pair]:
    """For every comparison the pairs that at least two thirds of all its judges prefer, and no circles.

    A tie, "all bad" and two that are both not good enough are votes for neither. Pairs that contradict each other in
    a circle (A over B, B over C, C over A) are dropped as well.

    The probability is Laplace's rule of succession, (votes + 1) / (judged + 2), where somebody who votes for neither
    side counts half for each: 2 of 2 people make nobody certain.
    """
    found: list[Pair] = []
    for comparison, group in by_comparison(judgements).items():
        counted = tallies(group, among_unacceptable)
        found += _without_circles(list(_agreed(comparison, counted, len(group))))
    return shared_out(found, prompt_of)


def _agreed(comparison: str, counted: Mapping[tuple[str, str], Tally], judged: int) -> Iterator[Pair]:
    for (one, other), tally in sorted(counted.items()):
        for chosen, rejected, seen in ((one, other, tally), (other, one, tally.turned())):
            # in whole numbers: 2 of 3 is two thirds, whatever floating point makes of it
            if seen.wins > seen.losses and 3 * seen.wins >= 2 * judged:
                yield Pair(
                    comparison=comparison,
                    chosen=chosen,
                    rejected=rejected,
                    probability=(seen.wins + len(tally.neither) / 2 + 1) / (judged + 2),
                    votes=seen.wins,
                    judged=judged,
                    strength=seen.strength,
                )


def _without_circles(found: list[Pair]) -> list[Pair]:
    beats: dict[str, set[str]] = {}
    for pair in found:
        beats.setdefault(pair.chosen, set()).add(pair.rejected)
    return [pair for pair in found if not _reaches(beats, pair.rejected, pair.chosen)]


def _reaches(beats: dict[str, set[str]], start: str, goal: str) -> bool:
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        here = ahead.pop()
        if here == goal:
            return True
        if here not in seen:
            seen.add(here)
            ahead.extend(beats.get(here, ()))
    return False
