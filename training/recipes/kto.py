"""Move a model towards answers judged good and away from those judged bad: TRL's KTOTrainer, from the parent adapter.

    python -m training.recipes.kto RUN_DIR

The reference is the parent itself, as in dpo.py: its adapter is loaded trainable and no peft_config is given.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from training.recipes import judgements, process
from training.recipes.parts import Parts
from training.run_dir import RunDir


def build_trainer(given: Parts) -> Any:
    from trl import KTOConfig

    from training.recipes.trainers import JudgementTrainer

    params, arguments = given.params, given.arguments
    good = sum(given.train["label"])
    of_good, of_bad = judgements.balanced(good, len(given.train) - good, params)
    if arguments["per_device_eval_batch_size"] < 2:
        # a margin needs both kinds of answers in one batch
        arguments = {**arguments, "per_device_eval_batch_size": params.per_device_train_batch_size}
    return JudgementTrainer(
        model=given.model,
        args=KTOConfig(
            **arguments,
            beta=params.beta,
            desirable_weight=of_good,
            undesirable_weight=of_bad,
            precompute_ref_log_probs=True,
        ),
        train_dataset=_arranged(given.train, params.per_device_train_batch_size, params.seed),
        eval_dataset=given.validation
        and _arranged(given.validation, arguments["per_device_eval_batch_size"], params.seed),
        processing_class=given.tokenizer,
        peft_config=given.peft_config,
    )


def _arranged(rows: Any, batch: int, seed: int) -> Any:
    prompts = [json.dumps(prompt) for prompt in rows["prompt"]]
    return rows.select(judgements.arranged(list(rows["label"]), prompts, batch, seed))


def work(run_dir: RunDir) -> dict[str, Any]:
    from training.recipes.training_run import train

    return train(run_dir, "kto", build_trainer)


def main(arguments: list[str] | None = None) -> int:
    return process.run(work, arguments)


if __name__ == "__main__":
    sys.exit(main())
