"""Intervals by drawing the items again (Efron 1979): an item is the unit, with everything people said about it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from annotation.agreement.figures import ALL_THE_SAME, Agreement, Counted

if TYPE_CHECKING:
    import numpy as np

LEVEL = 0.95
RESAMPLES = 1000
SEED = 1979  # fixed, so that a page and its export show the same interval
CELLS = 100_000  # numbers held at once while resampling

Row = tuple[float, ...]
Statistic = Callable[["np.ndarray"], "np.ndarray"]


def estimate(rows: Iterable[Row], statistic: Statistic, counts: Counted) -> Agreement:
    """A statistic of column sums over items, with the percentile interval of 1,000 resamples of the items.

    `rows`: one per item. `statistic` maps sums of shape (..., columns) to values of shape (...), NaN where it is
    undefined: where chance gives no disagreement. Such resamples are left out. The interval always holds the value.

    Where no item shows any disagreement, no resample does, and the percentile interval would be 1 to 1 for two
    items as for two thousand. There the lower limit is that of the share of items which may be answered as by
    chance although none of n was: 0.025 ** (1 / n) (Clopper and Pearson 1934), 0.16 for 2 items and 0.98 for 200.
    """
    import numpy as np

    found = sorted(Counter(rows).items())  # equal items once, and the same interval in whatever order they come
    table = np.array([row for row, _ in found], dtype=float)
    times = np.array([count for _, count in found], dtype=float)
    value = float(statistic(times @ table))
    if not math.isfinite(value):
        return counts.undefined(ALL_THE_SAME)
    tail = (1 - LEVEL) / 2
    if value >= 1:
        return Agreement(1.0, tail ** (1 / counts.units), 1.0, counts.units, counts.raters, counts.judgements)
    drawn = _drawn(table, times, statistic)
    low, high = (float(limit) for limit in np.quantile(drawn, (tail, 1 - tail)))
    return Agreement(value, min(low, value), max(high, value), counts.units, counts.raters, counts.judgements)


def _drawn(table: np.ndarray, times: np.ndarray, statistic: Statistic) -> np.ndarray:
    """The statistic of every resample for which it is defined."""
    import numpy as np

    source = np.random.default_rng(SEED)
    units = int(times.sum())
    row_of = np.repeat(np.arange(len(times)), times.astype(int))

    def draw(resamples: int) -> np.ndarray:
        """How often each row is drawn; by counts where rows are few, item by item where nearly every row is one."""
        if len(times) * 4 < units:
            return source.multinomial(units, times / units, size=resamples).astype(float)
        rows = row_of[source.integers(units, size=(resamples, units))] + len(times) * np.arange(resamples)[:, None]
        return np.bincount(rows.ravel(), minlength=resamples * len(times)).reshape(resamples, -1).astype(float)

    batch = max(1, CELLS // (len(times) + 4 * table.shape[1]))
    values = [statistic(draw(min(batch, RESAMPLES - start)) @ table) for start in range(0, RESAMPLES, batch)]
    drawn = np.concatenate(values)
    return drawn[np.isfinite(drawn)]


def beyond_chance(observed: np.ndarray, expected: np.ndarray, least: np.ndarray | float = 0.0) -> np.ndarray:
    """One less the observed disagreement as a part of that which chance gives; NaN where chance gives none."""
    import numpy as np

    defined = expected > least
    return np.where(defined, 1 - observed / np.where(defined, expected, 1.0), np.nan)


def mean(sums: np.ndarray) -> np.ndarray:
    """First column over the second, which counts."""
    return sums[..., 0] / sums[..., 1]
