"""Estimates with their uncertainty. Pure: numbers in, an `Estimate` out, or one that says why there is none.

The unit is the prompt: everything said about one prompt stays together when prompts are drawn again, because
two reviews of one output are not two independent observations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np

from annotation.intervals import wilson

LEVEL = 0.95
RESAMPLES = 4000
CELLS = 100_000  # numbers held at once while drawing prompts again
SEED = 1979  # the year of the bootstrap; fixed, so that a page and its export show the same interval
FEWEST = 6  # of five differences, all have one sign by chance in 1 of 16 cases: no interval can be honest
EPSILON = 1e-9
NORMAL = NormalDist()

Statistic = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Estimate:
    """A value and its 95 % interval; what is undefined is None, and `reason` says why."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def side(self) -> int:
        """For a difference: 1 clearly above zero, -1 clearly below, 0 when that cannot be told."""
        if self.value is None or self.n < FEWEST:
            return 0
        if self.low is None or self.high is None:  # the same difference on every single prompt
            return (self.value > EPSILON) - (self.value < -EPSILON)
        return (self.low > EPSILON) - (self.high < -EPSILON)


@dataclass(frozen=True)
class WinRate:
    wins: int
    ties: int
    losses: int
    estimate: Estimate

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def ratio(sums: np.ndarray) -> np.ndarray:
    """First column over the second: a mean when the second counts, a rate when it weighs."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(sums[..., 1] > 0, sums[..., 0] / sums[..., 1], np.nan)


def of_sums(rows: Sequence[Sequence[float]], statistic: Statistic) -> Estimate:
    """A statistic of column sums over prompts, with a bias-corrected bootstrap interval (BCa, Efron 1987).

    `rows`: one per prompt. `statistic` maps sums of shape (..., columns) to values of shape (...).
    """
    n = len(rows)
    if n == 0:
        return Estimate(None, None, None, 0, "There is nothing to measure yet.")
    table = np.asarray(rows, dtype=float)
    table = table[np.lexsort(table.T[::-1])]  # the same interval in whatever order the prompts come
    total = table.sum(axis=0)
    value = float(statistic(total))
    if not math.isfinite(value):
        return Estimate(None, None, None, n, "None of the outputs has anything to count here.")
    if n < FEWEST:
        return Estimate(value, None, None, n, f"Fewer than {FEWEST} prompts: no interval.")
    drawn = statistic(_drawn_sums(table))
    left_out = statistic(total - table)
    drawn, left_out = drawn[np.isfinite(drawn)], left_out[np.isfinite(left_out)]
    if len(drawn) < RESAMPLES / 2:
        return Estimate(value, None, None, n, "Too few of the outputs have anything to count here.")
    if np.ptp(drawn) <= EPSILON:
        return Estimate(value, None, None, n, "The same on every prompt: no interval.")
    low, high = _bias_corrected(value, drawn, left_out)
    return Estimate(value, min(low, value), max(high, value), n)


def _drawn_sums(table: np.ndarray) -> np.ndarray:
    """The column sums of every resample of the rows, a part of them at a time: a web process stays small."""
    counts = _draws(len(table))
    part = _resamples_at_once(len(table))
    return np.concatenate([counts[at : at + part].astype(float) @ table for at in range(0, RESAMPLES, part)])


@lru_cache(maxsize=16)
def _draws(n: int) -> np.ndarray:
    """How often each of n prompts is drawn in each resample: once on average, so a byte holds it."""
    source = np.random.default_rng(SEED)
    part = _resamples_at_once(n)
    each = np.full(n, 1 / n)
    sizes = (min(part, RESAMPLES - at) for at in range(0, RESAMPLES, part))
    counts = np.concatenate([source.multinomial(n, each, size=size).astype(np.uint8) for size in sizes])
    counts.flags.writeable = False
    return counts


def _resamples_at_once(n: int) -> int:
    return max(1, CELLS // n)


def _bias_corrected(value: float, drawn: np.ndarray, left_out: np.ndarray) -> tuple[float, float]:
    below = float(np.mean(drawn < value - EPSILON) + np.mean(np.abs(drawn - value) <= EPSILON) / 2)
    bias = NORMAL.inv_cdf(min(max(below, 0.5 / RESAMPLES), 1 - 0.5 / RESAMPLES))
    deviations = left_out.mean() - left_out
    spread = float((deviations**2).sum())
    acceleration = float((deviations**3).sum()) / (6 * spread**1.5) if spread > EPSILON**2 else 0.0

    def level(quantile: float) -> float:
        moved = bias + NORMAL.inv_cdf(quantile)
        return NORMAL.cdf(bias + moved / (1 - acceleration * moved))

    tail = (1 - LEVEL) / 2
    low, high = np.quantile(drawn, [level(tail), level(1 - tail)])
    return float(low), float(high)


def proportion(successes: float, n: int) -> Estimate:
    """A share with Wilson's interval."""
    if n == 0:
        return Estimate(None, None, None, 0, "There is nothing to measure yet.")
    low, high = wilson(successes, n)
    return Estimate(successes / n, low, high, n)


def paired_difference(
    first: Mapping[str, Sequence[float]], second: Mapping[str, Sequence[float]], statistic: Statistic
) -> Estimate:
    """First minus second over the prompts that both answered; rows are those of `of_sums`."""
    shared = [key for key in first if key in second]
    if not shared:
        return Estimate(None, None, None, 0, "They have no prompt in common.")
    rows = [(*first[key], *second[key]) for key in shared]
    width = len(first[shared[0]])

    def difference(sums: np.ndarray) -> np.ndarray:
        return statistic(sums[..., :width]) - statistic(sums[..., width:])

    return of_sums(rows, difference)


def win_rate(first: Mapping[str, float], second: Mapping[str, float]) -> WinRate:
    """On how many shared prompts the first has the higher value; a tie counts as half a win."""
    shared = [key for key in first if key in second]
    wins = sum(first[key] > second[key] + EPSILON for key in shared)
    losses = sum(first[key] < second[key] - EPSILON for key in shared)
    ties = len(shared) - wins - losses
    return WinRate(wins, ties, losses, proportion(wins + ties / 2, len(shared)))


# --- Statistics of sums that are not plain ratios -------------------------------------------------------------


def perplexity(sums: np.ndarray) -> np.ndarray:
    """From the sums of (negative log-likelihood of all tokens, number of tokens)."""
    return np.exp(ratio(sums))


def bleu(sums: np.ndarray) -> np.ndarray:
    """Corpus BLEU from summed counts (both lengths, 4 matches, 4 totals), smoothed as sacreBLEU's default."""
    lengths, matches, totals = sums[..., :2], sums[..., 2:6], sums[..., 6:10]
    missed = (matches == 0) & (totals > 0)
    smoothing = 2.0 ** np.cumsum(missed, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        precisions = np.where(missed, 1 / (smoothing * totals), matches / totals)
        score = 100 * np.exp(np.log(precisions).mean(axis=-1))
        brevity = np.where(lengths[..., 0] < lengths[..., 1], np.exp(1 - lengths[..., 1] / lengths[..., 0]), 1.0)
    defined = (totals > 0).all(axis=-1) & (matches > 0).any(axis=-1)
    return np.where(defined, score * brevity, 0.0)
