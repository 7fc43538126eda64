"""What a recipe can be told, under TRL's and PEFT's names. Pure: no torch, no Django."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

Scheduler = Literal["linear", "cosine", "constant", "constant_with_warmup"]
LossType = Literal["sigmoid", "ipo", "hinge", "robust"]


LABELS = {
    "learning_rate": "Learning rate",
    "num_train_epochs": "Passes over the rows",
    "max_steps": "Step limit",
    "per_device_train_batch_size": "Rows per step",
    "gradient_accumulation_steps": "Gradient accumulation",
    "max_length": "Longest row in tokens",
    "lora_r": "LoRA rank",
    "lora_alpha": "LoRA alpha",
    "lora_dropout": "LoRA dropout",
    "warmup_ratio": "Warm-up share",
    "weight_decay": "Weight decay",
    "lr_scheduler_type": "Learning rate schedule",
    "seed": "Seed",
    "load_in_4bit": "4-bit base weights",
    "eval_steps": "Steps between evaluations",
    "save_steps": "Steps between checkpoints",
    "early_stopping_patience": "Early stopping patience",
    "allow_truncation": "Allow cut rows",
    "beta": "Beta",
    "loss_type": "Loss",
    "label_smoothing": "Label smoothing",
    "sft_weight": "Weight of the SFT term",
    "max_new_tokens": "Longest answer in tokens",
    "temperature": "Temperature",
    "top_p": "Top-p",
    "num_candidates": "Candidates per prompt",
    "score_references": "Score reference answers",
}


def label(name: str) -> str:
    return LABELS.get(name, name)


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
    "warmup_ratio": Bounds(0, 0.5),
    "weight_decay": Bounds(0, 1),
    "seed": Bounds(0, 2**31 - 1),
    "eval_steps": Bounds(0, 1_000_000),
    "save_steps": Bounds(0, 1_000_000),
    "early_stopping_patience": Bounds(0, 100),
    "beta": Bounds(0, 10, above=True),
    "label_smoothing": Bounds(0, 0.49),
    "sft_weight": Bounds(0, 10),
    "max_new_tokens": Bounds(1, 8192),
    "temperature": Bounds(0, 5),
    "top_p": Bounds(0, 1, above=True),
    "num_candidates": Bounds(1, 16),
}


def _check(params: Any) -> dict[str, str]:
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


@dataclass(frozen=True)
class TrainingParams:
    """What SFT and DPO have in common."""

    learning_rate: float = 1e-3
    num_train_epochs: float = 3.0
    max_steps: int = -1
    per_device_train_batch_size: int = 4
    gradient_accumulation_steps: int = 1
    max_length: int = 1024
    lora_r: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.0
    warmup_ratio: float = 0.1
    weight_decay: float = 0.0
    lr_scheduler_type: Scheduler = "cosine"
    seed: int = 17
    load_in_4bit: bool = False
    eval_steps: int = 0  # 0: up to four times per epoch
    save_steps: int = 0  # 0: at least every two minutes
    early_stopping_patience: int = 0
    allow_truncation: bool = False

    def __post_init__(self) -> None:
        problems = _check(self)
        if "max_steps" not in problems and self.max_steps == 0:
            problems["max_steps"] = f"{label('max_steps')} must be -1 (no limit) or at least 1."
        if problems:
            raise ParamsError(problems)


@dataclass(frozen=True)
class SFTParams(TrainingParams):
    pass


@dataclass(frozen=True)
class DPOParams(TrainingParams):
    learning_rate: float = 2e-4
    beta: float = 0.1
    loss_type: LossType = "sigmoid"
    label_smoothing: float = 0.0
    sft_weight: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.loss_type == "robust" and self.label_smoothing == 0:
            problem = "The robust loss needs label smoothing: the share of preferences that may be wrong."
            raise ParamsError({"label_smoothing": problem})
        if self.loss_type != "robust" and self.label_smoothing > 0:
            problem = "Label smoothing only works with the robust loss: choose that loss, or set it to 0."
            raise ParamsError({"label_smoothing": problem})


@dataclass(frozen=True)
class GenerateParams:
    max_new_tokens: int = 256
    temperature: float = 0.8
    top_p: float = 0.95
    num_candidates: int = 1
    seed: int = 17
    score_references: bool = False

    def __post_init__(self) -> None:
        problems = _check(self)
        if not problems and self.temperature == 0 and self.num_candidates > 1:
            problems["num_candidates"] = "At temperature 0 all candidates are the same: ask for one."
        if problems:
            raise ParamsError(problems)


Params = SFTParams | DPOParams | GenerateParams
PARAMS: dict[str, type[SFTParams] | type[DPOParams] | type[GenerateParams]] = {
    "sft": SFTParams,
    "dpo": DPOParams,
    "generate": GenerateParams,
}


def to_json(params: Params) -> dict[str, Any]:
    return asdict(params)


def from_json(method: str, values: dict[str, Any]) -> Any:
    """The checked parameters of a method; fields left out take their defaults, unknown ones are an error."""
    if method not in PARAMS:
        raise ValueError(f"There is no method called {method}; there are {', '.join(sorted(PARAMS))}.")
    kind = PARAMS[method]
    unknown = sorted(set(values) - {field.name for field in fields(kind)})
    if unknown:
        raise ParamsError({name: f"{method} has no parameter called {name}." for name in unknown})
    return kind(**values)


@dataclass(frozen=True)
class Preset:
    label: str
    help: str
    params: Any


SFT_STANDARD = SFTParams()
SFT_PRESETS = {
    "standard": Preset(
        "Standard",
        "Three passes over the demonstrations: learns the form and the tone of 100 to 500 demonstrations.",
        SFT_STANDARD,
    ),
    "quick": Preset(
        "Quick look",
        "One pass: shows early whether the demonstrations teach what you mean.",
        replace(SFT_STANDARD, num_train_epochs=1.0),
    ),
    "careful": Preset(
        "Careful",
        "Smaller steps, up to six passes; stops by itself when held-out demonstrations no longer gain.",
        replace(SFT_STANDARD, learning_rate=5e-4, num_train_epochs=6.0, early_stopping_patience=3),
    ),
}

DPO_STANDARD = DPOParams()
DPO_PRESETS = {
    "standard": Preset(
        "Standard",
        "Moves the model towards what about 100 pairs prefer and keeps what it already writes well.",
        DPO_STANDARD,
    ),
    "quick": Preset(
        "Quick look",
        "One pass: shows early which way the preferences pull.",
        replace(DPO_STANDARD, num_train_epochs=1.0),
    ),
    "careful": Preset(
        "Careful",
        "Smaller steps that stay closer to the model before, for few or noisy preferences.",
        replace(DPO_STANDARD, learning_rate=1e-4, beta=0.2),
    ),
}

PRESETS: dict[str, dict[str, Preset]] = {"sft": SFT_PRESETS, "dpo": DPO_PRESETS}

HELP = {
    "learning_rate": "How far a step moves the model: too far spoils the text, too little learns nothing.",
    "num_train_epochs": "How many times the model sees every row; more than a few teaches it to repeat them.",
    "max_steps": "Stops after this many steps whatever the passes say; -1 means no limit.",
    "per_device_train_batch_size": "How many rows the model learns from at once; more needs more memory.",
    "gradient_accumulation_steps": "Adds up this many batches before the model changes, to save memory.",
    "max_length": "Rows with more tokens than this would be cut; the check before training counts them.",
    "lora_r": "The size of the adapter: a higher rank can learn more and makes a larger file.",
    "lora_alpha": "How strongly the adapter counts; usually twice the rank.",
    "lora_dropout": "The share of adapter inputs left out at random, against learning by heart.",
    "warmup_ratio": "The share of the steps in which the learning rate rises from zero to its full value.",
    "weight_decay": "Pulls the adapter's weights towards zero, against learning by heart.",
    "lr_scheduler_type": "How the learning rate falls during training.",
    "seed": "The same seed, rows and settings give the same adapter on the same machine.",
    "load_in_4bit": "Keeps the base model in 4 bits (QLoRA): less memory, slightly worse on small models.",
    "eval_steps": "How often held-out rows are measured while training; 0 means up to four times per pass.",
    "save_steps": "How often a checkpoint is kept to resume from; 0 means at least every two minutes.",
    "early_stopping_patience": "Stops after this many measurements without gain, keeps the best; 0: never.",
    "allow_truncation": "Trains even though some rows are too long and lose their end.",
    "beta": "How closely the model must stay to the one before; higher stays closer.",
    "loss_type": "How preferences count: sigmoid is usual, ipo for very clear ones, robust for noisy ones.",
    "label_smoothing": "The share of preferences that may be wrong, for the robust loss.",
    "sft_weight": "How much the preferred answers also count as demonstrations; keeps the text fluent.",
    "max_new_tokens": "The model stops writing after this many tokens even if it has not finished.",
    "temperature": "0 always writes the likeliest word; higher is more varied.",
    "top_p": "Leaves out the unlikely words: only those that together make up this share are drawn from.",
    "num_candidates": "How many different answers are written for each prompt.",
    "score_references": "Also measures how likely the model finds the experts' own answers.",
}
