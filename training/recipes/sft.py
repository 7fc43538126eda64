"""Teach a base model from demonstrations: TRL's SFTTrainer, with LoRA or in full, loss on the answers only.

python -m training.recipes.sft RUN_DIR
"""

from __future__ import annotations

import sys
from typing import Any

from training.arrangement import arranging, by_task
from training.recipes import process
from training.recipes.parts import Parts
from training.run_dir import RunDir, read_rows


def build_trainer(given: Parts) -> Any:
    from trl import SFTConfig

    from training.recipes import base, neftune
    from training.recipes.arranged import ArrangedTrainer, numbered
    from training.recipes.ordering import order
    from training.recipes.training_run import quicken
    from training.recipes.watched import watch

    params = given.params
    trainer: Any = ArrangedTrainer(
        model=given.model,
        args=SFTConfig(
            **given.arguments,
            completion_only_loss=True,
            packing=False,
            neftune_noise_alpha=params.neftune_noise_alpha or None,
        ),
        train_dataset=numbered(given.train),
        eval_dataset=numbered(given.validation),
        processing_class=given.tokenizer,
        peft_config=given.peft_config,
    )
    quicken(trainer.model)
    if params.neftune_noise_alpha:
        neftune.strengthen(base.causal(trainer.model), params.neftune_noise_alpha)
    if given.validation is not None:
        trainer.task_types = arranging.task_types(read_rows(given.run_dir.validation))
    watch(trainer, given.run_dir)
    trainer.order = order(given.run_dir, params, given.tokenizer, trainer.surprises)
    return trainer


def work(run_dir: RunDir) -> dict[str, Any]:
    from training.recipes.training_run import train

    result = train(run_dir, "sft", build_trainer)
    kept_best = run_dir.read_params()["params"].get("early_stopping_patience", 0) > 0
    tasks = by_task.losses(run_dir.events(), result.get("best_step") if kept_best else None)
    return {**result, "tasks": tasks} if tasks else result


def main(arguments: list[str] | None = None) -> int:
    return process.run(work, arguments)


if __name__ == "__main__":
    sys.exit(main())
