"""What every method that trains has in common."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from training.params.checks import ParamsError, check
from training.params.words import label

Scheduler = Literal["linear", "cosine", "constant", "constant_with_warmup"]


@dataclass(frozen=True)
class Preset:
    label: str
    help: str
    params: Any


@dataclass(frozen=True)
class TrainingParams:
    """Under TRL's and PEFT's names."""

    learning_rate: float = 1e-3
    num_train_epochs: float = 3.0
    max_steps: int = -1
    per_device_train_batch_size: int = 4
    gradient_accumulation_steps: int = 1
    max_length: int = 1024
    lora_r: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.0
    use_rslora: bool = False
    use_dora: bool = False
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
        problems = check(self)
        if "max_steps" not in problems and self.max_steps == 0:
            problems["max_steps"] = f"{label('max_steps')} must be -1 (no limit) or at least 1."
        if problems:
            raise ParamsError(problems)


def to_json(params: Any) -> dict[str, Any]:
    return asdict(params)
