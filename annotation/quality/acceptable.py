"""Which candidates are good enough to use and which are not, by what people say together.

A known answer, or a reviewer's decision, stands in place of people's rankings, here as for pairs. All others are what
people agree on, by the majority or with each person counted by their reliability.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from annotation.consensus.acceptance import Side, Sides, majority_sides, sides, weighted_sides
from annotation.consensus.reliability import SUREST
from annotation.models import ComparisonQuerySet
from annotation.quality.agreed import Consensus, Decided, Origin, heard
from annotation.quality.judged import line_of


@dataclass(frozen=True)
class Acceptable:
    """`sides` by comparison and candidate; `rankers`: how many people ranked each comparison."""

    consensus: Consensus
    sides: Sides
    origins: dict[str, Origin]
    rankers: Counter[str]

    def figures(self, comparison: str, side: Side) -> dict[str, Any]:
        """What a row carries of its label."""
        origin = self.origins.get(comparison, Origin.RANKED)
        return {
            "probability": round(side.probability, 4),
            "rankers": self.rankers[comparison],
            "origin": origin.value,
            "consensus": self.consensus.value if origin == Origin.RANKED else "",
        }


def acceptable(comparisons: ComparisonQuerySet, consensus: str = "") -> Acceptable:
    """Of the candidates of these comparisons."""
    said = heard(comparisons, consensus)
    known = _known(said.decided)
    if said.consensus == Consensus.MAJORITY:
        found = majority_sides(said.ballots)
    else:
        found = weighted_sides(said.ballots, known)
    agreed = {name: each for name, each in found.items() if name not in said.decided}
    decided = {
        name: {candidate: Side(good, SUREST) for candidate, good in each.items()} for name, each in known.items()
    }
    return Acceptable(said.consensus, agreed | decided, said.origins, said.rankers)


def _known(decided: Decided) -> dict[str, dict[str, bool]]:
    return {
        name: dict(sides(tuple(tuple(group) for group in each.order), line_of(each)))
        for name, (each, _) in decided.items()
    }
