"""Teach a model to judge as experts ranked: TRL's RewardTrainer with LoRA and a head that gives one mark.

    python -m training.recipes.reward RUN_DIR

It starts from the base model or from a parent adapter, which knows the task; its adapter stands on the base model
alone. The marks are kept near zero, so that they mean the same in every project; their middle and spread on held-out
answers stand in the result, for whoever trains with them.
"""

from __future__ import annotations

import statistics
import sys
from typing import Any

from training.recipes import pairs, process
from training.recipes.parts import Parts
from training.run_dir import RunDir, read_rows

NEAR_ZERO = 0.01  # how much a pair's squared sum of marks counts beside the loss
FEW = 64  # training pairs that stand in where none is held out


def build_trainer(given: Parts) -> Any:
    from datasets import Dataset
    from trl import RewardConfig

    from training.recipes import marks
    from training.recipes.trainers import MarkTrainer

    trainer = MarkTrainer(
        model=given.model,
        args=RewardConfig(**given.arguments, center_rewards_coefficient=NEAR_ZERO),
        train_dataset=Dataset.from_list(pairs.pick(list(given.train), given.params).rows),
        eval_dataset=given.validation,
        processing_class=given.tokenizer,
        peft_config=given.peft_config,
    )
    marks.quicken(trainer.model)
    return trainer


def load(spec: dict[str, Any], params: Any, tokenizer: Any) -> tuple[Any, None]:
    from training.recipes import marks

    return marks.to_learn(spec, params, tokenizer), None


def spread(run_dir: RunDir, trainer: Any, tokenizer: Any) -> dict[str, Any]:
    """How the marks lie, and on how many prompts the share of pairs told right rests."""
    from training.recipes import exact, marks

    held_out = read_rows(run_dir.validation)
    some = held_out or read_rows(run_dir.train)[:FEW]
    answered = [(row["prompt"], row[name][0]["content"]) for row in some for name in ("chosen", "rejected")]
    trainer.model.eval()
    with exact.reading(trainer.model):
        given = marks.give(trainer.model, tokenizer, answered)
    prompts = {str(row["prompt"]) for row in held_out}
    return {
        "held_out_pairs": len(held_out),
        "held_out_prompts": len(prompts),
        "mark_mean": round(statistics.fmean(given), 6),
        "mark_spread": round(statistics.pstdev(given), 6),
    }


def work(run_dir: RunDir) -> dict[str, Any]:
    from training.recipes.training_run import train

    return train(run_dir, "reward", build_trainer, load=load, measure=spread)


def main(arguments: list[str] | None = None) -> int:
    return process.run(work, arguments)


if __name__ == "__main__":
    sys.exit(main())
