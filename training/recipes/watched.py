"""What is kept of each row every time it is learned from; people look again at rows that stand out."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from training.run_dir import RunDir
from training.suspects import losses

ROW = "row"  # the column that says which row it is: its place among the rows that the round was given


class Watched:
    """A trainer whose rows are watched. `losses_of`: where it is kept; None: nowhere."""

    losses_of: Path | None = None
    state: Any

    def keep_losses(self, found: Iterable[tuple[int, float]]) -> None:
        finite = [(row, loss) for row, loss in found if math.isfinite(loss)]
        if finite and self.losses_of:
            losses.append(self.losses_of, self.state.global_step, finite)


def watch(trainer: Watched, run_dir: RunDir) -> None:
    """What an earlier attempt has read after the checkpoint that this one goes on from is read again."""
    from accelerate import PartialState

    trainer.losses_of = losses.file_of(run_dir.path, PartialState().process_index)
    losses.forget_from(trainer.losses_of, _begins_at(run_dir))


def _begins_at(run_dir: RunDir) -> int:
    checkpoint = run_dir.read_params().get("resume_from")
    return int(checkpoint.rsplit("-", 1)[1]) if checkpoint else 0
