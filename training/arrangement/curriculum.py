"""The order of a round from easy to hard: what is drawn stays the same, only when changes. Pure.

Later stages repeat rows of earlier ones. Those repetitions are taken from what the earlier stages would have drawn
themselves, so that over the round each row is drawn exactly as often as in a shuffled round: what differs between
the two is the order alone.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from training.arrangement.mixture import apportion, lot

NONE, MARK, LENGTH, PERPLEXITY = "none", "mark", "length", "perplexity"


@dataclass(frozen=True)
class Stage:
    """`drawn`: the rows in their order, by place; `replayed` of these come from earlier stages."""

    drawn: list[int]
    rows: int  # that this stage brings in
    replayed: int
    easiest: float
    hardest: float

    def as_json(self) -> dict[str, Any]:
        return {**{key: value for key, value in asdict(self).items() if key != "drawn"}, "drawn": len(self.drawn)}


@dataclass
class _Group:
    """The rows that a stage brings in, and every draw of them that is not given out yet."""

    rows: list[int]
    deck: list[int] = field(default_factory=list)  # each row once, then each again, ...
    own: int = 0  # draws from the start of the deck that stay in its own stage

    @property
    def spare(self) -> int:
        """Draws that later stages may take: one is left to begin with."""
        return self.own - 1


def stages(drawn: Sequence[int], difficulty: Sequence[float], count: int, replay: float, seed: int) -> list[Stage]:
    """Arrange the draws of a round in `count` stages. Rows of one difficulty keep the order of the data."""
    times = Counter(drawn)
    by_difficulty = sorted(times, key=lambda row: (difficulty[row], row))
    groups = [
        _Group(rows, _deck(rows, times, lot(seed, f"deck {number}")))
        for number, rows in enumerate(cut(by_difficulty, times, count))
    ]
    for group in groups:
        group.own = len(group.deck)
    replays = _share_out(groups, replay)
    taken = [group.own for group in groups]
    found = []
    for number, group in enumerate(groups):
        again = []
        for earlier, some in enumerate(replays[number]):
            again += groups[earlier].deck[taken[earlier] : taken[earlier] + some]
            taken[earlier] += some
        order = group.deck[: group.own] + again
        lot(seed, f"stage {number}").shuffle(order)
        values = [difficulty[row] for row in group.rows]
        found.append(Stage(order, len(group.rows), len(again), min(values), max(values)))
    return found


def cut(rows: Sequence[int], times: Counter[int], count: int) -> list[list[int]]:
    """Into `count` runs with about as many draws each; none is empty. Fewer where there are fewer rows."""
    count = min(count, len(rows))
    total = sum(times[row] for row in rows)
    runs: list[list[int]] = [[]]
    drawn = 0
    for place, row in enumerate(rows):
        stages_left = count - len(runs)
        due = drawn + times[row] / 2 > total * len(runs) / count
        if runs[-1] and stages_left and (due or len(rows) - place == stages_left):
            runs.append([])
        runs[-1].append(row)
        drawn += times[row]
    return runs


def _deck(rows: Sequence[int], times: Counter[int], chance: random.Random) -> list[int]:
    deck = []
    for again in range(max(times[row] for row in rows)):
        layer = [row for row in rows if times[row] > again]
        chance.shuffle(layer)
        deck += layer
    return deck


def _share_out(groups: Sequence[_Group], replay: float) -> list[list[int]]:
    """How many draws each stage takes from each earlier one, from the last stage back to the second."""
    replays: list[list[int]] = [[] for _group in groups]
    for number in range(len(groups) - 1, 0, -1):
        earlier = groups[:number]
        wanted = round(groups[number].own * replay / (1 - replay))
        some = _take(wanted, earlier)
        for group, taken in zip(earlier, some, strict=True):
            group.own -= taken
        replays[number] = some
    return replays


def _take(wanted: int, groups: Sequence[_Group]) -> list[int]:
    """From each in proportion to what it can spare: the first stages are all that the early ones can repeat."""
    free = [group.spare for group in groups]
    wanted = min(wanted, sum(free))
    if not wanted:
        return [0] * len(groups)
    even = apportion(wanted, {str(place): spare / sum(free) for place, spare in enumerate(free)})
    taken = [min(even[str(place)], spare) for place, spare in enumerate(free)]
    while sum(taken) < wanted:
        taken[max(range(len(free)), key=lambda place: free[place] - taken[place])] += 1
    return taken
