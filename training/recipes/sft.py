"""Teach a base model from demonstrations: TRL's SFTTrainer with LoRA, loss on the answers only.

python -m training.recipes.sft RUN_DIR
"""

from __future__ import annotations

import sys
from typing import Any

from training.recipes import process
from training.run_dir import RunDir


def build_trainer(
    *,
    params: Any,
    arguments: dict[str, Any],
    model: Any,
    peft_config: Any,
    tokenizer: Any,
    train: Any,
    validation: Any,
) -> Any:
    from trl import SFTConfig, SFTTrainer

    from training.recipes import neftune
    from training.recipes.training_run import quicken

    trainer: Any = SFTTrainer(
        model=model,
        args=SFTConfig(
            **arguments,
            completion_only_loss=True,
            packing=False,
            neftune_noise_alpha=params.neftune_noise_alpha or None,
        ),
        train_dataset=train,
        eval_dataset=validation,
        processing_class=tokenizer,
        peft_config=peft_config,
    )
    quicken(trainer.model)
    if params.neftune_noise_alpha:
        neftune.strengthen(trainer.model.get_base_model(), params.neftune_noise_alpha)
    return trainer


def work(run_dir: RunDir) -> dict[str, Any]:
    from training.recipes.training_run import train

    return train(run_dir, "sft", build_trainer)


def main(arguments: list[str] | None = None) -> int:
    return process.run(work, arguments)


if __name__ == "__main__":
    sys.exit(main())
