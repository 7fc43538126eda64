"""Move a model towards what experts preferred: TRL's DPOTrainer, starting from the parent adapter.

    python -m training.recipes.dpo RUN_DIR

The reference is the parent itself: its adapter is loaded trainable and no peft_config is given, so TRL freezes
a copy. A resumed run starts from the parent again; the checkpoint would otherwise become its own reference.
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
    from trl import DPOConfig, DPOTrainer

    from training.recipes.training_run import quicken

    class ReferenceOnceTrainer(DPOTrainer):
        """TRL measures the reference inside its constructor; the faster forward has to be there by then."""

        quick = False

        def _precompute_ref_logps(self, dataset: Any, name: str, batch_size: int) -> Any:
            if not self.quick:
                quicken(self.model)
                self.quick = True
            return super()._precompute_ref_logps(dataset, name, batch_size)

    losses, weights = [params.loss_type], [1.0]
    if params.sft_weight > 0:
        losses, weights = [*losses, "sft"], [*weights, params.sft_weight]
    return ReferenceOnceTrainer(
        model=model,
        args=DPOConfig(
            **arguments,
            beta=params.beta,
            loss_type=losses,
            loss_weights=weights,
            label_smoothing=params.label_smoothing,
            precompute_ref_log_probs=True,
        ),
        train_dataset=train,
        eval_dataset=validation,
        processing_class=tokenizer,
        peft_config=peft_config,
    )


def work(run_dir: RunDir) -> dict[str, Any]:
    from training.recipes.training_run import train

    return train(run_dir, "dpo", build_trainer)


def main(arguments: list[str] | None = None) -> int:
    return process.run(work, arguments)


if __name__ == "__main__":
    sys.exit(main())
