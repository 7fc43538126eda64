"""What a preset takes for a number of rows. Presets say what suits a few hundred; more rows need it adjusted. Pure.

- More rows per step, so that a round stays at a few hundred steps, each less noisy: twice as many beyond 500 rows, four
  times beyond 3,000. The second doubling is accumulated, which learns the same and needs no more memory.
- A learning rate that rises with the root of the rows per step, as suits Adam (Malladi et al. 2022, arXiv 2205.10287),
  but at most by half: an adapter's best rate follows the model, not the batch, and suffers when it is far too high
  (Schulman et al. 2025, “LoRA Without Regret”).
- Fewer passes: a row that is one of thousands need not be seen three times, and a repeated row teaches ever less
  (Muennighoff et al. 2023, arXiv 2305.16264). Three passes become one at 10,000 rows, in proportion to a power of the
  rows, and one stays one.

How often held-out rows are measured and checkpoints kept follows by itself, from the time that a step takes.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

FEW, MANY = 500, 3_000
ALL, AT_ONCE = 10_000, 3  # passes over FEW rows that become one pass over ALL of them
HIGHEST_RISE = 1.5
STEPS_FOLLOW = ("per_device_train_batch_size", "gradient_accumulation_steps", "learning_rate")
FOLLOW = (*STEPS_FOLLOW, "num_train_epochs")


def for_rows(preset: Mapping[str, Any], rows: int, given: Collection[str] = ()) -> dict[str, Any]:
    """The preset's settings for so many rows; who has `given` the rows per step has decided about the rate too."""
    params = dict(preset)
    if rows <= FEW:
        return params
    if not {*STEPS_FOLLOW[:2]} & {*given}:
        times = 2 if rows <= MANY else 4
        params["per_device_train_batch_size"] *= 2
        params["gradient_accumulation_steps"] *= times // 2
        params["learning_rate"] = _two_digits(params["learning_rate"] * min(math.sqrt(times), HIGHEST_RISE))
    params["num_train_epochs"] = _passes(params["num_train_epochs"], rows)
    return params


def _passes(few: float, rows: int) -> float:
    """In halves, and at least one where there was one."""
    fewer = few * (FEW / rows) ** (math.log(AT_ONCE) / math.log(ALL / FEW))
    return min(few, max(1.0, round(2 * fewer) / 2))


def _two_digits(rate: float) -> float:
    return float(f"{rate:.1e}")


def in_words(params: Mapping[str, Any], rows: int) -> str:
    """“3 passes, 4 rows per step (102 steps), learning rate 0.001”."""
    passes, per_step = params["num_train_epochs"], params["per_device_train_batch_size"]
    together = per_step * params["gradient_accumulation_steps"]
    steps = math.ceil(math.ceil(rows / together) * passes)
    rate = f"learning rate {params['learning_rate']:.10f}".rstrip("0")
    if 0 < params["max_steps"] < steps:
        return f"{params['max_steps']:,} steps, {together} rows per step, {rate}"
    return f"{passes:g} {'pass' if passes == 1 else 'passes'}, {together} rows per step ({steps:,} steps), {rate}"
