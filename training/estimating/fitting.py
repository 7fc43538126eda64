"""Whether a round fits into the memory of a machine, and which settings would make it fit. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from training.estimating.estimates import Counts, Factors, Machine, Shape, memory, size
from training.methods import from_json
from training.params import CHOICES, is_full
from training.params.checks import BOUNDS, ParamsError
from training.params.full import TIMES_LOWER
from training.params.words import LABELS

USABLE = 0.95  # the rest is the system's own
UNSURE = 1.25  # without experience only a clear excess is refused
SHORTEST_ROW = 128
LENGTH_STEP = 64


def too_large(needed: float, machine: Machine, factors: Factors) -> bool:
    return needed > USABLE * machine.memory_bytes * (1.0 if factors.known else UNSURE)


def fitting(
    method: str, shape: Shape, params: Mapping[str, Any], counts: Counts, machine: Machine, factors: Factors
) -> dict[str, Any] | None:
    """The changes that make it fit, those that cost least first; None when nothing does.

    Fewer rows at a time with accumulation learn the same; an adapter in place of the whole model learns nearly as much
    of few rows; 4-bit weights lose a little; shorter rows lose text.
    """
    for changes in _changes(method, params, counts):
        changed = {**params, **changes}
        needed = memory(shape, changed, _cut(counts, changed), machine) * factors.memory
        if needed <= USABLE * machine.memory_bytes:
            return {"params": changes, "memory_bytes": round(needed)}
    return None


def _changes(method: str, params: Mapping[str, Any], counts: Counts) -> Iterator[dict[str, Any]]:
    batches = [{}, *(batch for batch in _smaller_batches(params) if _allowed(method, {**params, **batch}))]
    smallest = batches[-1]
    yield from batches[1:]
    instead: dict[str, Any] = {}
    if is_full(params):
        instead = {"finetuning_type": "lora", "learning_rate": params["learning_rate"] * TIMES_LOWER}
        yield from ({**batch, **instead} for batch in batches)
    if not params["load_in_4bit"]:
        instead["load_in_4bit"] = True
        yield from ({**batch, **instead} for batch in batches)
    if not _allowed(method, {**params, "allow_truncation": True}):
        return  # it reads rows whole
    for length in _shorter(min(counts.longest, params["max_length"])):
        yield {**smallest, **instead, "max_length": length, "allow_truncation": True}


def _smaller_batches(params: Mapping[str, Any]) -> list[dict[str, int]]:
    """Every division of the rows of a step into equal smaller batches, the largest batches first."""
    rows = params["per_device_train_batch_size"]
    together = rows * params["gradient_accumulation_steps"]
    most = BOUNDS["gradient_accumulation_steps"].high
    return [
        {"per_device_train_batch_size": batch, "gradient_accumulation_steps": together // batch}
        for batch in range(rows - 1, 0, -1)
        if together % batch == 0 and together // batch <= most
    ]


def _allowed(method: str, params: dict[str, Any]) -> bool:
    """Some methods compare the rows of a step, and need several; some read rows whole."""
    try:
        from_json(method, params)
    except ParamsError:
        return False
    return True


def _shorter(longest: int) -> Iterable[int]:
    below = math.ceil(longest / LENGTH_STEP) * LENGTH_STEP - LENGTH_STEP
    return range(below, SHORTEST_ROW - 1, -LENGTH_STEP)


def _cut(counts: Counts, params: Mapping[str, Any]) -> Counts:
    return replace(counts, longest=min(counts.longest, params["max_length"]))


# --- In words -------------------------------------------------------------------------------------------------


def refusal(needed: float, machine: Machine, proposal: Mapping[str, Any] | None) -> str:
    where = "the GPU" if machine.device == "cuda" else "this machine"
    said = f"It needs about {size(needed)} of memory, and {where} has {size(machine.memory_bytes)}."
    if proposal is None:
        return f"{said} No settings would make this base model fit here: choose a smaller one."
    return f"{said} It would fit with {changes_in_words(proposal['params'])}: about {size(proposal['memory_bytes'])}."


def changes_in_words(changes: Mapping[str, Any]) -> str:
    """“a LoRA adapter, learning rate 0.001, rows per step 1 and gradient accumulation 4”."""
    named = []
    for name, value in changes.items():
        said = LABELS[name] if value is True else CHOICES.get(name, {}).get(value) or f"{LABELS[name]} {value:g}"
        named.append(said[:1].lower() + said[1:])
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
