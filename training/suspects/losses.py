"""What a round lost on each row, each time it read it: written by the recipe, read when the round is over. Pure.

One file for each process of a round, a line for each time that some rows were read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

NAME = "row_losses-{process}.jsonl"
PATTERN = "row_losses-*.jsonl"


@dataclass(frozen=True)
class Reading:
    """`row`: its place among the rows to learn from. `loss`: in nats per token of the answer, before the step; of a
    pair, the log-odds that the model gives to the answer that people called worse."""

    step: int
    row: int
    loss: float


def file_of(folder: Path, process: int) -> Path:
    return folder / NAME.format(process=process)


def append(path: Path, step: int, rows: Iterable[tuple[int, float]]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps([step, [[row, round(loss, 4)] for row, loss in rows]], allow_nan=False) + "\n")


def forget_from(path: Path, step: int) -> None:
    """A round that goes on from a checkpoint reads again what came after it."""
    if not path.exists():
        return
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if _step(line) < step]
    path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


def _step(line: str) -> float:
    try:
        return int(json.loads(line)[0])
    except (ValueError, TypeError, LookupError):  # cut off by a kill
        return float("inf")


def readings(folder: Path) -> Iterator[Reading]:
    """In the order in which each process read them; what a kill cut off is passed over."""
    for path in sorted(folder.glob(PATTERN)):
        with path.open(encoding="utf-8") as file:
            for line in file:
                if _step(line) == float("inf"):
                    continue
                step, rows = json.loads(line)
                yield from (Reading(step, row, loss) for row, loss in rows)
