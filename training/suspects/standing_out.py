"""Which rows a round kept finding unlikely. Pure.

A row's training dynamics tell wrong labels: what stays hard to learn over the passes is often labelled wrong
(Swayamdipta et al., Dataset Cartography, EMNLP 2020; Pleiss et al., AUM, NeurIPS 2020). Each loss is compared with
those of rows read at about the same time, since early in a round everything is unlikely, and with rows of the same
task type, since some tasks are harder to predict than others.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from training.suspects.losses import Reading

AROUND, CLOSE = 32, 4  # readings on either side: at most, and at least
FEW = 8  # rows of a task type below which its own middle says nothing
SHARE = 0.1
MOST = 2_000


@dataclass(frozen=True)
class Suspect:
    """`surplus`: nats per token above what rows read at about the same time lost."""

    row: int
    surplus: float
    passes: int


def suspects(readings: Iterable[Reading], task_types: Sequence[str]) -> list[Suspect]:
    """The tenth of the rows that stood out most, the most unlikely first; those that stood out at all."""
    found = ranked(readings, task_types)
    kept = found[: min(MOST, max(1, round(SHARE * len(found))))]
    return [each for each in kept if each.surplus > 0]


def ranked(readings: Iterable[Reading], task_types: Sequence[str]) -> list[Suspect]:
    """Every row that was read, the most unlikely first. `task_types`: of each row, by its place."""
    surplus: dict[int, list[float]] = defaultdict(list)
    seen = list(readings)
    for reading, usual in zip(seen, _usual([each.loss for each in seen]), strict=True):
        surplus[reading.row].append(reading.loss - usual)
    means = {row: statistics.fmean(values) for row, values in surplus.items()}
    middles = _middles(means, task_types)
    found = [
        Suspect(row, round(mean - middles.get(task_types[row], 0.0), 4), len(surplus[row]))
        for row, mean in means.items()
    ]
    return sorted(found, key=lambda each: (-each.surplus, each.row))


def _usual(losses: Sequence[float]) -> list[float]:
    """The median of the losses around each, itself included.

    As many on either side, also near the ends: losses fall, and those of one side alone would be too high or too low.
    """
    found = []
    for at in range(len(losses)):
        reach = max(CLOSE, min(AROUND, at, len(losses) - 1 - at))
        found.append(statistics.median(losses[max(0, at - reach) : at + reach + 1]))
    return found


def _middles(means: dict[int, float], task_types: Sequence[str]) -> dict[str, float]:
    of_type: dict[str, list[float]] = defaultdict(list)
    for row, mean in means.items():
        of_type[task_types[row]].append(mean)
    return {name: statistics.median(values) for name, values in of_type.items() if len(values) >= FEW}
