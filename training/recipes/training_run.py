"""One training run from its directory to its adapter; SFT and DPO differ only in their trainer."""

from __future__ import annotations

import gc
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from datasets import Dataset
from peft import LoraConfig
from transformers import EarlyStoppingCallback

from training.estimating.estimates import evaluations_affordable
from training.methods import DPO, METHODS, REWARD, RLOO, from_json
from training.params import TrainingParams, is_full
from training.recipes import base, forgetting, lean_lora, preflight
from training.recipes.parts import Parts
from training.recipes.process import Stopped, is_first, phase, processes
from training.recipes.reporting import Reporter
from training.recipes.starting_point import StartingPoint
from training.run_dir import RunDir, directory_sha256, read_rows, verify_adapter_files, verify_checkpoint

NAMES = ("id", "group")  # of a row, which nothing is learned from
BEST_BY = {  # where that is not the held-out loss
    DPO.key: "eval_rewards/accuracies",
    REWARD.key: "eval_rewards/accuracies",
    RLOO.key: "eval_held_out/reward",
}
BuildTrainer = Callable[[Parts], Any]
Load = Callable[[dict[str, Any], Any, Any], tuple[Any, LoraConfig | None]]
Measure = Callable[[RunDir, Any, Any], dict[str, Any]]


def load_writer(spec: dict[str, Any], params: Any, tokenizer: Any) -> tuple[Any, LoraConfig | None]:
    if is_full(spec["params"]):
        return base.load_whole(spec["base_model_dir"], spec.get("parent_adapter_dir")), None
    model = base.load_model(spec["base_model_dir"], in_4bit=params.load_in_4bit)
    if spec.get("parent_adapter_dir"):
        return base.load_parent(model, spec["parent_adapter_dir"]), None
    return model, base.lora_config(params)


def nothing_more(run_dir: RunDir, trainer: Any, tokenizer: Any) -> dict[str, Any]:
    return {}


def train(
    run_dir: RunDir,
    method: str,
    build_trainer: BuildTrainer,
    load: Load = load_writer,
    measure: Measure = nothing_more,
) -> dict[str, Any]:
    spec = run_dir.read_params()
    _refuse_what_cannot_be_shared()
    base.use_threads()
    # a repeatable run asks torch to fill fresh memory first; nothing here reads before it writes, and it costs a tenth
    # (a property that torch gives the module as it is loaded, where no type checker sees it)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    tokenizer = base.load_tokenizer(spec["base_model_dir"])
    report = preflight.inspect(run_dir, method, tokenizer)
    params = from_json(method, spec["params"])
    resume_from = _checked_checkpoint(spec.get("resume_from"))

    phase(run_dir, "Loading the base model")
    model, peft_config = load(spec, params, tokenizer)
    validation = _dataset(run_dir.validation)
    if validation is not None and method == DPO.key:
        phase(run_dir, "Measuring the starting model")
    before = base.weights_that_learn(model)
    trainer = build_trainer(
        Parts(
            run_dir=run_dir,
            params=params,
            arguments=training_arguments(run_dir, method, params, report),
            model=model,
            peft_config=peft_config,
            tokenizer=tokenizer,
            train=_dataset(run_dir.train),
            validation=validation,
        )
    )
    if params.load_in_4bit:
        base.keep_exact(trainer.model, before)
    reporter = _add_callbacks(trainer, run_dir, params, report)
    start = StartingPoint(trainer, tokenizer, reporter)
    trainer.add_callback(start)
    if processes() > 1:
        # accelerate takes a model that was measured for one prepared to train: each process would learn on its own
        trainer.model._is_accelerate_prepared = False
    phase(run_dir, "Training")
    output = trainer.train(resume_from_checkpoint=resume_from)
    _refuse_unfinished(trainer, reporter, params)
    found = trainer.finder.settle() if finds(trainer) else None
    _refuse_what_learned_nothing(trainer, start)
    start.measure()
    final = _final_evaluation(trainer, reporter, params)
    general = forgetting.of_trainer(trainer, tokenizer)

    phase(run_dir, "Saving")
    adapter_sha256 = _save(trainer, tokenizer, run_dir, spec, method)
    result = _summary(trainer, reporter, report, final)
    result |= {"general_perplexity_before": start.general, "general_perplexity": general}
    result |= {"train_loss": output.training_loss, "adapter_sha256": adapter_sha256}
    result["train_seconds"] = round(output.metrics["train_runtime"] - start.seconds, 1)
    if found:
        result |= {"found": found, "best_step": found["step"]}
    result |= measure(run_dir, trainer, tokenizer)
    del trainer, model
    gc.collect()
    return result


