"""Full fine-tuning: every weight of the model learns, and what a round leaves is a whole model, not an adapter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from training.params.checks import ParamsError
from training.params.idle import idle
from training.params.training import TrainingParams
from training.params.words import label, shown

FinetuningType = Literal["lora", "full"]
TIMES_LOWER = 20  # a LoRA round's learning rate, for weights that already say something
HIGHEST_RATE = 2e-4
OF_ADAPTERS = frozenset({"lora_r", "lora_alpha", "lora_dropout", "use_rslora", "use_dora", "load_in_4bit"})


@dataclass(frozen=True)
class LoraOrFullParams(TrainingParams):
    """Of a method that can train either."""

    finetuning_type: FinetuningType = "lora"

    def __post_init__(self) -> None:
        super().__post_init__()
        problems = self._problems_of_full() if self.finetuning_type == "full" else {}
        if problems:
            raise ParamsError(problems)

    def _problems_of_full(self) -> dict[str, str]:
        problems = {
            name: f"{label(name)} belongs to an adapter: set it to none, or train a LoRA adapter."
            for name in ("use_rslora", "use_dora", "lora_dropout")
            if getattr(self, name)
        }
        if self.load_in_4bit:
            problems["load_in_4bit"] = (
                "Weights kept in 4 bits cannot learn: train a LoRA adapter on them (QLoRA), or do without 4 bits."
            )
        if self.learning_rate > HIGHEST_RATE:
            problems["learning_rate"] = (
                f"{label('learning_rate')} must be at most {HIGHEST_RATE:g} when the whole model is trained, about "
                f"{TIMES_LOWER} times lower than for an adapter; it is {self.learning_rate:g}."
            )
        return problems


def is_full(params: Mapping[str, Any]) -> bool:
    """Whether a round with these settings leaves a whole model."""
    return params.get("finetuning_type") == "full"


def over(usual: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What is usual, with `given` in its place; a learning rate that nobody gave is the one for what is trained."""
    params = {**usual, **given}
    if is_full(given) and "learning_rate" not in given:
        params["learning_rate"] = usual["learning_rate"] / TIMES_LOWER
    return params


def meant(params: Mapping[str, Any]) -> dict[str, Any]:
    """Without those that change nothing beside the others: settings of adapters where there is none, for one."""
    without = idle(params) | (OF_ADAPTERS if is_full(params) else frozenset())
    return {name: value for name, value in params.items() if name not in without}


def told(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """For people: each setting that means something, and its value."""
    return [(label(name), shown(name, value)) for name, value in meant(params).items()]
