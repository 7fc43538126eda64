"""Which values a parameter may have. Pure: no torch, no Django."""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from training.params.words import label


class ParamsError(ValueError):
    """Every problem at once, by field, so that a form can put each sentence beside its field."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


@dataclass(frozen=True)
class Bounds:
    low: float
    high: float
    above: bool = False  # the low end itself is not allowed

    def sentence(self, name: str, value: Any) -> str | None:
        too_low = value <= self.low if self.above else value < self.low
        if not too_low and value <= self.high:
            return None
        start = "above" if self.above else "at least"
        return f"{name} must be {start} {self.low:g} and at most {self.high:g}; it is {value:g}."


BOUNDS = {
    "learning_rate": Bounds(0, 0.01, above=True),
    "num_train_epochs": Bounds(0, 50, above=True),
    "max_steps": Bounds(-1, 1_000_000),
    "per_device_train_batch_size": Bounds(1, 256),
    "gradient_accumulation_steps": Bounds(1, 256),
    "max_length": Bounds(32, 32_768),
    "lora_r": Bounds(1, 256),
    "lora_alpha": Bounds(1, 1024),
    "lora_dropout": Bounds(0, 0.9),
    "neftune_noise_alpha": Bounds(0, 100),
    "warmup_ratio": Bounds(0, 0.5),
    "weight_decay": Bounds(0, 1),
    "seed": Bounds(0, 2**31 - 1),
    "eval_steps": Bounds(0, 1_000_000),
    "save_steps": Bounds(0, 1_000_000),
    "early_stopping_patience": Bounds(0, 100),
    "beta": Bounds(0, 10, above=True),
    "label_smoothing": Bounds(0, 0.49),
    "sft_weight": Bounds(0, 10),
    "min_agreement": Bounds(0.5, 1),
    "min_gap": Bounds(1, 15),
    "tuning_prompts": Bounds(4, 200),
    "tuning_looks": Bounds(1, 20),
    "guard_margin": Bounds(0, 50, above=True),
    "mixing_temperature": Bounds(1, 100),
    "curriculum_stages": Bounds(2, 10),
    "replay_share": Bounds(0, 0.4),  # at a half the first stage would have nothing left of its own
    "desirable_weight": Bounds(0, 100),
    "undesirable_weight": Bounds(0, 100),
    "max_new_tokens": Bounds(1, 8192),
    "temperature": Bounds(0, 5),
    "top_p": Bounds(0, 1, above=True),
    "num_candidates": Bounds(1, 16),
    "num_generations": Bounds(2, 16),
    "kl_limit": Bounds(0, 100, above=True),
    "reward_weight": Bounds(0, 10),
    "format_weight": Bounds(0, 10),
    "date_weight": Bounds(0, 10),
    "facts_weight": Bounds(0, 10),
    "supported_weight": Bounds(0, 10),
}


def check(params: Any) -> dict[str, str]:
    problems = {}
    hints = get_type_hints(type(params))
    for field in fields(params):
        value = getattr(params, field.name)
        problem = _type_problem(field.name, hints[field.name], value)
        bounds = BOUNDS.get(field.name)
        if problem is None and bounds:
            problem = bounds.sentence(label(field.name), value)
        if problem:
            problems[field.name] = problem
    return problems


def _type_problem(name: str, kind: Any, value: Any) -> str | None:
    if get_origin(kind) is Literal:
        choices = get_args(kind)
        return None if value in choices else f"{label(name)} must be one of: {', '.join(choices)}."
    if kind is bool:
        return None if isinstance(value, bool) else f"{label(name)} must be yes or no."
    if kind is int:
        whole = isinstance(value, int) and not isinstance(value, bool) and _is_finite(value)
        return None if whole else f"{label(name)} must be a whole number."
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return None if number and _is_finite(value) else f"{label(name)} must be a number."


def _is_finite(value: float) -> bool:
    """False also for a whole number so long that it is none of floating point's."""
    return -sys.float_info.max <= value <= sys.float_info.max
