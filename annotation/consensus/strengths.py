"""How good the candidates of a comparison are, from rankings with ties: Plackett-Luce as Turner and others extend it.

Turner, H. L., van Etten, J., Firth, D., and Kosmidis, I. (2020). Modelling rankings in R: the PlackettLuce package.
Computational Statistics 35, 1027-1057. A ranking is a row of choices: from what is left, a group C of tied
candidates is chosen with probability f(C) over the sum of f(S) of all groups S, where f(S) is the tie parameter of its
size times the geometric mean of its worths. For two candidates that is Davidson's model (1970, Journal of the American
Statistical Association 65, 317-328), and Bradley and Terry's without ties.

A ranker's reliability is an exponent on the worths (Raman and Joachims 2014, "Methods for ordinal peer grading"; the
same package's adherence): 0 ranks at random, 1 ranks by the model, more ranks more surely. Strengths are logarithms of
worths. They have a normal prior around 0, so that a candidate whom everybody puts first stays finite.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from annotation.consensus.judgements import Groups

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPREAD = 1.0
"""Standard deviation of a candidate's strength before anybody has ranked it."""
TIE_PRIOR = 1.0
"""As many ties, and as many chances of one, are added for every size of tie that occurs."""
BATCH = 250  # comparisons at once: what a processor keeps at hand
LONGEST_STEP = 3.0


@dataclass(frozen=True, slots=True)
class Ranked:
    """Groups best first; `rest` came after all of them and was not ordered. `count`: how often this was said."""

    comparison: str
    groups: Groups
    rest: tuple[str, ...] = ()
    reliability: float = 1.0
    count: float = 1.0

    def choices(self) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
        """What was chosen, and from what; the last group alone is no choice."""
        left = [*(each for group in self.groups for each in group), *self.rest]
        for group in self.groups:
            if len(left) > 1:
                yield group, tuple(left)
            left = left[len(group) :]


@dataclass(frozen=True, slots=True)
class Strengths:
    """Of one comparison's candidates: the most probable ones, and how sure they are."""

    candidates: tuple[str, ...]
    values: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]

    def gap(self, one: str, other: str) -> float:
        return self.values[self.candidates.index(one)] - self.values[self.candidates.index(other)]

    def probability(self, one: str, other: str) -> float:
        """That `one` is better than `other`, by the normal approximation around the most probable strengths.

        It is cautious: where one very reliable person decides, the true value lies further from a half.
        """
        a, b = self.candidates.index(one), self.candidates.index(other)
        variance = self.covariance[a][a] + self.covariance[b][b] - 2 * self.covariance[a][b]
        if variance <= 0:
            return 0.5
        return 0.5 * (1 + math.erf((self.values[a] - self.values[b]) / math.sqrt(2 * variance)))


@dataclass(frozen=True, slots=True)
class Fit:
    """`ties`: the parameter of every size of tie that occurs; sizes that nobody used are impossible."""

    strengths: dict[str, Strengths]
    ties: dict[int, float]
    log_posterior: float
    rounds: int
    converged: bool


def fit(
    rankings: Sequence[Ranked],
    *,
    spread: float | None = SPREAD,
    tie_prior: float = TIE_PRIOR,
    rounds: int = 200,
    tolerance: float = 1e-6,
) -> Fit:
    """Strengths for every comparison on its own, and one set of tie parameters for all.

    The logarithm of the posterior is concave in strengths and log tie parameters. Every round takes a Newton step for
    each comparison, halved until nothing gets worse, and then one ascent step for the ties. It has converged when no
    strength and no log tie parameter moves by more than `tolerance`. Without a prior (`spread` None, `tie_prior` 0)
    it is maximum likelihood, with strengths around 0, and separable rankings have no finite answer.
    """
    orders = sorted({len(chosen) for each in rankings for chosen, _ in each.choices()} - {1})
    batches = list(_batches(rankings, {1, *orders}))
    ties = dict.fromkeys(orders, 1.0)
    done, moved = 0, math.inf
    while batches and moved > tolerance and done < rounds:
        steps = [batch.step(ties, spread) for batch in batches]
        moved = max(step for step, _ in steps)
        for order in orders:
            happened, expected = (sum(counts[order][at] for _, counts in steps) for at in (0, 1))
            # expected per unit of the parameter: so the posterior rises, and the step never overshoots
            better = (happened + tie_prior) / (expected + tie_prior)
            moved = max(moved, abs(math.log(better / ties[order])))
            ties[order] = better
        done += 1
    total = sum(batch.total(ties, spread) for batch in batches)
    total += sum(tie_prior * (math.log(value) - value) for value in ties.values())
    strengths = {name: found for batch in batches for name, found in batch.results(ties, spread)}
    return Fit(dict(sorted(strengths.items())), ties, total, done, moved <= tolerance or not batches)


