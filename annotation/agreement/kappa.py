"""Cohen's kappa for two people (Cohen 1960), and weighted by how far apart their answers are (Cohen 1968).

kappa = 1 - observed / expected disagreement, where chance keeps each person's own habits: how often they gave each
answer. Undefined where both gave one and the same answer everywhere. With quadratic weights it is close to an
intraclass correlation (Fleiss and Cohen 1973).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from annotation.agreement.figures import Agreement, counted
from annotation.agreement.resampling import Row, beyond_chance, estimate

if TYPE_CHECKING:
    import numpy as np

Weights = Literal["none", "linear", "quadratic"]
POWERS: dict[Weights, int] = {"none": 0, "linear": 1, "quadratic": 2}


def cohen_kappa(
    pairs: Sequence[tuple[Any, Any]], weights: Weights = "none", scale: Sequence[Any] | None = None
) -> Agreement:
    """`pairs`: the answers of the one and the other to each item that both judged.

    Weights need the order of the answers: `scale` from lowest to highest, or else the sorted answers that were
    given. A step that nobody used counts as distance only if `scale` names it.
    """
    counts = counted({0: one, 1: other} for one, other in pairs)
    if counts.reason:
        return counts.undefined(counts.reason)
    places = {answer: place for place, answer in enumerate(_ordered(pairs, weights, scale))}
    strangers = {answer for pair in pairs for answer in pair} - places.keys()
    if strangers:
        raise ValueError(f"These answers are not on the scale: {sorted(map(repr, strangers))}")
    costs = [[_cost(one, other, weights) for other in range(len(places))] for one in range(len(places))]
    rows = (_row(places[one], places[other], costs) for one, other in pairs)

    def kappa(sums: np.ndarray) -> np.ndarray:
        import numpy as np

        one, other = sums[..., 1 : 1 + len(places)], sums[..., 1 + len(places) :]
        return beyond_chance(one.sum(axis=-1) * sums[..., 0], (one @ np.array(costs) * other).sum(axis=-1))

    return estimate(rows, kappa, counts)


def _ordered(pairs: Sequence[tuple[Any, Any]], weights: Weights, scale: Sequence[Any] | None) -> list[Any]:
    if scale is not None:
        return list(scale)
    answers = {answer for pair in pairs for answer in pair}
    return sorted(answers, key=repr) if weights == "none" else sorted(answers)


def _cost(one: int, other: int, weights: Weights) -> float:
    return float(abs(one - other) ** POWERS[weights]) if one != other else 0.0


def _row(one: int, other: int, costs: list[list[float]]) -> Row:
    """What the disagreement costs, and which answer either gave."""
    answers = [0.0] * (2 * len(costs))
    answers[one] = answers[len(costs) + other] = 1.0
    return (costs[one][other], *answers)
