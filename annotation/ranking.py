"""What somebody says of candidates, and in which order they are shown."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

LETTERS = "ABCDE"

Order = Sequence[Sequence[str]]


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
