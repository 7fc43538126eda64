"""How good and bad answers are balanced and in which order a KTO round reads them. No torch."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from training.params import KTOParams
from training.recipes.rows import Picked


def pick(every: list[dict[str, Any]], params: KTOParams) -> Picked:
    good = sum(row.get("label") is True for row in every)
    bad = sum(row.get("label") is False for row in every)
    if every and not (good and bad):
        only, missing = ("good", "bad") if good else ("bad", "good")
        return Picked(
            every, reasons=[f"All answers are {only}: KTO learns from the difference, so it needs {missing} ones."]
        )
    if not every:
        return Picked(every)
    of_good, of_bad = balanced(good, bad, params)
    return Picked(
        every, [f"{good} good and {bad} bad answers; a good one counts {of_good:.2g}, a bad one {of_bad:.2g}."]
    )


def one_sided(held_out: list[dict[str, Any]]) -> list[str]:
    """What is to say about the rows to check with."""
    labels = {row.get("label") for row in held_out}
    if len(labels) != 1:
        return []
    kind = "good" if labels == {True} else "bad"
    return [f"The answers to check with are all {kind}, so their loss cannot show whether the two are told apart."]


def balanced(good: int, bad: int, params: KTOParams) -> tuple[float, float]:
    """The weights of a good and of a bad answer. Automatic ones give both sides the same sum, raising the rarer.

    The method's authors advise sums in a relation of 1 to 4/3 for good to bad (arXiv 2402.01306, equation 8).
    """
    of_good, of_bad = params.desirable_weight, params.undesirable_weight
    if of_good and of_bad:
        return of_good, of_bad
    if of_good:
        return of_good, of_good * good / bad
    if of_bad:
        return of_bad * bad / good, of_bad
    return max(1.0, bad / good), max(1.0, good / bad)


def arranged(labels: Sequence[bool], prompts: Sequence[str], batch: int, seed: int) -> list[int]:
    """An order with both labels in every batch and, where possible, each prompt once.

    TRL reads the rows in this order in every pass, and measures how far the model has moved by asking each prompt of
    a batch about its neighbour's answer: that must be an answer to something else.
    """
    lot = random.Random(seed)  # noqa: S311 - a reproducible order, not a secret
    waiting = {label: [place for place, each in enumerate(labels) if each is label] for label in (True, False)}
    for places in waiting.values():
        lot.shuffle(places)
    whole = {label: len(places) for label, places in waiting.items()}
    order: list[int] = []
    while len(order) < len(labels):
        label = max((True, False), key=lambda each: len(waiting[each]) / max(1, whole[each]))
        asked = {prompts[place] for place in order[len(order) // batch * batch :]}
        chosen = next((place for place in waiting[label] if prompts[place] not in asked), waiting[label][0])
        waiting[label].remove(chosen)
        order.append(chosen)
    return order
