"""95 % intervals of shares, of differences of shares, and of medians; each with the paper it comes from.

Everything here holds for small numbers and at 0 and 1. A "success" may be a fraction (half of the pairs of a list
are right): among all values between 0 and 1 with the same mean, none varies more than a coin, so the intervals for
counts are then a little too wide and never too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist, median
from typing import NamedTuple

NORMAL = NormalDist()
TAIL = 0.025
Z = NORMAL.inv_cdf(1 - TAIL)
FEWEST_FOR_MEDIAN = 6  # of five values, all lie on one side of the median in 1 of 16 cases: no 95 % interval
FEWEST_FOR_RATIO = 10  # a half: below that the spread of a median is guesswork


class Interval(NamedTuple):
    low: float
    high: float


def wilson(successes: float, n: float) -> Interval:
    """Of a share (Wilson 1927); it holds at 0 and 1 too. `n` is above 0; not whole where it is an effective number."""
    share = successes / n
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return Interval(max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share)))


def difference(first: float, first_n: int, second: float, second_n: int) -> Interval:
    """Of the second share minus the first, from different items (Newcombe 1998, method 10)."""
    one, other = first / first_n, second / second_n
    below, above = wilson(first, first_n), wilson(second, second_n)
    middle = other - one
    low = middle - math.hypot(other - above.low, below.high - one)
    return Interval(low, middle + math.hypot(above.high - other, one - below.low))


def paired_difference(only_first: int, only_second: int, n: int) -> Interval:
    """Of the first share minus the second on the same `n` items (Bonett and Price 2012, adjusted Wald).

    `only_first`: items where the first says yes and the second no; `only_second` the other way round.
    """
    one, other = (only_first + 1) / (n + 2), (only_second + 1) / (n + 2)
    middle = one - other
    half = Z * math.sqrt((one + other - middle**2) / (n + 2))
    return Interval(max(-1.0, middle - half), min(1.0, middle + half))


def luck(hits: int, n: int) -> float:
    """How probable it is that `n` fair coins fall as unevenly as this, either way (exact binomial test)."""
    return min(1.0, 2 * _at_most(min(hits, n - hits), n))


def of_median(values: Sequence[float]) -> Interval | None:
    """From order statistics, whatever the distribution (Conover 1999, chapter 3); None below six values."""
    n = len(values)
    if n < FEWEST_FOR_MEDIAN:
        return None
    ordered = sorted(values)
    rank, below = 0, _exactly(0, n)
    while below <= TAIL:
        rank += 1
        below += _exactly(rank, n)
    return Interval(ordered[rank - 1], ordered[n - rank])


def ratio_of_medians(first: Sequence[float], second: Sequence[float]) -> Interval | None:
    """Of the second median over the first, for values above 0 (Price and Bonett 2002); None below ten a side."""
    if min(len(first), len(second)) < FEWEST_FOR_RATIO:
        return None
    one, other = [math.log(each) for each in first], [math.log(each) for each in second]
    middle = median(other) - median(one)
    half = Z * math.hypot(_error_of_median(one), _error_of_median(other))
    return Interval(math.exp(middle - half), math.exp(middle + half))


def _error_of_median(values: Sequence[float]) -> float:
    """Standard error from two order statistics: how wide they lie apart over how wide normal ones would."""
    n = len(values)
    ordered = sorted(values)
    rank = max(1, round((n + 1) / 2 - math.sqrt(n)))
    quantile = NORMAL.inv_cdf(1 - _at_most(rank - 1, n))
    return (ordered[n - rank] - ordered[rank - 1]) / (2 * quantile)


def _exactly(hits: int, n: int) -> float:
    logarithm = math.lgamma(n + 1) - math.lgamma(hits + 1) - math.lgamma(n - hits + 1) - n * math.log(2)
    return math.exp(logarithm)


def _at_most(hits: int, n: int) -> float:
    """Probability of at most so many heads among `n` fair coins."""
    return math.fsum(_exactly(each, n) for each in range(hits + 1))