def _batches(rankings: Sequence[Ranked], orders: set[int]) -> Iterator[_Batch]:
    """Comparisons of equal size together. Those in which nobody orders anything have no strengths."""
    by_comparison: dict[str, list[Ranked]] = {}
    for each in rankings:
        if any(True for _ in each.choices()):
            by_comparison.setdefault(each.comparison, []).append(each)
    names: dict[str, tuple[str, ...]] = {
        comparison: tuple(sorted({c for each in group for part in (*each.groups, each.rest) for c in part}))
        for comparison, group in by_comparison.items()
    }
    by_size: dict[int, list[str]] = {}
    for comparison in sorted(by_comparison):
        by_size.setdefault(len(names[comparison]), []).append(comparison)
    for size, comparisons in sorted(by_size.items()):
        for start in range(0, len(comparisons), BATCH):
            part = comparisons[start : start + BATCH]
            yield _Batch.of(size, [(name, names[name], by_comparison[name]) for name in part], orders)


@dataclass(slots=True)
class _Batch:
    """Comparisons of `size` candidates each; one row per choice somebody made, sorted by comparison."""

    size: int
    comparisons: list[tuple[str, tuple[str, ...]]]
    at: NDArray  # which comparison
    starts: NDArray  # where the rows of each comparison begin
    chosen: NDArray  # which of the groups that can be chosen at all
    allowed: NDArray  # row by group: could it have been chosen?
    chosen_size: NDArray
    reliability: NDArray
    count: NDArray
    share: NDArray  # group by candidate: 1 over the group's size for its members
    sizes: NDArray  # of every group
    values: NDArray = field(init=False)

    def __post_init__(self) -> None:
        import numpy as np

        self.values = np.zeros((len(self.comparisons), self.size))

    @classmethod
    def of(cls, size: int, parts: list[tuple[str, tuple[str, ...], list[Ranked]]], orders: set[int]) -> _Batch:
        import numpy as np

        rows = [
            (at, _bits(chosen, names), _bits(left, names), each.reliability, each.count)
            for at, (_, names, group) in enumerate(parts)
            for each in group
            for chosen, left in each.choices()
        ]
        at, chosen, left = (np.array([row[column] for row in rows]) for column in range(3))
        groups = np.array([each for each in range(1, 2**size) if each.bit_count() in orders])
        members = (groups[:, None] >> np.arange(size)) & 1
        sizes = members.sum(1)
        return cls(
            size=size,
            comparisons=[(name, names) for name, names, _ in parts],
            at=at,
            starts=np.flatnonzero(np.diff(at, prepend=-1)),
            chosen=np.searchsorted(groups, chosen),
            allowed=(groups[None, :] & ~left[:, None]) == 0,
            chosen_size=sizes[np.searchsorted(groups, chosen)],
            reliability=np.array([row[3] for row in rows], dtype=float),
            count=np.array([row[4] for row in rows], dtype=float),
            share=members / sizes[:, None],
            sizes=sizes,
        )

    def _scores(self, values: NDArray, ties: dict[int, float]) -> tuple[NDArray, NDArray]:
        """The logarithm of f for every row and group, minus infinity where it could not be chosen; and of their sum."""
        import numpy as np

        log_tie = np.array([math.log(ties[s]) if s in ties else (0.0 if s == 1 else -math.inf) for s in self.sizes])
        scores = self.reliability[:, None] * (values @ self.share.T)[self.at] + log_tie
        scores[~self.allowed] = -math.inf
        top = scores.max(1)
        return scores, top + np.log(np.exp(scores - top[:, None]).sum(1))

    def log_posterior(self, values: NDArray, scored: tuple[NDArray, NDArray], spread: float | None) -> NDArray:
        """Of every comparison, but for the part of the ties' prior."""
        import numpy as np

        scores, sums = scored
        found = np.add.reduceat(self.count * (scores[np.arange(len(self.at)), self.chosen] - sums), self.starts)
        return found - (values**2).sum(1) / (2 * spread**2) if spread else found

    def total(self, ties: dict[int, float], spread: float | None) -> float:
        return float(self.log_posterior(self.values, self._scores(self.values, ties), spread).sum())

    def _slope(self, scored: tuple[NDArray, NDArray], spread: float | None) -> tuple[NDArray, NDArray]:
        """Gradient and curvature (the negative Hessian) of the log posterior, for every comparison."""
        import numpy as np

        scores, sums = scored
        likely = np.exp(scores - sums[:, None])
        mean = likely @ self.share
        weight = self.count * self.reliability
        gradient = np.add.reduceat(weight[:, None] * (self.share[self.chosen] - mean), self.starts)
        steep = (weight * self.reliability)[:, None]
        products = (self.share[:, :, None] * self.share[:, None, :]).reshape(len(self.share), -1)
        curvature = (np.add.reduceat(steep * likely, self.starts) @ products).reshape(-1, self.size, self.size)
        curvature -= np.add.reduceat((steep * mean)[:, :, None] * mean[:, None, :], self.starts)
        if spread:
            return gradient - self.values / spread**2, curvature + np.eye(self.size) / spread**2
        return gradient, curvature + 1.0  # only differences are known: this fixes their mean and changes no difference

    def step(self, ties: dict[int, float], spread: float | None) -> tuple[float, dict[int, tuple[float, float]]]:
        """A Newton step for every comparison, halved where it would make things worse.

        How far the furthest strength moved, and the ties that then happened and were to be expected.
        """
        import numpy as np

        scored = self._scores(self.values, ties)
        gradient, curvature = self._slope(scored, spread)
        step = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
        longest = np.abs(step).max(1, keepdims=True)
        step *= np.minimum(1.0, LONGEST_STEP / np.maximum(longest, 1e-300))
        before = self.log_posterior(self.values, scored, spread)
        for _ in range(30):
            scored = self._scores(self.values + step, ties)
            after = self.log_posterior(self.values + step, scored, spread)
            worse = after < before - 1e-12 * (1 + np.abs(before))
            if not worse.any():
                break
            step[worse] /= 2
        self.values = self.values + step
        return float(np.abs(step).max()), self._tie_counts(scored, ties)

    def _tie_counts(self, scored: tuple[NDArray, NDArray], ties: dict[int, float]) -> dict[int, tuple[float, float]]:
        """For every size of tie: how many happened, and how many were to be expected per unit of its parameter."""
        import numpy as np

        scores, sums = scored
        found = {}
        for order, value in ties.items():
            expected = np.exp(scores[:, self.sizes == order] - sums[:, None]).sum(1)
            happened = float(self.count[self.chosen_size == order].sum())
            found[order] = happened, float((self.count * expected).sum()) / value
        return found

    def results(self, ties: dict[int, float], spread: float | None) -> Iterator[tuple[str, Strengths]]:
        import numpy as np

        curvature = self._slope(self._scores(self.values, ties), spread)[1]
        covariance = np.linalg.inv(curvature).tolist()
        for at, (name, candidates) in enumerate(self.comparisons):
            rows = tuple(tuple(row) for row in covariance[at])
            yield name, Strengths(candidates, tuple(self.values[at].tolist()), rows)


def _bits(group: Sequence[str], names: tuple[str, ...]) -> int:
    return sum(1 << names.index(each) for each in group)
