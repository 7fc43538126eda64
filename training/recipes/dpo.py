"""Move a model towards what experts preferred: TRL's DPOTrainer, starting from the parent adapter.

    python -m training.recipes.dpo RUN_DIR

The reference is the parent itself: its adapter is loaded trainable and no peft_config is given, so TRL freezes
a copy. A resumed run starts from the parent again; the checkpoint would otherwise become its own reference.
"""

from __future__ import annotations

import sys
from typing import Any

from training.recipes import pairs, preflight, process
from training.recipes.parts import Parts
from training.run_dir import RunDir, read_rows

Row = dict[str, Any]


def build_trainer(given: Parts) -> Any:
    from datasets import Dataset
    from trl import DPOConfig

    from training.recipes.trainers import WEIGHT, FindingTrainer, Pairs, PairTrainer, WeightedPairTrainer
    from training.recipes.training_run import NAMES, in_one_place
    from training.recipes.watched import ROW, watch

    params = given.params
    losses, weights = [params.loss_type], [1.0]
    if params.sft_weight > 0 and not params.find_settings:
        losses, weights = [*losses, "sft"], [*weights, params.sft_weight]
    weighted = params.pair_weighting != "equal"
    # whole groups of rows are set aside, and the rows that trainers get have no group
    every = read_rows(given.run_dir.train) if params.find_settings else list(given.train)
    picked = pairs.pick([{**row, ROW: place} for place, row in enumerate(every)], params).rows
    train = Dataset.from_list([{name: row[name] for name in row if name not in NAMES} for row in picked])
    if weighted:
        train = train.add_column(WEIGHT, pairs.weights(picked, params.pair_weighting))
    shared = given.run_dir.path / "rows"
    usual = WeightedPairTrainer if weighted else PairTrainer
    trainer: Any = (FindingTrainer if params.find_settings else usual)(
        model=given.model,
        args=DPOConfig(
            **given.arguments,
            beta=params.beta,
            loss_type=losses,
            loss_weights=weights,
            label_smoothing=params.label_smoothing,
            precompute_ref_log_probs=True,
        ),
        train_dataset=in_one_place(train, shared / "train"),
        eval_dataset=in_one_place(given.validation, shared / "validation"),
        processing_class=given.tokenizer,
        peft_config=given.peft_config,
        data_collator=Pairs(given.tokenizer.pad_token_id, params.max_length),
    )
    watch(trainer, given.run_dir)
    if params.find_settings:
        _let_it_find(trainer, given, every, picked)
    return trainer


def _let_it_find(trainer: Any, given: Parts, every: list[Row], learned: list[Row]) -> None:
    from training.recipes.finding import Finder
    from training.recipes.judge import Judge

    if process.processes() > 1:
        raise preflight.refusal(["A round that finds its own settings trains in one process: choose another preset."])
    params, spec = given.params, given.run_dir.read_params()
    judge = Judge(spec, params, given.tokenizer, every, pairs.set_aside(every, params))
    trainer.finder = Finder(given.run_dir, trainer, judge, params, learned, spec.get("resume_from"))
    trainer.add_callback(trainer.finder)


def work(run_dir: RunDir) -> dict[str, Any]:
    from training.recipes.training_run import train

    return train(run_dir, "dpo", build_trainer)


def main(arguments: list[str] | None = None) -> int:
    return process.run(work, arguments)


if __name__ == "__main__":
    sys.exit(main())
