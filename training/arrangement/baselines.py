"""Rounds beside a round, which show whether what it does helps: the same rows as often in as many steps, shuffled,
beside one that reads them in order; and the best half of the rows, by quality, beside one that reads them all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from training.arrangement import arranging, curriculum
from training.jobs import Status
from training.models import TrainingRound

SHUFFLED, BEST_HALF = "shuffled baseline", "best half"
SAME_ROWS = {True: "has the same rows, shuffled", False: "has the same rows, from easy to hard"}
HALF = {True: "learns from the best half of the rows", False: "learns from all the rows"}
WAITING = "Both held-out losses stand here when both rounds have succeeded."
TELLS_MORE = "Whether that is more than chance, an evaluation that asks both says."


@dataclass(frozen=True)
class Beside:
    """The other round of the two, and the sentence that holds both validation losses against each other."""

    round: TrainingRound
    is_baseline: bool
    kind: str
    both_done: bool
    sentence: str

    def __str__(self) -> str:
        return f"{self.round} {(HALF if self.is_half else SAME_ROWS)[self.is_baseline]}"

    @property
    def is_half(self) -> bool:
        return self.kind == BEST_HALF


def wanted(params: Mapping[str, Any], there: Collection[str] = ()) -> dict[str, dict[str, Any]]:
    """The settings of each round that goes beside one with these; none that is there already."""
    found = {}
    if arranging.in_order(params) and params["shuffled_baseline"]:
        found[SHUFFLED] = {**params, "curriculum": curriculum.NONE, "best_half": False}
    if params.get("best_half"):
        found[BEST_HALF] = {**params, "shuffled_baseline": False, "best_half": False}
    return {kind: settings for kind, settings in found.items() if kind not in there}


def kind_of(round: TrainingRound) -> str:
    """What it shows beside the round that it was launched with; empty where it stands alone."""
    if round.baseline_of is None:
        return ""
    return BEST_HALF if round.dataset_version_id != round.baseline_of.dataset_version_id else SHUFFLED


def beside(round: TrainingRound) -> list[Beside]:
    """Those launched with it, or the round that it was launched with."""
    if round.baseline_of:
        return [_beside(round.baseline_of, False, round.baseline_of, round)]
    if not arranging.in_order(round.params) and not round.params.get("best_half"):
        return []
    others = round.baselines.select_related("adapter", "baseline_of", "dataset_version").order_by("number")
    return [_beside(each, True, round, each) for each in others]


def _beside(other: TrainingRound, is_baseline: bool, first: TrainingRound, baseline: TrainingRound) -> Beside:
    both_done = first.status == baseline.status == Status.SUCCEEDED
    kind = kind_of(baseline)
    said = _losses(kind, first, baseline) if both_done else WAITING
    return Beside(other, is_baseline, kind, both_done, said)


def _losses(kind: str, first: TrainingRound, baseline: TrainingRound) -> str:
    one, other = first.result.get("eval_loss"), baseline.result.get("eval_loss")
    if one is None or other is None:
        helped = "fewer rows are enough" if kind == BEST_HALF else "the order helped"
        return f"There were no held-out rows, so an evaluation has to say whether {helped}."
    if kind == SHUFFLED:
        return f"Held-out loss is {one:.3f} from easy to hard and {other:.3f} shuffled. {TELLS_MORE}"
    rows, half = first.dataset_version.train_rows, baseline.dataset_version.train_rows
    return (
        f"Held-out loss is {one:.3f} after learning from all {rows:,} rows and {other:.3f} after the best {half:,}, on "
        f"the same held-out rows. {TELLS_MORE}"
    )
