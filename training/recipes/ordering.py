"""The order in which a round reads its rows, where its settings ask for one; found once, kept for later attempts."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from training.arrangement import arranging, curriculum
from training.params import to_json
from training.recipes.process import is_first, phase
from training.recipes.rows import tokenize
from training.run_dir import RunDir, read_rows, write_json

HIGHEST_LOSS = 50.0
Surprises = Callable[[], list[float]]


def order(run_dir: RunDir, params: Any, tokenizer: Any, surprises: Surprises) -> list[int] | None:
    """Places of rows for the whole round; None when the trainer shuffles by itself.

    `surprises` measures the loss of each row before training; it is only called where the order follows from it.
    """
    settings, spec = to_json(params), run_dir.read_params()
    if not (arranging.arranges(settings) or spec.get("same_draws")):
        return None
    from accelerate import PartialState

    from training.recipes import base

    phase(run_dir, "Ordering the rows")
    with PartialState(cpu=not base.on_gpu()).main_process_first():  # the others read what the first one finds
        known = _read(run_dir)
        rows = read_rows(run_dir.train)
        if known is None or len(known["order"]) != arranging.count_draws(settings, len(rows)):
            known = _find(run_dir, rows, settings, tokenizer, surprises)
            if is_first():
                write_json(run_dir.path / arranging.ORDER, known)
    if known["stages"]:
        run_dir.append_event("stages", by=settings["curriculum"], stages=known["stages"])
    return known["order"]


def _read(run_dir: RunDir) -> dict[str, Any] | None:
    file = run_dir.path / arranging.ORDER
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None


def _find(
    run_dir: RunDir, rows: list[dict[str, Any]], settings: dict[str, Any], tokenizer: Any, surprises: Surprises
) -> dict[str, Any]:
    drawn = arranging.draws(rows, settings)
    if not arranging.in_order(settings):
        return {"order": drawn, "stages": []}
    hard = difficulty(rows, settings, tokenizer, surprises)
    found = arranging.in_stages(drawn, hard, settings)
    return {
        "order": [row for stage in found for row in stage.drawn],
        "stages": [stage.as_json() for stage in found],
        "difficulty": hard,
    }


def stages(rows: list[dict[str, Any]], settings: dict[str, Any], tokenizer: Any) -> list[dict[str, Any]]:
    """As they will be, where no model has to be asked."""
    hard = difficulty(rows, settings, tokenizer, list)
    return [stage.as_json() for stage in arranging.in_stages(arranging.draws(rows, settings), hard, settings)]


def difficulty(
    rows: Sequence[dict[str, Any]], settings: dict[str, Any], tokenizer: Any, surprises: Surprises
) -> list[float]:
    """Of each row, by the measure that the settings name."""
    by = settings["curriculum"]
    if by == curriculum.MARK:
        return arranging.marks(rows)
    if by == curriculum.PERPLEXITY:
        return [round(math.exp(min(loss, HIGHEST_LOSS)), 4) for loss in surprises()]
    tokenized = [tokenize(tokenizer, row["prompt"], row["completion"]) for row in rows]
    return [float(len(tokens.ids) - tokens.answer_starts) for tokens in tokenized]
