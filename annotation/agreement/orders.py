"""Agreement of rankings with ties. A ranking is groups of ids, best first; a group is a tie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from functools import lru_cache
from itertools import combinations
from math import sqrt
from statistics import fmean

from annotation.agreement.figures import Agreement, Judged, counted
from annotation.agreement.resampling import estimate, mean

Order = Sequence[Sequence[Hashable]]
Frozen = tuple[frozenset[Hashable], ...]

ALL_TIED = "Everybody ranked all answers equal, so agreement cannot be told from chance."
NOT_ALL = "Not everybody ranked every item."
NOT_SAME = "No two people ranked the same answers."


def frozen(order: Order) -> Frozen:
    """The ranking as groups that can be compared; raises ValueError where an id stands twice."""
    groups = tuple(frozenset(group) for group in order if group)
    if len(frozenset().union(*groups)) != sum(map(len, order)):
        raise ValueError("An answer stands twice in one ranking.")
    return groups


def tau_b(one: Order, other: Order) -> float | None:
    """Kendall's tau-b (Kendall 1945): 1 for the same order, -1 for the reverse, corrected for ties.

    Of the ids that stand in both rankings. None where either ranks all of them equal, or fewer than two are shared.
    """
    return _tau(*_pairs(frozen(one), frozen(other)))


def distance(one: Order, other: Order) -> float | None:
    """The part of the pairs of candidates that two rankings order differently, from 0 to 1.

    A pair that only one of them ties counts half (Fagin and others 2006, K with p = 1/2). Unlike tau-b it is defined
    for rankings in which all are equal; None only where fewer than two ids are shared.
    """
    same, opposite, only_one, only_other, tied = _pairs(frozen(one), frozen(other))
    pairs = same + opposite + only_one + only_other + tied
    return (opposite + (only_one + only_other) / 2) / pairs if pairs else None


def kendall_w(orders: Sequence[Order]) -> float | None:
    """Kendall's coefficient of concordance with correction for ties (Kendall and Babington Smith 1939; Kendall 1948).

    From 0 to 1; m people who rank at random reach 1 / m on average. None where fewer than two people ranked, their
    candidates differ or are fewer than two, or everybody ranked all equal.
    """
    ranked = [frozen(order) for order in orders]
    ids = {each for group in ranked[0] for each in group} if ranked else set()
    m, n = len(ranked), len(ids)
    if m < 2 or n < 2 or any(set().union(*order) != ids for order in ranked):
        return None
    sums: Counter[Hashable] = Counter()
    ties = 0
    for order in ranked:
        above = 0
        for group in order:
            for each in group:
                sums[each] += 2 * above + len(group) + 1  # twice the mean rank of the group: whole numbers stay exact
            above += len(group)
            ties += len(group) ** 3 - len(group)
    most = m * m * n * (n * n - 1) - m * ties
    return (3 * sum(total**2 for total in sums.values()) - 3 * m * m * n * (n + 1) ** 2) / most if most else None


def mean_tau(judged: Judged) -> Agreement:
    """The mean over items of the mean tau-b between any two people who ranked the item.

    Every item counts once, however many people ranked it. Where one of two people ranks all equal and the other does
    not, tau-b is undefined; here the two count as 0, for they do not see the same. Where both rank all equal, they
    are left out: whether they mean it or did not look cannot be told.
    """
    counts = counted(judged.values())
    if counts.reason:
        return counts.undefined(counts.reason)
    if not any(_shared(one, other) for row in counts.rows for one, other in combinations(row.values(), 2)):
        return counts.undefined(NOT_SAME)
    found = [(row, value) for row in counts.rows if (value := _item_tau(list(row.values()))) is not None]
    used = counted(row for row, _ in found)
    if not used.units:
        return counts.undefined(ALL_TIED)
    if used.reason:
        return used.undefined("Only one item has rankings that tell answers apart; agreement needs at least two.")
    return estimate(((value, 1.0) for _, value in found), mean, used)


def mean_w(judged: Judged) -> Agreement:
    """The mean over items of Kendall's W; only where everybody ranked every item.

    Not to be read against Krippendorff's limits: chance alone gives 1 / people.
    """
    counts = counted(judged.values())
    if counts.reason:
        return counts.undefined(counts.reason)
    if len(judged) != counts.units or any(len(row) != counts.raters for row in counts.rows):
        return counts.undefined(NOT_ALL)
    found = [(row, value) for row in counts.rows if (value := kendall_w(list(row.values()))) is not None]
    used = counted(row for row, _ in found)
    if used.reason:
        return counts.undefined(used.reason if used.units else ALL_TIED)
    return estimate(((value, 1.0) for _, value in found), mean, used)


def _item_tau(orders: list[Order]) -> float | None:
    found = [value for one, other in combinations(orders, 2) if (value := _pair_tau(one, other)) is not None]
    return fmean(found) if found else None


def _pair_tau(one: Order, other: Order) -> float | None:
    pairs = _pairs(frozen(one), frozen(other))
    value = _tau(*pairs)
    return 0.0 if value is None and any(pairs[:-1]) else value


def _tau(same: int, opposite: int, only_one: int, only_other: int, _tied: int) -> float | None:
    spread = (same + opposite + only_one) * (same + opposite + only_other)
    return (same - opposite) / sqrt(spread) if spread else None


def _shared(one: Order, other: Order) -> bool:
    return any(_pairs(frozen(one), frozen(other)))


@lru_cache(maxsize=4096)
def _signs(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, int, int, int, int]:
    """Pairs of candidates in the same order, in opposite order, told apart only by the one, only by the other, tied."""
    same = opposite = only_one = only_other = tied = 0
    for i, j in combinations(range(len(one)), 2):
        first, second = one[i] - one[j], other[i] - other[j]
        if first and second:
            same, opposite = (same + 1, opposite) if first * second > 0 else (same, opposite + 1)
        elif first:
            only_one += 1
        elif second:
            only_other += 1
        else:
            tied += 1
    return same, opposite, only_one, only_other, tied


def _pairs(one: Frozen, other: Frozen) -> tuple[int, int, int, int, int]:
    places = {each: place for place, group in enumerate(one) for each in group}
    against = {each: place for place, group in enumerate(other) for each in group}
    shared = sorted(places.keys() & against.keys(), key=lambda each: (places[each], against[each]))
    return _signs(tuple(places[each] for each in shared), tuple(against[each] for each in shared))