def training_arguments(run_dir: RunDir, method: str, params: TrainingParams, report: dict[str, Any]) -> dict[str, Any]:
    """The arguments both trainers take. On a CPU: no autocast, no recomputation, every step repeatable."""
    gpu = base.on_gpu()
    per_step = params.per_device_train_batch_size * params.gradient_accumulation_steps
    steps_per_epoch = math.ceil(report["train"]["rows"] / per_step)
    steps = params.max_steps if params.max_steps > 0 else math.ceil(steps_per_epoch * params.num_train_epochs)
    measured = report["validation"]["rows"] > 0
    eval_steps = params.eval_steps or _automatic_eval_steps(method, report, steps_per_epoch)
    best = measured and params.early_stopping_patience > 0
    save_steps = params.save_steps
    rows_at_once, accumulation = shared_out(params)
    if best:
        # the best checkpoint can only be one that was measured
        save_steps = max(eval_steps, save_steps // eval_steps * eval_steps)
    return {
        "output_dir": str(run_dir.checkpoints),
        "learning_rate": params.learning_rate,
        "num_train_epochs": params.num_train_epochs,
        "max_steps": params.max_steps,
        "per_device_train_batch_size": rows_at_once,
        "per_device_eval_batch_size": _even_batch(report["validation"]["rows"], params),
        "gradient_accumulation_steps": accumulation,
        "max_length": params.max_length,
        "warmup_steps": params.warmup_ratio,
        "weight_decay": params.weight_decay,
        "lr_scheduler_type": params.lr_scheduler_type,
        "seed": params.seed,
        "eval_strategy": "steps" if measured else "no",
        "eval_steps": eval_steps,
        "save_strategy": "steps" if save_steps else "no",
        "save_steps": save_steps or 500,
        "save_total_limit": 2,
        "load_best_model_at_end": best,
        # a loss of pairs keeps falling while the text decays; the share of pairs told apart does not
        "metric_for_best_model": BEST_BY.get(method, "eval_loss"),
        "greater_is_better": method in BEST_BY,
        "restore_callback_states_from_checkpoint": best,
        "logging_first_step": True,
        "logging_steps": max(1, steps // 200),
        "logging_nan_inf_filter": False,
        "report_to": [],
        "use_cpu": not gpu,
        "bf16": gpu,
        "gradient_checkpointing": gpu,
        "full_determinism": not gpu,
        "dataloader_pin_memory": gpu,
        "optim": "adamw_torch",
        "disable_tqdm": True,
        # every weight that learns takes part in each step, so several processes need not look for those that do not
        "ddp_find_unused_parameters": False,
        "ddp_broadcast_buffers": False,
    }


def shared_out(params: TrainingParams) -> tuple[int, int]:
    """Rows at once and times per step for each of the processes: together they take the same rows per step as one."""
    together = params.per_device_train_batch_size * params.gradient_accumulation_steps
    if together % processes():
        raise preflight.refusal(
            [f"{together} rows per step cannot be shared evenly by {processes()} processes: choose a multiple."]
        )
    each = together // processes()
    at_once = next(size for size in range(min(each, params.per_device_train_batch_size), 0, -1) if each % size == 0)
    return at_once, each // at_once


def _refuse_what_cannot_be_shared() -> None:
    devices = torch.cuda.device_count() if base.on_gpu() else processes()
    if processes() > devices:
        raise preflight.refusal(
            [
                f"{processes()} processes need as many GPUs, and this machine has {devices}. "
                "Whoever runs this installation sets ACCELERATE_PROCESSES."
            ]
        )
    stage = os.environ.get("ACCELERATE_DEEPSPEED_ZERO_STAGE", "")
    if os.environ.get("ACCELERATE_USE_FSDP") == "true" or stage == "3":
        raise preflight.refusal(
            [
                "The file that ACCELERATE_CONFIG names splits the weights among processes (FSDP, or stage 3 of "
                "DeepSpeed). Adapters are trained on whole weights: choose a file that keeps them whole."
            ]
        )


def _automatic_eval_steps(method: str, report: dict[str, Any], steps_per_epoch: int) -> int:
    """Four times per epoch, or less often when the held-out rows would take too much of the time."""
    held_out = report["validation"].get("total_tokens", 0)
    if not held_out:
        return steps_per_epoch
    exact = METHODS[method].needs_parent
    return max(1, steps_per_epoch // evaluations_affordable(report["train"]["total_tokens"], held_out, exact))


def _even_batch(rows: int, params: TrainingParams) -> int:
    """TRL averages rewards over batches, so only batches of one size give every pair the same weight."""
    largest = params.per_device_train_batch_size
    return next(size for size in range(largest, 0, -1) if rows % size == 0)


def quicken(model: Any) -> None:
    """The CPU's faster arithmetic under TRL's own trainers; the same loss, the same gradients."""
    if base.on_gpu():
        return
    from training.recipes import label_head

    label_head.install(base.causal(model))
    lean_lora.install(model)


def _dataset(path: Path) -> Dataset | None:
    if not path.exists():
        return None
    rows = read_rows(path)
    return Dataset.from_list([{key: row[key] for key in row if key not in NAMES} for row in rows]) if rows else None


def in_one_place(rows: Dataset | None, folder: Path) -> Dataset | None:
    """TRL hands what the first process computes to the others by a file beside the rows: all have to read the same."""
    if rows is None or processes() == 1:
        return rows
    with PartialState(cpu=not base.on_gpu()).main_process_first():
        if is_first():
            rows.save_to_disk(folder)
    return Dataset.load_from_disk(folder)


def _checked_checkpoint(path: str | None) -> str | None:
    if path is None:
        return None
    if not verify_checkpoint(Path(path)):
        raise Stopped("damaged_checkpoint", "The checkpoint to resume from is incomplete or was changed.")
    return path


def _add_callbacks(trainer: Any, run_dir: RunDir, params: TrainingParams, report: dict[str, Any]) -> Reporter:
    trainable = sum(p.numel() for p in trainer.model.parameters() if p.requires_grad)
    start = {
        "rows": report["train"]["rows"],
        "trained_tokens_per_epoch": report["train"]["trained_tokens"],
        "trainable_parameters": trainable,
    }
    best = trainer.args.load_best_model_at_end
    by_time = not best and params.save_steps == 0
    reporter = Reporter(run_dir, start, save_by_time=by_time)
    trainer.add_callback(reporter)
    if best:
        trainer.add_callback(EarlyStoppingCallback(early_stopping_patience=params.early_stopping_patience))
    return reporter


def finds(trainer: Any) -> bool:
    """Whether the round finds its own settings, stops by itself and keeps the best it found."""
    return hasattr(trainer, "finder")


def _refuse_unfinished(trainer: Any, reporter: Reporter, params: TrainingParams) -> None:
    state = trainer.state
    if reporter.diverged:
        raise Stopped(
            "diverged",
            f"The loss stopped being a number around step {state.global_step}. Lower the learning rate "
            f"(now {params.learning_rate:g}) or look for broken rows.",
        )
    ended = getattr(trainer, "stopped_because", "")
    if reporter.early_stopped and not trainer.args.load_best_model_at_end and not finds(trainer) and not ended:
        message = f"Training ended at step {state.global_step} of {state.max_steps} without a reason."
        raise Stopped("interrupted", message)


def _refuse_what_learned_nothing(trainer: Any, start: StartingPoint) -> None:
    """An adapter that is its parent again, or learned from rows that had nothing to say, is no result."""
    state = trainer.state
    logs = [seen for seen in state.log_history if "loss" in seen]
    if logs and not any(seen["loss"] or seen.get("grad_norm", 1) for seen in logs):
        raise Stopped(
            "learned_nothing",
            "The loss was exactly zero at every step, so there was nothing to learn. Look at the rows as the model saw "
            "them: what they ask for may be empty, or the same in each.",
        )
    if not start.has_moved():
        raise Stopped(
            "learned_nothing",
            f"No weight has changed in {state.global_step} steps. Raise the learning rate or the steps.",
        )


def _final_evaluation(trainer: Any, reporter: Reporter, params: TrainingParams) -> dict[str, Any]:
    """What the adapter that is kept does on the held-out rows."""
    if not reporter.evaluations:
        return {}
    last = reporter.evaluations[-1]
    if trainer.args.load_best_model_at_end:
        step = trainer.state.best_global_step
        return next((seen for seen in reversed(reporter.evaluations) if seen["step"] == step), last)
    if last["step"] != trainer.state.global_step or finds(trainer):
        trainer.evaluate()
    return reporter.evaluations[-1]


def _save(trainer: Any, tokenizer: Any, run_dir: RunDir, spec: dict[str, Any], method: str) -> str:
    """A card that says little: the one that is published is written where more is known."""
    if not is_first():
        return ""
    name = spec.get("base_model_name") or Path(spec["base_model_dir"]).name
    full = is_full(spec["params"])
    what = f"{name}, all of it trained" if full else f"A LoRA adapter for {name}, trained"
    library, tag = ("transformers", "") if full else ("peft", "- lora\n")
    card = (
        f"---\nbase_model: {name}\nlibrary_name: {library}\ntags:\n{tag}- {method}\n---\n\n"
        f"{what} by {method.upper()}.\n"
    )
    if full:
        base.save_whole(trainer.model, run_dir.adapter, Path(spec["base_model_dir"]), card)
    else:
        base.save_adapter(trainer.model, tokenizer, run_dir.adapter, name, card)
    problems = verify_adapter_files(run_dir.adapter, full)
    if problems:
        raise Stopped("bad_adapter", problems[0], reasons=problems)
    return directory_sha256(run_dir.adapter)


def _summary(trainer: Any, reporter: Reporter, report: dict[str, Any], final: dict[str, Any]) -> dict[str, Any]:
    state = trainer.state
    before = next((seen for seen in reporter.evaluations if seen["step"] == 0), {})
    summary = {
        "global_step": state.global_step,
        "max_steps": state.max_steps,
        "early_stopped": reporter.early_stopped,
        "best_step": state.best_global_step,
        "eval_loss": final.get("eval_loss"),
        "eval_loss_before": before.get("eval_loss"),
        "tokens_per_second": reporter.tokens_per_second,
        "trained_tokens": round(report["train"]["trained_tokens"] * (state.epoch or 0)),
    }
    if "eval_rewards/accuracies" in final:
        summary["eval_reward_accuracy"] = final["eval_rewards/accuracies"]
        summary["eval_reward_margin"] = final["eval_rewards/margins"]
    return summary


def release() -> None:
    """Give memory back between runs of one process."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
