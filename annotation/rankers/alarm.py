"""Raises an alarm as soon as somebody clearly does not read: always the first, always the last, always a tie.

It may be looked at after every judgement: from where it begins, and for as long as it goes on, an honest person sets
it off with a probability of at most `FALSE_ALARMS`. A usual test, repeated after every item, would accuse nearly
everybody in the end. The evidence is a bet (an e-process, Ramdas, Grünwald, Vovk and Shafer 2023, "Game-theoretic
statistics and safe anytime-valid inference"): a stake of 1 that cannot be expected to grow while the person is honest,
so that it ever reaches 1 / a with a probability of at most a (Ville's inequality, 1939).

It begins anew with every block of `BLOCK` judgements, so that it takes no longer for those who judge for years, and is
asked until the block after is over (`begins_after`). So one beginning answers for each block: the bound holds for each
by itself, and not for all that somebody ever judges.

Sides: given that one of the two wins, the first shown wins in half of the cases, because the order is drawn. The
bet mixes all other shares by Jeffreys' Beta(1/2, 1/2), which gives the Beta-binomial ratio of Robbins (1970). In a
list the first shown is held against the last shown, which is a fair coin for any number of candidates. Hidden
repeats are left out: their sides follow from the original's. Sides kept balanced (`annotation.sides`) are less
free than coins, towards evenness: for those the bound is not proved but simulated, and met with room to spare.

Ties: an honest person is taken to tie at most `USUAL_TIES` of the time; the bet mixes a few greater shares. Where
both are bad there is neither a side nor a tie, and nobody knows how often that is usual: it is left out of both.

Both bets are begun anew every tenth judgement, with the weights 1/2, 1/6, 1/12, ..., 1/(j(j+1)), which add up to 1:
somebody who stops reading after a year of good work is found almost as fast as somebody who never read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from annotation.rankers.judgements import Judgement, Relation

FALSE_ALARMS = 0.01
THRESHOLD = 2 / FALSE_ALARMS  # half of the allowance for sides, half for ties
USUAL_TIES = 0.5
MORE_TIES = (0.6, 0.75, 0.9, 1.0)
EVERY = 10
LOST = 1e-6
BLOCK = 500

Habit = Literal["first", "last", "tie"]

SENTENCES: dict[Habit, str] = {
    "first": "Prefers whatever is shown first",
    "last": "Prefers whatever is shown last",
    "tie": "Calls nearly everything a tie",
}


@dataclass(frozen=True)
class Alarm:
    """`at`: the judgement (counted from 1) that raised it; `since`: where the habit begins to show, about."""

    habit: Habit
    at: int
    since: int

    @property
    def sentence(self) -> str:
        since = f" since about judgement {self.since}" if self.since > 1 else ""
        return (
            f"{SENTENCES[self.habit]}{since}: found at judgement {self.at}. "
            f"Of 100 people who read with care, at most one gets this notice in {BLOCK} rankings."
        )


class _SideBets:
    """Bets begun one after the other, each from the judgement it was `begun` at; each stake bears its weight."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.stakes: list[float] = []
        self.before: list[tuple[int, int]] = []  # first and last preferred before the bet began
        self.sides = [0, 0]

    def settle(self, first: bool, number: int) -> None:
        n = sum(self.sides)
        if n % EVERY == 0:
            self.stakes.append(_weight(len(self.stakes)))
            self.begun.append(number)
            self.before.append((self.sides[0], self.sides[1]))
        side = 0 if first else 1
        seen = self.sides[side] + 0.5
        growth = [2 * (seen - before[side]) / (n + 1 - before[0] - before[1]) for before in self.before]
        self.stakes = [stake * factor for stake, factor in zip(self.stakes, growth, strict=True)]
        self.sides[side] += 1

    @property
    def won(self) -> bool:
        return sum(self.stakes) + _set_aside(len(self.stakes)) >= THRESHOLD

    def alarm(self, number: int) -> Alarm:
        best = self.stakes.index(max(self.stakes))
        first, last = (after - before for after, before in zip(self.sides, self.before[best], strict=True))
        return Alarm("first" if first > last else "last", number, self.begun[best])


class _TieBets:
    def __init__(self) -> None:
        self.settled = 0
        self.stakes: dict[int, list[float]] = {}  # by the judgement a bet began at: one part for each rate

    def settle(self, tie: bool, number: int) -> None:
        if self.settled % EVERY == 0:
            self.stakes[number] = [_weight(self.settled // EVERY) / len(MORE_TIES)] * len(MORE_TIES)
        self.settled += 1
        factors = [rate / USUAL_TIES if tie else (1 - rate) / (1 - USUAL_TIES) for rate in MORE_TIES]
        for begun, parts in list(self.stakes.items()):
            after = [part * factor for part, factor in zip(parts, factors, strict=True)]
            if max(after) < LOST:  # given up, which can only make the alarm rarer; later bets take over
                del self.stakes[begun]
            else:
                self.stakes[begun] = after

    @property
    def won(self) -> bool:
        bets = -(-self.settled // EVERY)
        return sum(sum(parts) for parts in self.stakes.values()) + _set_aside(bets) >= THRESHOLD

    def alarm(self, number: int) -> Alarm:
        return Alarm("tie", number, max(self.stakes, key=lambda begun: sum(self.stakes[begun])))


def _weight(before: int) -> float:
    return 1 / ((before + 1) * (before + 2))


def _set_aside(bets: int) -> float:
    """What is left for the bets to come; it counts as it is."""
    return 1 / (bets + 1)


def of_relations(relations: Iterable[tuple[int, Relation]]) -> Alarm | None:
    """The first alarm in (number of the judgement, how the first shown fares against the last shown)."""
    sides, ties = _SideBets(), _TieBets()
    for number, relation in relations:
        if relation == "bad":
            continue
        decided = relation != "tie"
        ties.settle(not decided, number)
        if ties.won:
            return ties.alarm(number)
        if decided:
            sides.settle(relation == "better", number)
            if sides.won:
                return sides.alarm(number)
    return None


def begins_after(judged: int) -> int:
    """How many of somebody's first judgements are no longer looked at: what counts are the last whole block of them
    and what came after."""
    return max(0, judged // BLOCK - 1) * BLOCK


def raised(judgements: Sequence[Judgement], before: int = 0) -> Alarm | None:
    """The alarm that one person's latest judgements, oldest first, raise; None while there is no cause for one.

    `before`: how many came before these.
    """
    start = begins_after(before + len(judgements))
    relations = []
    for number, judgement in enumerate(judgements, start=before + 1):
        if number <= start:
            continue
        if judgement.repeat_of is not None or len(judgement.shown) < 2:
            continue
        relation = judgement.verdict.relation(judgement.shown[0], judgement.shown[-1])
        if relation:
            relations.append((number, relation))
    return of_relations(relations)
