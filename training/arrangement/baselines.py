"""The shuffled round beside one that reads its rows in order: the same rows as often, in as many steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training.arrangement import arranging, curriculum
from training.jobs import Status
from training.models import TrainingRound

WAITING = "Both held-out losses stand here when both rounds have succeeded."


@dataclass(frozen=True)
class Beside:
    """The other round of the two, and the sentence that holds both validation losses against each other."""

    round: TrainingRound
    is_baseline: bool
    both_done: bool
    sentence: str

    def __str__(self) -> str:
        return f"{self.round} has the same rows, {'shuffled' if self.is_baseline else 'from easy to hard'}"


def params_of(params: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of the baseline of a round with these; empty when none is wanted."""
    if not arranging.in_order(params) or not params["shuffled_baseline"]:
        return {}
    return {**params, "curriculum": curriculum.NONE}


def beside(round: TrainingRound) -> list[Beside]:
    """Its baseline, or the round whose baseline it is."""
    if round.baseline_of:
        return [_beside(round.baseline_of, False, round.baseline_of, round)]
    if not arranging.in_order(round.params):
        return []
    return [_beside(each, True, round, each) for each in round.baselines.select_related("adapter").order_by("number")]


def _beside(other: TrainingRound, is_baseline: bool, ordered: TrainingRound, shuffled: TrainingRound) -> Beside:
    both_done = ordered.status == shuffled.status == Status.SUCCEEDED
    return Beside(other, is_baseline, both_done, _losses(ordered, shuffled) if both_done else WAITING)


def _losses(ordered: TrainingRound, shuffled: TrainingRound) -> str:
    one, other = ordered.result.get("eval_loss"), shuffled.result.get("eval_loss")
    if one is None or other is None:
        return "There were no held-out rows, so an evaluation has to say whether the order helped."
    return (
        f"Held-out loss is {one:.3f} from easy to hard and {other:.3f} shuffled. "
        "Whether that is more than chance, an evaluation that asks both says."
    )
