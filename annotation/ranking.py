"""What rankings say: in which order candidates are shown, and which pairs (chosen, rejected) follow."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any, Protocol

LETTERS = "ABCDE"

Order = Sequence[Sequence[str]]


class Judgement(Protocol):
    """One person's ranking: groups of candidate ids, best first; a group is a tie.

    `strength` is how much better the first of two is: 1, or 2 for much. `acceptable` is how many of the groups, from
    the best on, are good enough to use; None where nobody said.
    """

    @property
    def order(self) -> Order: ...

    @property
    def all_bad(self) -> bool: ...

    @property
    def strength(self) -> int | None: ...

    @property
    def acceptable(self) -> int | None: ...


@dataclass(frozen=True)
class Said:
    """All that one person said of a comparison, by letters or by ids.

    `criteria` holds for each criterion {"order": groups, "strength": 1, 2 or None}; `chips` the reasons chosen.
    """

    order: list[list[str]]
    all_bad: bool = False
    strength: int | None = None
    acceptable: int | None = None
    criteria: dict[str, dict[str, Any]] = field(default_factory=dict)
    chips: list[str] = field(default_factory=list)
    reason: str = ""
    active_seconds: float = 0.0

    def renamed(self, names: Mapping[str, str]) -> Said:
        """The same of other names: letters become ids on their way in, ids letters on their way out."""
        criteria = {key: {**on, "order": _renamed(on["order"], names)} for key, on in self.criteria.items()}
        return replace(self, order=_renamed(self.order, names), criteria=criteria)


def _renamed(order: Order, names: Mapping[str, str]) -> list[list[str]]:
    return [[names[each] for each in group] for group in order]


def in_words(said: Said) -> str:
    """A judgement in letters as a sentence."""
    two = sum(map(len, said.order)) == 2
    if said.all_bad:
        return "Both are bad." if two else "All are bad."
    if len(said.order) == 1:
        return "Both are equally good." if two else "All are equally good."
    if two:
        return f"{said.order[0][0]} is {'much ' if said.strength == 2 else ''}better."
    best_first = ", then ".join(_together(sorted(group)) for group in said.order)
    unfit = sorted(letter for group in said.order[said.acceptable :] for letter in group) if said.acceptable else []
    verb = "is" if len(unfit) == 1 else "are"
    return f"Best first: {best_first}." + (f" {_together(unfit)} {verb} not good enough." if unfit else "")


def _together(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


@dataclass(frozen=True)
class ConsensusPair:
    """`votes` of `judged` people prefer `chosen`; `strength` is their mean gap.

    The gap between two is what was said of them (better 1, much better 2), among several how many places lie between.
    """

    chosen: str
    rejected: str
    votes: int
    judged: int
    strength: float

    @property
    def agreement(self) -> float:
        return round(self.votes / self.judged, 3)


def display_order(candidate_ids: Iterable[str], seed: int, ranker_id: int) -> list[str]:
    """The candidates as this person sees them, A first; the same at every visit.

    The seed shuffles; the person's id turns the circle and its direction. So among any 2n people with successive ids
    each candidate stands equally often at each place, and each neighbour equally often before and after it.
    """
    circle = sorted(candidate_ids)
    random.Random(seed).shuffle(circle)  # noqa: S311 - a reproducible order, not a secret
    turn = ranker_id + seed
    turns, reverse = divmod(turn, 2) if len(circle) > 2 else (turn, 0)  # two reversed is two turned
    if reverse:
        circle.reverse()
    at = turns % len(circle)
    return circle[at:] + circle[:at]


def pairs(order: Order, all_bad: bool = False, acceptable: int | None = None) -> list[tuple[str, str]]:
    """Every (chosen, rejected) one ranking implies.

    Ties imply none; neither do two candidates that are both not good enough: nobody should learn to write the lesser
    evil.
    """
    if all_bad:
        return []
    good = len(order) if acceptable is None else acceptable
    return [
        (better, worse)
        for at, above in enumerate(order[:good])  # groups come best first
        for better in above
        for below in order[at + 1 :]
        for worse in below
    ]


def consensus_pairs(judgements: Sequence[Judgement], candidates: Iterable[str]) -> list[ConsensusPair]:
    """The pairs that at least two thirds of the judges agree on.

    A tie, "all bad" and two that are both not good enough are votes for neither.

    Pairs that contradict each other in a circle (A over B, B over C, C over A) are dropped as well.
    """
    votes: dict[tuple[str, str], int] = {}
    gaps: dict[tuple[str, str], int] = {}
    for judgement in judgements:
        places = {each: place for place, group in enumerate(judgement.order) for each in group}
        for pair in pairs(judgement.order, judgement.all_bad, judgement.acceptable):
            votes[pair] = votes.get(pair, 0) + 1
            gaps[pair] = gaps.get(pair, 0) + (judgement.strength or places[pair[1]] - places[pair[0]])
    judged = len(judgements)
    found = []
    for one, other in combinations(sorted(candidates), 2):
        for chosen, rejected in ((one, other), (other, one)):
            won, lost = votes.get((chosen, rejected), 0), votes.get((rejected, chosen), 0)
            # in whole numbers: 2 of 3 is two thirds, whatever floating point makes of it
            if won > lost and 3 * won >= 2 * judged:
                strength = round(gaps[chosen, rejected] / won, 3)
                found.append(ConsensusPair(chosen, rejected, won, judged, strength))
    return _without_circles(found)


def _without_circles(found: list[ConsensusPair]) -> list[ConsensusPair]:
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
