"""How hard a prompt is, from what its answers cost people. Each sign is set against the project's other prompts.

A prompt is hard where its signs lie, on average, among the highest third of the project's, and easy where they lie
among the lowest: a rank, not a measure, so that a project of easy prompts has its hard ones too.
"""

from __future__ import annotations

import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

EASY, USUAL, HARD = 1, 2, 3
EASIEST, HARDEST = 0.3, 0.7
KEPT = 200  # values that stand for all of a sign's
TELLING = 0.8  # from which rank a sign is named as a reason, or up to which from below
FEWEST = 10  # prompts with a sign, below which a rank among them says nothing
SIGNS = {  # what each says where it is high, and where it is low
    "words": ("long to read", "short to read"),
    "answer": ("a long answer", "a short answer"),
    "seconds": ("took long to write", "was written quickly"),
    "returns": ("came back for changes", ""),
    "dispute": ("people ranked it differently", ""),
}


@dataclass(frozen=True)
class Estimate:
    difficulty: int
    reasons: tuple[str, ...]


class Ranks:
    """Where a value stands among those of the project, from 0 to 1; equal ones share the middle of their places."""

    def __init__(self, values: Mapping[str, Sequence[float]]) -> None:
        self._values = {name: sorted(found) for name, found in values.items() if len(found) >= FEWEST}

    def as_json(self) -> dict[str, list[float]]:
        """Of many values some that stand evenly among them; ranks stay as good as they can be told."""
        return {
            name: found if len(found) <= KEPT else [found[len(found) * at // KEPT] for at in range(KEPT)]
            for name, found in self._values.items()
        }

    def of(self, signs: Mapping[str, float]) -> dict[str, float]:
        return {name: self._rank(name, value) for name, value in signs.items() if name in self._values}

    def _rank(self, name: str, value: float) -> float:
        known = self._values[name]
        return (bisect_left(known, value) + bisect_right(known, value)) / (2 * len(known))


def estimate(signs: Mapping[str, float], ranks: Ranks) -> Estimate | None:
    """None where nothing is known that others have too."""
    places = ranks.of(signs)
    if not places:
        return None
    mean = statistics.fmean(places.values())
    found = HARD if mean >= HARDEST else EASY if mean <= EASIEST else USUAL
    return Estimate(found, tuple(filter(None, (_reason(name, place) for name, place in sorted(places.items())))))


def _reason(name: str, place: float) -> str:
    high, low = SIGNS[name]
    if place >= TELLING:
        return high
    return low if place <= 1 - TELLING else ""
