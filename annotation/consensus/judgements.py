"""One person's judgement of one comparison, and what it says of every two candidates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

Groups = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """`groups` of candidate ids, best first; a group is a tie.

    `acceptable`: how many of the groups stand above the line, None where nobody was asked; 0 is "all bad".
    `strength`: what the person said of a single pair, 1 for "better" and 2 for "much better"; None where not asked.
    """

    comparison: str
    rater: str
    groups: Groups
    acceptable: int | None = None
    strength: int | None = None

    def __post_init__(self) -> None:
        named = [each for group in self.groups for each in group]
        if len(named) != len(set(named)) or not all(self.groups):
            raise ValueError("A ranking names every candidate once, in groups that are not empty.")
        if self.acceptable is not None and not 0 <= self.acceptable <= len(self.groups):
            raise ValueError("The line stands above, between or below the groups.")
        if self.strength is not None and (self.strength not in (1, 2) or len(named) != 2):
            raise ValueError("A stated strength is 1 or 2, and only two candidates have one.")

    @property
    def all_bad(self) -> bool:
        return self.acceptable == 0

    def places(self) -> dict[str, int]:
        return {each: place for place, group in enumerate(self.groups) for each in group}

    def ordered(self, among_unacceptable: bool) -> tuple[Groups, tuple[str, ...]]:
        """The groups whose order counts, and the candidates below them about which nothing more is said.

        Below the line the order counts only where the project wants it; where all are bad it never does.
        """
        if self.all_bad:
            return (), tuple(each for group in self.groups for each in group)
        if self.acceptable is None or among_unacceptable:
            return self.groups, ()
        below = tuple(each for group in self.groups[self.acceptable :] for each in group)
        return self.groups[: self.acceptable], below


@dataclass(frozen=True, slots=True)
class PairVote:
    """`side` is 1 for `one`, -1 for `other`, 0 for a tie and None for no pair at all; `gap` is how far apart."""

    one: str
    other: str
    side: int | None
    gap: int


def pair_votes(judgement: Judgement, among_unacceptable: bool) -> Iterator[PairVote]:
    """What the person says of every two candidates, `one` before `other` by id.

    The gap is the stated strength where there is one, otherwise how many places lie between.
    """
    places = judgement.places()
    _, below = judgement.ordered(among_unacceptable)
    silent = set(below)
    for one, other in combinations(sorted(places), 2):
        if one in silent and other in silent:
            yield PairVote(one, other, None, 0)
            continue
        apart = places[other] - places[one]
        side = (apart > 0) - (apart < 0)
        yield PairVote(one, other, side, judgement.strength or abs(apart))


def by_comparison(judgements: Iterable[Judgement]) -> dict[str, list[Judgement]]:
    """Sorted by comparison and person, so that results do not depend on who judged first.

    A person counts once per comparison: a later judgement replaces an earlier one.
    """
    latest = {(each.comparison, each.rater): each for each in judgements}
    found: dict[str, list[Judgement]] = {}
    for key in sorted(latest):
        found.setdefault(key[0], []).append(latest[key])
    return found
