"""Which rows a round with these settings draws, how often, and in which order. Pure.

The order is that of the whole round, cut into passes of as many rows as there are: the number of steps, the size of
each batch and the moments of measuring are those of a shuffled round.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from training.arrangement import curriculum, mixture
from training.arrangement.curriculum import Stage
from training.arrangement.mixture import Part
from training.estimating.estimates import steps

ORDER = "order.json"  # in the run directory: what was found once, for later attempts
TASK_TYPE = "task_type"
USUAL_MARK = 2  # of a row that nobody has marked
MARKS = (1, 2, 3)


def arranges(params: Mapping[str, Any]) -> bool:
    """Whether these settings change what a pass draws or in which order; else the trainer shuffles by itself."""
    return in_order(params) or params.get("task_mixing", mixture.PROPORTIONAL) != mixture.PROPORTIONAL


def in_order(params: Mapping[str, Any]) -> bool:
    return params.get("curriculum", curriculum.NONE) != curriculum.NONE


def count_draws(params: Mapping[str, Any], rows: int) -> int:
    """How many rows the trainer takes in all its steps; the last batch of a pass may be a small one."""
    per_step = params["per_device_train_batch_size"] * params["gradient_accumulation_steps"]
    per_pass = -(-rows // per_step)
    whole, rest = divmod(steps(params, rows)[0], per_pass)
    return whole * rows + min(rows, rest * per_step)


def task_types(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Of each row; empty where it has none."""
    return [row.get(TASK_TYPE) or "" for row in rows]


def draws(rows: Sequence[Mapping[str, Any]], params: Mapping[str, Any]) -> list[int]:
    """The places of the rows, as often as the round draws them, shuffled pass by pass."""
    count = count_draws(params, len(rows))
    mixing, temperature = params["task_mixing"], params["mixing_temperature"]
    return mixture.draws(task_types(rows), count, mixing, temperature, params["seed"])


def in_stages(drawn: Sequence[int], difficulty: Sequence[float], params: Mapping[str, Any]) -> list[Stage]:
    count, replay = params["curriculum_stages"], params["replay_share"]
    return curriculum.stages(drawn, difficulty, count, replay, params["seed"])


def parts(
    rows: Sequence[Mapping[str, Any]], held_out: Sequence[Mapping[str, Any]], params: Mapping[str, Any]
) -> list[Part]:
    """The effective mixture of the round."""
    drawn = draws(rows, params)
    return mixture.parts(task_types(rows), drawn, len(drawn) / len(rows), task_types(held_out))


def weights(rows: Sequence[Mapping[str, Any]], params: Mapping[str, Any]) -> list[float]:
    """How often each row is drawn in a pass, on average over the round."""
    drawn = draws(rows, params)
    times = Counter(drawn)
    return [times[place] * len(rows) / len(drawn) for place in range(len(rows))]


def marks(rows: Sequence[Mapping[str, Any]]) -> list[float]:
    """How difficult the experts find each row; an unmarked one counts as usual."""
    return [float(row.get("difficulty") or USUAL_MARK) for row in rows]
