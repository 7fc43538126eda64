"""What one person's judgements are made of, and how two verdicts on the same candidates compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import combinations
from typing import Literal

Relation = Literal["better", "worse", "tie", "bad"]
RelationPair = tuple[Relation, Relation]


@dataclass(frozen=True)
class Verdict:
    """Groups of candidates, best first; a group is a tie. Of the groups, the first `acceptable` are good enough.

    `acceptable` and `strength` are None where nobody asked; 0 acceptable groups is "all bad".
    """

    order: Sequence[Sequence[str]]
    acceptable: int | None = None
    strength: int | None = None

    @cached_property
    def places(self) -> dict[str, int]:
        return {each: place for place, group in enumerate(self.order) for each in group}

    def relation(self, one: str, other: str) -> Relation | None:
        """How `one` fares against `other`; None where either was not judged."""
        if one not in self.places or other not in self.places:
            return None
        gap = self.places[other] - self.places[one]
        if gap:
            return "better" if gap > 0 else "worse"
        return "bad" if self.acceptable == 0 else "tie"

    def beaten_by(self, candidate: str) -> float | None:
        """The share of the others that rank below this one, a tie as half; None where there is nobody to beat."""
        if candidate not in self.places or len(self.places) < 2:
            return None
        place = self.places[candidate]
        below = sum(each > place for each in self.places.values())
        level = sum(each == place for each in self.places.values()) - 1
        return (below + level / 2) / (len(self.places) - 1)


@dataclass(frozen=True)
class Judgement:
    """One person's verdict on one comparison.

    Candidate ids stand for texts: the same text has the same id wherever it is shown, so in a hidden repeat
    (`repeat_of`: the id of the original comparison) the ids are the original's, in another order. `others` are the
    verdicts of other people on the same candidates; `gold` is the known right answer. `shown`: first shown first.
    """

    comparison: str
    shown: Sequence[str]
    verdict: Verdict
    judged_at: datetime
    lengths: Mapping[str, int] = field(default_factory=dict)
    active_seconds: float | None = None
    gold: Verdict | None = None
    repeat_of: str | None = None
    others: Sequence[Verdict] = ()

    def __post_init__(self) -> None:
        judged = [each for group in self.verdict.order for each in group]
        if len(set(self.shown)) != len(self.shown) or len(set(judged)) != len(judged):
            raise ValueError("A candidate is shown once and ranked once.")
        if not set(judged) <= set(self.shown):
            raise ValueError("Only candidates that were shown can be ranked.")

    @property
    def is_pair(self) -> bool:
        return len(self.shown) == 2

    @property
    def words_shown(self) -> int:
        return sum(self.lengths.get(each, 0) for each in self.shown)


def side_by_side(one: Verdict, other: Verdict, candidates: Iterable[str]) -> list[RelationPair]:
    """For every two candidates that both verdicts know: what the first says of them and what the second says."""
    found = []
    for left, right in combinations(candidates, 2):
        mine, theirs = one.relation(left, right), other.relation(left, right)
        if mine and theirs:
            found.append((mine, theirs))
    return found


def share_alike(compared: Sequence[RelationPair]) -> float:
    return sum(mine == theirs for mine, theirs in compared) / len(compared)


def alike_by_chance(compared: Sequence[RelationPair]) -> float:
    """The share that would be alike if both chose as often as here between tie, all bad and a side, but blindly.

    A side taken blindly is the same one in half of the cases. This is the chance level of Cohen's kappa (1960),
    with both sides equally likely, since neither candidate is the first one by nature.
    """
    n = len(compared)
    alike = 0.0
    for level in ("tie", "bad"):
        mine = sum(relation == level for relation, _ in compared)
        theirs = sum(relation == level for _, relation in compared)
        alike += mine * theirs / n**2
    decided = [sum(pair[at] in ("better", "worse") for pair in compared) for at in (0, 1)]
    return alike + decided[0] * decided[1] / n**2 / 2


def majority(verdicts: Iterable[Verdict], one: str, other: str) -> Relation | None:
    """What most say of `one` against `other` (all bad counts as a tie); None when nobody or no most do."""
    votes = {"better": 0, "worse": 0, "tie": 0}
    for verdict in verdicts:
        relation = verdict.relation(one, other)
        if relation:
            votes["tie" if relation == "bad" else relation] += 1
    most = max(votes.values())
    leading: list[Relation] = [each for each in ("better", "worse", "tie") if votes[each] == most]
    return leading[0] if most and len(leading) == 1 else None


def agreement(judgement: Judgement) -> float | None:
    """The share of pairs in which the verdict says what the gold answer says, or else what most others say.

    None where neither says anything. A hidden repeat has none: the others were asked once, so was this person.
    """
    if judgement.repeat_of is not None:
        return None
    references = [judgement.gold] if judgement.gold else judgement.others
    alike = []
    for left, right in combinations(judgement.shown, 2):
        mine, theirs = majority([judgement.verdict], left, right), majority(references, left, right)
        if mine and theirs:
            alike.append(mine == theirs)
    return sum(alike) / len(alike) if alike else None
