"""Krippendorff's alpha: any number of people, missing judgements allowed (Krippendorff 2011, "Computing
Krippendorff's Alpha-Reliability").

alpha = 1 - Do / De, the disagreement observed within items over that expected when the same answers are dealt out
to the items by chance. Undefined where De is 0: everybody gave one and the same answer everywhere. Undefined here
also for a single item: De is then made of that item's own answers, and alpha is 0 whatever they are.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from functools import partial
from itertools import chain, combinations
from math import fsum
from typing import TYPE_CHECKING

from annotation.agreement.figures import ALL_THE_SAME, Agreement, Judged, counted
from annotation.agreement.resampling import Row, beyond_chance, estimate

if TYPE_CHECKING:
    import numpy as np

ROUNDING = 1e-11  # of the squares that the spread is the difference of


class Level(StrEnum):
    NOMINAL = "nominal"  # answers are the same or not
    ORDINAL = "ordinal"  # answers have an order; how far two are apart is how many judgements lie between them
    INTERVAL = "interval"  # answers are numbers, and their differences mean the same everywhere


def krippendorff_alpha(judged: Judged, level: Level) -> Agreement:
    """Labels are hashable values for nominal data, numbers for ordinal and interval data."""
    counts = counted(judged.values())
    if counts.reason:
        return counts.undefined(counts.reason)
    labels = {label for row in counts.rows for label in row.values()}
    if len(labels) == 1:
        return counts.undefined(ALL_THE_SAME)
    answers = [tuple(row.values()) for row in counts.rows]
    if level == Level.INTERVAL:
        middle = fsum(chain.from_iterable(answers)) / counts.judgements
        return estimate((_interval_row(unit, middle) for unit in answers), _interval, counts)
    ordered = sorted(labels) if level == Level.ORDINAL else sorted(labels, key=repr)
    places = {label: place for place, label in enumerate(ordered)}
    patterns = Counter(tuple(sorted(places[answer] for answer in unit)) for unit in answers)
    make, statistic = (_ordinal_row, _ordinal) if level == Level.ORDINAL else (_nominal_row, _nominal)
    rows = {pattern: make(pattern, len(places)) for pattern in patterns}
    every = (rows[pattern] for pattern, times in patterns.items() for _ in range(times))
    return estimate(every, partial(statistic, values=len(places)), counts)


def _nominal_row(unit: tuple[int, ...], values: int) -> Row:
    """The unequal pairs of the item, as its part of the coincidence matrix counts them; how often each value came."""
    counts = Counter(unit)
    unequal = (len(unit) ** 2 - sum(times**2 for times in counts.values())) / (len(unit) - 1)
    return (unequal, *(counts[value] for value in range(values)))


def _nominal(sums: np.ndarray, values: int) -> np.ndarray:
    given = sums[..., 1:]
    n = given.sum(axis=-1)
    return beyond_chance((n - 1) * sums[..., 0], n**2 - (given**2).sum(axis=-1))


def _ordinal_row(unit: tuple[int, ...], values: int) -> Row:
    """How often each value came; the item's part of the coincidence matrix, above its diagonal."""
    counts = Counter(unit)
    pairs = (counts[one] * counts[other] / (len(unit) - 1) for one, other in combinations(range(values), 2))
    return (*(counts[value] for value in range(values)), *pairs)


def _ordinal(sums: np.ndarray, values: int) -> np.ndarray:
    """The metric, the judgements from one value to another less half those at both ends, is a difference of places.

    A value's place is the middle of its judgements when all are laid in a row.
    """
    import numpy as np

    given, together = sums[..., :values], sums[..., values:]
    n = given.sum(axis=-1)
    place = np.cumsum(given, axis=-1) - given / 2
    one, other = np.triu_indices(values, k=1)
    apart = (place[..., one] - place[..., other]) ** 2
    expected = (given[..., one] * given[..., other] * apart).sum(axis=-1)
    return beyond_chance((n - 1) * (together * apart).sum(axis=-1), expected)


def _interval_row(unit: tuple[float, ...], middle: float) -> Row:
    """The squared differences within the item; its judgements, their sum and sum of squares around the middle."""
    apart = sum((one - other) ** 2 for one, other in combinations(sorted(unit), 2)) * 2 / (len(unit) - 1)
    around = sorted(answer - middle for answer in unit)
    return (apart, len(unit), sum(around), sum(answer**2 for answer in around))


def _interval(sums: np.ndarray) -> np.ndarray:
    apart, n, total, squares = (sums[..., column] for column in range(4))
    return beyond_chance((n - 1) * apart, 2 * (n * squares - total**2), least=ROUNDING * n * squares)
