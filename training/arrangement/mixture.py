"""How often each task type is drawn in a round, and which row is drawn when. Pure.

A pass draws as many rows as there are, whatever the mixture: only their shares change, so steps and time stay.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

PROPORTIONAL, EQUAL, TEMPERATURE = "proportional", "equal", "temperature"


@dataclass(frozen=True)
class Part:
    """One task type: what the data has of it, and what the round draws of it."""

    task_type: str
    rows: int
    share: float
    drawn_per_pass: float
    drawn_share: float
    held_out: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def shares(rows: Mapping[str, int], mixing: str, temperature: float = 1.0) -> dict[str, float]:
    """p_i in proportion to n_i^(1/T): T = 1 leaves the data's shares, T without end makes them equal."""
    if mixing == EQUAL:
        return {name: 1 / len(rows) for name in rows}
    power = 1 / temperature if mixing == TEMPERATURE else 1.0
    largest = max(rows.values())
    weights = {name: (count / largest) ** power for name, count in rows.items()}
    total = math.fsum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


def apportion(total: int, wanted: Mapping[str, float]) -> dict[str, int]:
    """Whole numbers that sum to `total`, each less than one from its share: largest remainders first."""
    quotas = {name: total * share for name, share in wanted.items()}
    counts = {name: math.floor(quota + 1e-9) for name, quota in quotas.items()}
    by_remainder = sorted(quotas, key=lambda name: (counts[name] - quotas[name], name))
    for name in by_remainder[: total - sum(counts.values())]:
        counts[name] += 1
    return counts


def draws(task_types: Sequence[str], count: int, mixing: str, temperature: float, seed: int) -> list[int]:
    """Which rows, by place, a round of `count` draws learns from, pass by pass, each pass in an order of its own.

    After any number of passes two rows of one type differ by at most one draw.
    """
    rows = len(task_types)
    places: dict[str, list[int]] = {}
    for place, task_type in enumerate(task_types):
        places.setdefault(task_type, []).append(place)
    wanted = shares({name: len(found) for name, found in places.items()}, mixing, temperature)
    decks = {name: _Deck(found, lot(seed, f"type {name}")) for name, found in places.items()}
    drawn: list[int] = []
    taken = dict.fromkeys(wanted, 0)
    while len(drawn) < count:
        due = apportion(min(len(drawn) + rows, count), wanted)  # of all passes so far, so that rounding evens out
        a_pass = [place for name, some in due.items() for place in decks[name].draw(some - taken[name])]
        lot(seed, f"pass {len(drawn)}").shuffle(a_pass)
        drawn += a_pass
        taken = due
    return drawn


def lot(seed: int, purpose: str) -> random.Random:
    """Chance of its own for each purpose, the same on every machine."""
    return random.Random(f"{seed}:{purpose}")  # noqa: S311 - a reproducible order, not a secret


class _Deck:
    """Rows of one type, drawn without putting back; shuffled anew whenever all have been drawn."""

    def __init__(self, rows: Sequence[int], chance: random.Random) -> None:
        self.rows = rows
        self.chance = chance
        self.left: list[int] = []

    def draw(self, count: int) -> list[int]:
        drawn = []
        for _number in range(count):
            if not self.left:
                self.left = list(self.rows)
                self.chance.shuffle(self.left)
            drawn.append(self.left.pop())
        return drawn


def parts(task_types: Sequence[str], drawn: Sequence[int], passes: float, held_out: Sequence[str] = ()) -> list[Part]:
    """The effective mixture: of each task type what there is and what is drawn, the most frequent first."""
    rows, aside = Counter(task_types), Counter(held_out)
    taken = Counter(task_types[place] for place in drawn)
    return [
        Part(
            task_type=name,
            rows=count,
            share=count / len(task_types),
            drawn_per_pass=taken[name] / passes,
            drawn_share=taken[name] / len(drawn),
            held_out=aside[name],
        )
        for name, count in sorted(rows.items(), key=lambda item: (-item[1], item[0]))
    ]
