"""The definitions, written out pair by pair in exact fractions: slow, and made in another way than the product."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import permutations, product


def squared_difference(level, one, other, given):
    """Krippendorff's metric: `given` counts all pairable values."""
    if one == other:
        return Fraction(0)
    if level == "nominal":
        return Fraction(1)
    if level == "interval":
        return (Fraction(one) - Fraction(other)) ** 2
    low, high = min(one, other), max(one, other)
    between = sum(times for value, times in given.items() if low <= value <= high)
    return (between - Fraction(given[low] + given[high], 2)) ** 2


def alpha(units, level):
    """`units`: the answers to each item. None where undefined by the definition itself (no chance disagreement)."""
    shared = [unit for unit in units if len(unit) >= 2]
    values = [value for unit in shared for value in unit]
    given, n = Counter(values), len(values)
    if n < 2:
        return None
    observed = sum(
        squared_difference(level, one, other, given) / (len(unit) - 1)
        for unit in shared
        for one, other in permutations(unit, 2)
    ) / Fraction(n)
    expected = sum(squared_difference(level, one, other, given) for one, other in permutations(values, 2))
    expected /= Fraction(n * (n - 1))
    return float(1 - observed / expected) if expected else None


def kappa(pairs, weight):
    """`weight`: what the disagreement of two answers costs."""
    n = len(pairs)
    observed = Fraction(sum(weight(one, other) for one, other in pairs), n)
    chance = product((one for one, _ in pairs), (other for _, other in pairs))
    expected = Fraction(sum(weight(one, other) for one, other in chance), n * n)
    return float(1 - observed / expected) if expected else None


def mean_spearman(rows):
    """The mean correlation of the (mean) ranks of any two people: (m W - 1) / (m - 1) where nobody ties."""
    ranked = [ranks(row) for row in rows]
    pairs = list(permutations(ranked, 2))
    return sum(correlation(one, other) for one, other in pairs) / len(pairs)


def ranks(row):
    return [sum(other < each for other in row) + (sum(other == each for other in row) + 1) / 2 for each in row]


def correlation(one, other):
    middle = (len(one) + 1) / 2
    both = sum((a - middle) * (b - middle) for a, b in zip(one, other, strict=True))
    spread = sum((a - middle) ** 2 for a in one) * sum((b - middle) ** 2 for b in other)
    return both / spread**0.5


def tau_b(one, other):
    """`one`, `other`: places of the same candidates. Correlation of the signs of all ordered pairs."""

    def signs(places):
        return [(a > b) - (a < b) for a, b in permutations(places, 2)]

    first, second = signs(one), signs(other)
    spread = sum(a * a for a in first) * sum(b * b for b in second)
    return sum(a * b for a, b in zip(first, second, strict=True)) / spread**0.5 if spread else None
