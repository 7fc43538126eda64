"""In which order somebody sees the candidates: balanced for this person and each two sources, yet not guessable.

How it is meant to be used. The order is decided once, when the comparison is handed out, and stored with the lease;
every later visit, and the submit, read what is stored, so a page that is loaded again never turns its sides. The
counts are those of the stored orders of this person in the project (handed out, not only judged: a skipped one was
seen). They are read and the new order written in one transaction that locks the project, or two tabs
opened at once could both see the old counts. Hidden repeats show the original's order swapped; they are neither
ordered here nor counted, because with their original they are balanced by themselves.

Why it is not strict alternation. With a difference of at most 1, every second order follows from the one before, and
who recognises one model's style could tell where it stands next; in trials of treatments this is known as selection
bias (Blackwell and Hodges 1957). Here the order is drawn freely until two sources are `MOST` apart, and only then the
other one comes first: the big stick design (Soares and Wu 1983). For two candidates the difference never exceeds
`MOST`, and 3 of 4 orders are free draws.

What the browser could know: neither the seed nor the counts nor the sources are ever sent before the lock, and the
draw is a hash of the seed.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from itertools import combinations, permutations

Ahead = Mapping[tuple[str, str], int]
MOST = 2


def order_seed(comparison_seed: int, ranker_id: int) -> int:
    """One draw for this person and this comparison, so that two people need not see the same order."""
    digest = hashlib.sha256(f"sides\n{comparison_seed}\n{ranker_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big")


def balanced_order(candidates: Sequence[tuple[str, str]], counts: Ahead, seed: int) -> list[str]:
    """The ids of `candidates`, given as (id, source), in the order to show them; the same for the same arguments.

    `counts[one, other]`: how often this person was shown source `one` before source `other`, over all orders so far
    (`counted` keeps it). Of all orders those are kept that leave no two sources more than `MOST` apart; if there are
    none, which takes three or more candidates, those that come closest. One of them is drawn by the seed, so with
    nothing counted yet every candidate stands at each place with the same probability.
    """
    known = sorted(candidates)
    if len({each for each, _ in known}) != len(known):
        raise ValueError("Every candidate has an id of its own.")
    now = {pair: apart(counts, *pair) for pair in combinations(sorted({source for _, source in known}), 2)}
    orders = list(permutations(known))
    costs = [_cost(order, now) for order in orders]
    least = min(costs)
    best = [order for order, cost in zip(orders, costs, strict=True) if cost == least]
    return [each for each, _ in random.Random(seed).choice(best)]  # noqa: S311 - reproducible; the seed is the secret


def counted(order: Sequence[tuple[str, str]], counts: Ahead) -> dict[tuple[str, str], int]:
    """The counts after this order, given as (id, source), was handed out. Two of one source balance nothing."""
    after = dict(counts)
    for (_, one), (_, other) in combinations(order, 2):
        if one != other:
            after[one, other] = after.get((one, other), 0) + 1
    return after


def apart(counts: Ahead, one: str, other: str) -> int:
    return counts.get((one, other), 0) - counts.get((other, one), 0)


def _cost(order: Sequence[tuple[str, str]], now: Mapping[tuple[str, str], int]) -> int:
    """0 while no two sources end up more than MOST apart; beyond that the squares, so that the worst weighs most."""
    after = dict(now)
    for (_, one), (_, other) in combinations(order, 2):
        if (one, other) in after:
            after[one, other] += 1
        elif one != other:
            after[other, one] -= 1
    return sum(max(0, abs(difference) - MOST) ** 2 for difference in after.values())
