"""How often each person orders two candidates rightly, when nobody knows the right order.

Dawid and Skene's model (1979) on every two candidates of every comparison, with the truths "one is better", "equal" and
"the other is better". Which candidate is called one has no meaning, so a person errs in both directions alike: three
probabilities where there is a better one (right, tie, wrong) and two where there is none (tie, no tie).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from annotation.consensus.judgements import Judgement, by_comparison, pair_votes
from annotation.intervals import wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

USUAL = (0.70, 0.10, 0.20)
"""Right, tie and wrong, of a person of whom nothing is known."""
USUAL_TIES = (0.5, 0.5)
SMOOTHING = 10.0
"""Every person starts with this many comparisons of the usual kind."""
SUREST = 0.95
"""Nobody counts as surer than this, so that one person never silences all others."""
ALONE = "Nobody else ordered the same candidates."


@dataclass(frozen=True, slots=True)
class Reliability:
    """`accuracy`: how likely this person orders two candidates rightly, a tie counted half; a half is chance.

    `comparisons`: how many of theirs somebody else judged too. `low` and `high`: Wilson's 95 % interval of the accuracy
    with that many, as if the right orders were known: with few judges per comparison it is somewhat wider in truth.
    All three are None, and `reason` says why, where there is nothing to compare with. `assumed` then is a usual
    person's accuracy, otherwise their own.
    """

    accuracy: float | None
    low: float | None
    high: float | None
    comparisons: int
    reason: str
    assumed: float

    def exponent(self, spread: float) -> float:
        """The exponent on worths under which two candidates, drawn from the prior, are ordered rightly that often.

        With strengths normal around 0, their gap is normal with standard deviation spread * sqrt(2), and a logistic
        curve is nearly a normal one stretched by sqrt(8 / pi). The share of right orders is then
        1/2 + atan(exponent * gap * sqrt(pi / 8)) / pi. Who errs more often than not counts nothing: turning their
        orders round would trust them to go on erring.
        """
        sure = min(max(self.assumed, 0.5), SUREST)
        return math.tan(math.pi * (sure - 0.5)) / (math.sqrt(math.pi / 8) * spread * math.sqrt(2))


@dataclass(frozen=True, slots=True)
class Reliabilities:
    """`of`: by person, sorted."""

    of: dict[str, Reliability]
    rounds: int
    converged: bool


def reliabilities(
    judgements: Iterable[Judgement],
    *,
    among_unacceptable: bool = False,
    smoothing: float = SMOOTHING,
    rounds: int = 1000,
    tolerance: float = 1e-4,
) -> Reliabilities:
    """Of everybody who judged. The start is the votes' shares; nothing is left to chance.

    The pairs of one ranking hang together: n candidates make n(n - 1)/2 pairs out of n - 1 choices, so each pair
    counts 2/n when a person's errors are added up. It has converged when no accuracy moves by more than `tolerance`.
    """
    grouped = by_comparison(judgements)
    people = sorted({each.rater for group in grouped.values() for each in group})
    votes = _Votes.of(grouped, people, among_unacceptable)
    if not votes.pairs:
        return Reliabilities({name: _described(_usual(), 0) for name in people}, 0, True)
    accuracy, done, converged = votes.solve(smoothing, rounds, tolerance)
    described = {name: _described(accuracy[at], votes.shared[at]) for at, name in enumerate(people)}
    return Reliabilities(described, done, converged)


def _usual() -> float:
    return USUAL[0] + USUAL[1] / 2


def _described(accuracy: float, comparisons: int) -> Reliability:
    if not comparisons:
        return Reliability(None, None, None, 0, ALONE, _usual())
    low, high = wilson(accuracy * comparisons, comparisons)
    return Reliability(accuracy, low, high, comparisons, "", accuracy)


@dataclass(slots=True)
class _Votes:
    people: int
    pairs: int
    pair: NDArray
    rater: NDArray
    side: NDArray  # 0 one, 1 tie, 2 other
    count: NDArray
    shared: list[int]

    @classmethod
    def of(cls, grouped: dict[str, list[Judgement]], people: list[str], among_unacceptable: bool) -> _Votes:
        import numpy as np

        number = {name: at for at, name in enumerate(people)}
        rows: list[tuple[int, int, int, float]] = []
        shared = [0] * len(people)
        pairs = 0
        for group in grouped.values():
            voted: dict[tuple[str, str], list[tuple[int, int]]] = {}
            size = len({each for judgement in group for part in judgement.groups for each in part})
            for judgement in group:
                for vote in pair_votes(judgement, among_unacceptable):
                    if vote.side is not None:
                        voted.setdefault((vote.one, vote.other), []).append((number[judgement.rater], 1 - vote.side))
            compared = [each for each in voted.values() if len(each) > 1]
            for who in {person for votes in compared for person, _ in votes}:
                shared[who] += 1
            for votes in compared:
                rows.extend((pairs, person, side, 2 / size) for person, side in votes)
                pairs += 1
        columns = zip(*rows, strict=True) if rows else ((), (), (), ())
        pair, rater, side, count = (np.array(column) for column in columns)
        return cls(len(people), pairs, pair, rater, side, count, shared)

    def solve(self, smoothing: float, rounds: int, tolerance: float) -> tuple[list[float], int, bool]:
        import numpy as np

        counts = np.bincount(self.pair * 3 + self.side, minlength=self.pairs * 3).reshape(self.pairs, 3) + 0.5
        truth = counts / counts.sum(1, keepdims=True)
        accuracy = np.full(self.people, np.inf)
        for done in range(1, rounds + 1):
            directed, equal, prevalence = self._estimate(truth, smoothing)
            before, accuracy = accuracy, directed[:, 0] + directed[:, 1] / 2
            if np.abs(accuracy - before).max() <= tolerance:
                return accuracy.tolist(), done, True
            truth = self._judge(directed, equal, prevalence)
        return accuracy.tolist(), rounds, False

    def _estimate(self, truth: NDArray, smoothing: float) -> tuple[NDArray, NDArray, NDArray]:
        """Every person's right, tie, wrong; their tie, no tie; and how often one is better, equal, the other better."""
        import numpy as np

        def added(weights: NDArray) -> NDArray:
            return np.bincount(self.rater, weights=self.count * weights, minlength=self.people)

        at_one, at_equal, at_other = (truth[self.pair, column] for column in range(3))
        tied = self.side == 1
        right = added(np.where(self.side == 0, at_one, 0) + np.where(self.side == 2, at_other, 0))
        wrong = added(np.where(self.side == 2, at_one, 0) + np.where(self.side == 0, at_other, 0))
        directed = np.stack([right, added(np.where(tied, at_one + at_other, 0)), wrong], axis=1)
        directed += smoothing * np.array(USUAL)
        equal = np.stack([added(np.where(tied, at_equal, 0)), added(np.where(tied, 0, at_equal))], axis=1)
        equal += smoothing * np.array(USUAL_TIES)
        equals = (truth[:, 1].sum() + 0.5) / (self.pairs + 1.5)
        prevalence = np.array([(1 - equals) / 2, equals, (1 - equals) / 2])
        return directed / directed.sum(1, keepdims=True), equal / equal.sum(1, keepdims=True), prevalence

    def _judge(self, directed: NDArray, equal: NDArray, prevalence: NDArray) -> NDArray:
        import numpy as np

        log_directed = np.log(directed)
        log_equal = np.log(np.stack([equal[:, 1] / 2, equal[:, 0], equal[:, 1] / 2], axis=1))
        said = (log_directed[self.rater, self.side], log_equal[self.rater, self.side])
        mirrored = log_directed[self.rater, 2 - self.side]
        scores = np.stack(
            [np.bincount(self.pair, weights=each, minlength=self.pairs) for each in (said[0], said[1], mirrored)],
            axis=1,
        )
        scores += np.log(prevalence)
        likely = np.exp(scores - scores.max(1, keepdims=True))
        return likely / likely.sum(1, keepdims=True)
