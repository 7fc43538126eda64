"""The rule of two thirds, written out from the rankings themselves: made in another way than the product."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

from annotation.consensus.judgements import Judgement


def implied(judgement: Judgement, among_unacceptable: bool = False) -> dict[tuple[str, str], int]:
    """Every (better, worse) one ranking implies, with how far apart they are.

    Ties imply none; neither do two that are both not good enough, unless that is wanted and not all are bad.
    """
    if judgement.acceptable == 0:
        return {}
    place = {each: at for at, group in enumerate(judgement.groups) for each in group}
    line = len(place) if judgement.acceptable is None or among_unacceptable else judgement.acceptable
    return {
        (one, other): judgement.strength or place[other] - place[one]
        for one, other in permutations(place, 2)
        if place[one] < place[other] and place[one] < line
    }


def two_thirds(judgements: list[Judgement], among_unacceptable: bool = False) -> dict[tuple[str, str], tuple]:
    """(chosen, rejected) -> (votes, judged, mean gap), without those that lie on a circle."""
    said = [implied(each, among_unacceptable) for each in judgements]
    agreed = {}
    for pair in {pair for each in said for pair in each}:
        gaps = [each[pair] for each in said if pair in each]
        against = sum(pair[::-1] in each for each in said)
        if len(gaps) > against and Fraction(len(gaps), len(said)) >= Fraction(2, 3):
            agreed[pair] = (len(gaps), len(said), round(sum(gaps) / len(gaps), 3))
    reached = set(agreed)
    while more := {(a, d) for a, b in reached for c, d in reached if b == c} - reached:
        reached |= more
    return {pair: said for pair, said in agreed.items() if pair[::-1] not in reached}
