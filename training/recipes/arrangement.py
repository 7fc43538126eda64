"""What a pre-flight says of the mix of task types and of the order of the rows. No torch."""

from __future__ import annotations

from typing import Any

from training.arrangement import arranging, curriculum
from training.params import SFTParams, to_json
from training.recipes import ordering, rows

ONE_TYPE = "All rows to learn from are of one task type, so there is nothing to mix."
NO_MARKS = (
    "No row carries a mark of difficulty, so there is nothing to order by: choose the length of the answers or the "
    "model's own surprise."
)
MEASURED_LATER = (
    "The order follows from how much each answer surprises the model. That is measured when the round starts, and "
    "its page shows the stages."
)
BESIDE = (
    "A shuffled baseline trains after this round, on the same rows in as many steps. What is said of time and cost "
    "here is for one of the two."
)
HALF_TOO = (
    "The same round on the best half of the rows trains after this one. What is said of rows, time and cost here is "
    "for the round on all of them."
)


def pick(train: list[dict[str, Any]], params: SFTParams) -> rows.Picked:
    """Every row, and what people should know about how they are mixed and ordered."""
    settings = to_json(params)
    notes = [HALF_TOO] if settings["best_half"] else []
    if settings["task_mixing"] != "proportional" and len(set(arranging.task_types(train))) == 1:
        notes.append(ONE_TYPE)
    if not arranging.in_order(settings):
        return rows.Picked(train, notes)
    if settings["curriculum"] == curriculum.MARK and not any(row.get("difficulty") for row in train):
        return rows.Picked(train, notes, [NO_MARKS])
    if settings["curriculum"] == curriculum.PERPLEXITY:
        notes.append(MEASURED_LATER)
    return rows.Picked(train, [*notes, BESIDE] if settings["shuffled_baseline"] else notes)


def report(
    train: list[dict[str, Any]], validation: list[dict[str, Any]], tokenizer: Any, params: SFTParams
) -> dict[str, Any]:
    """`mixture`: by task type; `stages`: None when they are only known once the round has started."""
    settings = to_json(params)
    told: dict[str, Any] = {"mixture": [part.as_json() for part in arranging.parts(train, validation, settings)]}
    if arranging.in_order(settings):
        told["ordered_by"] = settings["curriculum"]
        told["stages"] = None
        if settings["curriculum"] != curriculum.PERPLEXITY:
            told["stages"] = ordering.stages(train, settings, tokenizer)
    return told


def weights(train: list[dict[str, Any]], params: Any) -> list[float] | None:
    """How often each row is drawn in a pass; None: once."""
    settings = to_json(params)
    return arranging.weights(train, settings) if arranging.arranges(settings) else None
