"""One outcome per item from several people's choices: the model of Dawid and Skene.

Dawid, A. P., and Skene, A. M. (1979). Maximum likelihood estimation of observer error-rates using the EM algorithm.
Applied Statistics 28, 20-28.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMOOTHING = 3.0
"""Every row of a person's table starts with this many judgements in the proportions of all people's table."""
OWN_ANSWER = 2.0
"""... and the row of all people's table with this many right answers, and one spread over all outcomes."""


@dataclass(frozen=True, slots=True)
class Choice:
    """`outcome` names what was chosen, not the side it stood on: sides differ from person to person."""

    item: str
    rater: str
    outcome: str


@dataclass(frozen=True, slots=True)
class ChoiceConsensus:
    """`posterior[item]` and `prevalence` go by `outcomes`; so do both sides of `confusion[rater][truth][said]`.

    `judged[rater]`: from how many choices a table comes. A row about a truth that the person hardly met is mostly
    everybody's row: `met[rater]` says how often they met each one, in expectation.
    """

    outcomes: tuple[str, ...]
    prevalence: tuple[float, ...]
    posterior: dict[str, tuple[float, ...]]
    confusion: dict[str, tuple[tuple[float, ...], ...]]
    judged: dict[str, int]
    met: dict[str, tuple[float, ...]]
    log_likelihood: float
    rounds: int
    converged: bool

    def best(self, item: str) -> tuple[str, float]:
        """The likeliest outcome and its probability; of equal ones the first in `outcomes`."""
        likelihood = self.posterior[item]
        at = max(range(len(likelihood)), key=lambda each: (round(likelihood[each], 12), -each))
        return self.outcomes[at], likelihood[at]


def dawid_skene(
    choices: Sequence[Choice],
    outcomes: Sequence[str] | None = None,
    *,
    known: Mapping[str, str] | None = None,
    smoothing: float = SMOOTHING,
    rounds: int = 500,
    tolerance: float = 1e-6,
) -> ChoiceConsensus:
    """Who errs how, and from that the probability of every outcome of every item.

    The start is the votes' shares (equation 3.1 of the paper), so the result depends on nothing but the choices. It
    has converged when no probability of any item moves by more than `tolerance` in a round. `smoothing` 0 is the
    paper's maximum likelihood, under which one lucky judgement makes somebody infallible; above 0, a person's table is
    pulled towards everybody's, the more the less they judged. `known` items (gold) keep their outcome.
    """
    if not choices:
        return ChoiceConsensus(tuple(outcomes or ()), (), {}, {}, {}, {}, 0.0, 0, True)
    known = known or {}
    names = tuple(outcomes) if outcomes else tuple(sorted({c.outcome for c in choices} | set(known.values())))
    unnamed = ({each.outcome for each in choices} | set(known.values())) - set(names)
    if unnamed:
        raise ValueError(f"Not among the outcomes: {', '.join(sorted(unnamed))}.")
    table = _Table.of(choices, names, known)
    return table.solve(smoothing, rounds, tolerance)


@dataclass(slots=True)
class _Table:
    names: tuple[str, ...]
    items: list[str]
    raters: list[str]
    item: NDArray
    rater: NDArray
    said: NDArray
    fixed: NDArray  # one row per known item
    fixed_at: NDArray

    @classmethod
    def of(cls, choices: Sequence[Choice], names: tuple[str, ...], known: Mapping[str, str]) -> _Table:
        import numpy as np

        items, raters = sorted({each.item for each in choices}), sorted({each.rater for each in choices})
        item_at, rater_at = ({name: at for at, name in enumerate(each)} for each in (items, raters))
        said_at = {name: at for at, name in enumerate(names)}
        gold = [(item_at[name], said_at[outcome]) for name, outcome in sorted(known.items()) if name in item_at]
        return cls(
            names,
            items,
            raters,
            np.array([item_at[each.item] for each in choices]),
            np.array([rater_at[each.rater] for each in choices]),
            np.array([said_at[each.outcome] for each in choices]),
            np.eye(len(names))[[outcome for _, outcome in gold]],
            np.array([item for item, _ in gold], dtype=int),
        )

    def solve(self, smoothing: float, rounds: int, tolerance: float) -> ChoiceConsensus:
        import numpy as np

        size = len(self.names)
        votes = np.bincount(self.item * size + self.said, minlength=len(self.items) * size)
        posterior = votes.reshape(len(self.items), size) / votes.reshape(len(self.items), size).sum(1, keepdims=True)
        posterior[self.fixed_at] = self.fixed
        done, moved = 0, np.inf
        while True:
            prevalence, met, confusion = self._estimate(posterior, smoothing)
            before = posterior
            posterior, likelihood = self._judge(prevalence, confusion)
            done += 1
            moved = float(np.abs(posterior - before).max())
            if moved <= tolerance or done >= rounds:
                break
        people = range(len(self.raters))
        judged = np.bincount(self.rater, minlength=len(self.raters))
        return ChoiceConsensus(
            outcomes=self.names,
            prevalence=tuple(prevalence.tolist()),
            posterior={name: tuple(row) for name, row in zip(self.items, posterior.tolist(), strict=True)},
            confusion={self.raters[at]: tuple(tuple(row) for row in confusion[at].tolist()) for at in people},
            judged={self.raters[at]: int(judged[at]) for at in people},
            met={self.raters[at]: tuple(met[at].tolist()) for at in people},
            log_likelihood=likelihood,
            rounds=done,
            converged=moved <= tolerance,
        )

    def _estimate(self, posterior: NDArray, smoothing: float) -> tuple[NDArray, NDArray, NDArray]:
        """The M step (equations 2.3 and 2.4): prevalence, and a table for every person."""
        import numpy as np

        size, people = len(self.names), len(self.raters)
        at = self.rater * size + self.said
        counts = np.stack(
            [
                np.bincount(at, weights=posterior[self.item, truth], minlength=people * size).reshape(people, size)
                for truth in range(size)
            ],
            axis=1,
        )
        met = counts.sum(2)
        prevalence = posterior.sum(0)
        if smoothing:
            prevalence = prevalence + 1 / size
            pooled = counts.sum(0) + np.eye(size) * OWN_ANSWER + 1 / size
            counts = counts + smoothing * pooled / pooled.sum(1, keepdims=True)
        rows = counts.sum(2, keepdims=True)
        confusion = np.divide(counts, rows, out=np.zeros_like(counts), where=rows > 0)
        return prevalence / prevalence.sum(), met, confusion

    def _judge(self, prevalence: NDArray, confusion: NDArray) -> tuple[NDArray, float]:
        """The E step (equation 2.5), in logarithms: many judges of one item do not underflow."""
        import numpy as np

        with np.errstate(divide="ignore"):
            log_prevalence, log_confusion = np.log(prevalence), np.log(confusion)
        scores = np.stack(
            [
                log_prevalence[truth]
                + np.bincount(self.item, weights=log_confusion[self.rater, truth, self.said], minlength=len(self.items))
                for truth in range(len(self.names))
            ],
            axis=1,
        )
        top = scores.max(1, keepdims=True)
        parts = np.exp(scores - top)
        total = parts.sum(1, keepdims=True)
        posterior = parts / total
        posterior[self.fixed_at] = self.fixed
        return posterior, float((top + np.log(total)).sum())
