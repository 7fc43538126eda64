"""What a recipe builds its trainer from. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from training.run_dir import RunDir


@dataclass(frozen=True)
class Parts:
    """`arguments`: those that every trainer of TRL takes. `peft_config` is None where the model has its adapter."""

    run_dir: RunDir
    params: Any
    arguments: dict[str, Any]
    model: Any
    peft_config: Any
    tokenizer: Any
    train: Any
    validation: Any
