"""Let a base model read the texts of a field: TRL's SFTTrainer, with LoRA or in full, loss on every token.

python -m training.recipes.pretrain RUN_DIR
"""

from __future__ import annotations

import math
import sys
from typing import Any

from training.recipes import process
from training.recipes.parts import Parts
from training.run_dir import RunDir

LARGEST_LOSS = 50.0  # beyond it the perplexity says nothing


def build_trainer(given: Parts) -> Any:
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    from training.recipes import blocks
    from training.recipes.training_run import quicken

    def cut(texts: Any) -> Any:
        """None also for so little text that nothing in it can be predicted."""
        found = blocks.of_rows(given.tokenizer, list(texts), given.params.max_length) if texts is not None else []
        return Dataset.from_dict({"input_ids": found}) if found else None

    trainer = SFTTrainer(
        model=given.model,
        args=SFTConfig(**given.arguments, completion_only_loss=False, packing=False),
        train_dataset=cut(given.train),
        eval_dataset=cut(given.validation),
        processing_class=given.tokenizer,
        peft_config=given.peft_config,
    )
    quicken(trainer.model)
    return trainer


def work(run_dir: RunDir) -> dict[str, Any]:
    from training.recipes.training_run import train

    result = train(run_dir, "pretrain", build_trainer)
    return {
        **result,
        "perplexity": perplexity(result.get("eval_loss")),
        "perplexity_before": perplexity(result.get("eval_loss_before")),
    }


def perplexity(loss: float | None) -> float | None:
    """Among how many tokens a model as sure as this one would be choosing."""
    if loss is None or not loss < LARGEST_LOSS:
        return None
    return round(math.exp(loss), 3)


def main(arguments: list[str] | None = None) -> int:
    return process.run(work, arguments)


if __name__ == "__main__":
    sys.exit(main())
