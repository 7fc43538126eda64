"""SFT and DPO rounds on the tiny base model, from run directory to adapter."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.training.recipes.conftest import MakeRun, read_json
from training.run_dir import (
    RunDir,
    directory_sha256,
    newest_verified_checkpoint,
    verify_adapter_files,
    verify_checkpoint,
)

pytestmark = pytest.mark.torch
Rows = list[dict[str, Any]]
ROOT = Path(__file__).resolve().parents[3]
SMALL = {"max_length": 256, "lora_r": 4, "lora_alpha": 8, "seed": 3}


def train(recipe: str, run_dir: RunDir) -> dict[str, Any]:
    from training.recipes import dpo, sft

    {"sft": sft, "dpo": dpo}[recipe].main([str(run_dir.path)])
    return read_json(run_dir.result_file)


def named(run_dir: RunDir, event: str) -> Rows:
    return [found for found in run_dir.events() if found["event"] == event]


def test_it_learns_demonstrations_and_reports_on_the_way(make_run: MakeRun, demonstrations: Rows) -> None:
    params = {**SMALL, "learning_rate": 0.01, "num_train_epochs": 6.0, "save_steps": 5}
    run_dir = make_run("sft", params, demonstrations, demonstrations[:4])
    result = train("sft", run_dir)
    assert (result["status"], result["failure_code"]) == ("succeeded", "")
    assert result["global_step"] == result["max_steps"] == 12
    assert result["eval_loss"] < result["eval_loss_before"] - 0.5
    assert result["adapter_sha256"] == directory_sha256(run_dir.adapter)
    assert verify_adapter_files(run_dir.adapter) == []
    assert result["trained_tokens"] == 6 * read_json(run_dir.preflight)["train"]["trained_tokens"]
    assert result["versions"]["trl"]
    assert result["threads"] >= 1

    logs, (start,) = named(run_dir, "log"), named(run_dir, "start")
    assert [log["step"] for log in logs] == list(range(1, 13))
    assert all(math.isfinite(log["loss"]) and log["seconds_left"] >= 0 for log in logs)
    assert (start["rows"], start["max_steps"]) == (8, 12)
    assert start["trainable_parameters"] > 0
    assert named(run_dir, "eval")[0]["step"] == 0
    assert named(run_dir, "phase")[0]["message"] == "Loading libraries"
    assert [found["step"] for found in named(run_dir, "checkpoint")] == [5, 10, 12]
    assert {path.name for path in run_dir.checkpoints.glob("checkpoint-*")} == {"checkpoint-10", "checkpoint-12"}
    assert verify_checkpoint(run_dir.checkpoints / "checkpoint-12")


def test_it_leaves_an_adapter_that_names_its_base_and_no_path(
    make_run: MakeRun, demonstrations: Rows, tiny_base: Path
) -> None:
    run_dir = make_run("sft", {**SMALL, "max_steps": 2}, demonstrations)
    assert train("sft", run_dir)["status"] == "succeeded"
    config = read_json(run_dir.adapter / "adapter_config.json")
    assert config["base_model_name_or_path"] == "tiny-llama"
    assert config["target_modules"] == sorted(config["target_modules"])
    texts = [path.read_text() for path in run_dir.adapter.iterdir() if path.suffix in (".json", ".md", ".jinja")]
    assert not any(str(run_dir.path) in text or str(tiny_base) in text for text in texts)


def test_it_trains_exactly_the_tokens_that_preflight_shows(
    make_run: MakeRun, demonstrations: Rows, tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.recipes import sft, training_run

    built = []

    def spy(given: Any) -> Any:
        built.append(sft.build_trainer(given))
        return built[-1]

    run_dir = make_run("sft", {**SMALL, "max_steps": 1, "warmup_ratio": 0.0}, demonstrations)
    training_run.train(run_dir, "sft", spy)
    tokenizer = built[0].processing_class
    shown = [
        "".join(token["text"] for token in example["tokens"] if token["trained"])
        for example in read_json(run_dir.preflight)["examples"]
    ]
    trained = [tokenizer.decode([label for label in row["labels"] if label != -100]) for row in built[0].train_dataset]
    assert shown == trained[:3]
    assert trained == [row["completion"][0]["content"] + "<|im_end|>\n" for row in demonstrations]


def test_it_continues_a_parent_adapter(make_run: MakeRun, demonstrations: Rows, parent_adapter: Path) -> None:
    run_dir = make_run("sft", {**SMALL, "max_steps": 2}, demonstrations, parent_adapter_dir=str(parent_adapter))
    assert train("sft", run_dir)["status"] == "succeeded"
    assert read_json(run_dir.adapter / "adapter_config.json")["r"] == 4


def test_it_stops_early_and_keeps_the_best(make_run: MakeRun, demonstrations: Rows) -> None:
    params = {**SMALL, "learning_rate": 0.01, "num_train_epochs": 50.0, "eval_steps": 2}
    params |= {"early_stopping_patience": 2, "lr_scheduler_type": "constant"}
    run_dir = make_run("sft", params, demonstrations[:6], demonstrations[6:])
    result = train("sft", run_dir)
    assert result["status"] == "succeeded", result
    assert result["early_stopped"]
    assert result["global_step"] < result["max_steps"]
    seen = {found["step"]: found["eval_loss"] for found in named(run_dir, "eval")}
    assert result["best_step"] == min((step for step in seen if step), key=seen.__getitem__)
    assert result["eval_loss"] == seen[result["best_step"]]


def test_it_calls_a_run_whose_loss_is_no_number_diverged(
    make_run: MakeRun, demonstrations: Rows, tiny_base: Path, tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(tiny_base)
    with torch.no_grad():
        model.model.norm.weight.fill_(float("nan"))
    model.save_pretrained(tmp_path / "broken")
    AutoTokenizer.from_pretrained(tiny_base).save_pretrained(tmp_path / "broken")
    run_dir = make_run("sft", {**SMALL, "max_steps": 20}, demonstrations, base_model_dir=str(tmp_path / "broken"))
    result = train("sft", run_dir)
    assert (result["status"], result["failure_code"]) == ("failed", "diverged")
    assert "Lower the learning rate" in result["message"]
    assert len(named(run_dir, "log")) == 2
    assert named(run_dir, "log")[0]["loss"] is None
    assert not run_dir.adapter.exists()


def test_it_says_what_to_do_when_memory_runs_out(
    make_run: MakeRun, demonstrations: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.recipes import base

    def too_big(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes")

    monkeypatch.setattr(base, "load_model", too_big)
    result = train("sft", make_run("sft", SMALL, demonstrations))
    assert result["failure_code"] == "out_of_memory"
    assert "Lower the rows per step" in result["message"]


def test_it_trains_on_four_bit_weights(make_run: MakeRun, demonstrations: Rows) -> None:
    params = {**SMALL, "load_in_4bit": True, "max_steps": 3, "learning_rate": 0.01}
    run_dir = make_run("sft", params, demonstrations, demonstrations[:4])
    result = train("sft", run_dir)
    assert result["status"] == "succeeded", result
    assert result["eval_loss"] < result["eval_loss_before"]


def test_it_learns_preferences_from_its_parent(make_run: MakeRun, preferences: Rows, parent_adapter: Path) -> None:
    params = {**SMALL, "learning_rate": 0.005, "num_train_epochs": 4.0, "beta": 0.1, "eval_steps": 4}
    run_dir = make_run("dpo", params, preferences, preferences, parent_adapter_dir=str(parent_adapter))
    result = train("dpo", run_dir)
    assert result["status"] == "succeeded", result
    assert result["eval_reward_accuracy"] == 1.0
    assert result["eval_reward_margin"] > 0.1
    log = named(run_dir, "log")[-1]
    assert {"rewards/accuracies", "rewards/margins", "rewards/chosen", "rewards/rejected"} <= set(log)
    assert "eval_rewards/accuracies" in named(run_dir, "eval")[-1]
    names = {path.name for path in run_dir.adapter.rglob("*")}
    assert names == {"adapter_model.safetensors", "adapter_config.json", "README.md", "chat_template.jinja"}


def starting_point(make_run: MakeRun, preferences: Rows, parent: Path | None, name: str) -> tuple[Any, RunDir]:
    from training.recipes import dpo, training_run

    built = []

    def spy(given: Any) -> Any:
        built.append(dpo.build_trainer(given))
        return built[-1]

    params = {**SMALL, "max_steps": 1, "warmup_ratio": 0.0, "sft_weight": 0.0}
    spec = {"parent_adapter_dir": str(parent) if parent else None}
    run_dir = make_run("dpo", params, preferences, preferences, name=name, **spec)
    training_run.train(run_dir, "dpo", spy)
    return built[0], run_dir


def test_it_starts_as_its_own_reference(make_run: MakeRun, preferences: Rows, parent_adapter: Path) -> None:
    """At step 0 the policy is the reference: ln 2, no rewards; and the reference is the parent, not the base."""
    trainer, run_dir = starting_point(make_run, preferences, parent_adapter, "with parent")
    before = named(run_dir, "eval")[0]
    assert before["eval_loss"] == pytest.approx(math.log(2), abs=2e-3)
    assert "eval_rewards/accuracies" not in before
    assert before["eval_rewards/margins"] == pytest.approx(0, abs=5e-3)
    assert before["eval_rewards/chosen"] == pytest.approx(0, abs=5e-3)

    base_trainer, base_dir = starting_point(make_run, preferences, None, "without parent")
    assert named(base_dir, "eval")[0]["eval_loss"] == pytest.approx(math.log(2), abs=2e-3)
    parent_ref = sorted(trainer.train_dataset["ref_chosen_logps"])
    base_ref = sorted(base_trainer.train_dataset["ref_chosen_logps"])
    assert min(abs(a - b) for a, b in zip(parent_ref, base_ref, strict=True)) > 0.1


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PRECEPTOR_THREADS": "1", "HF_HUB_OFFLINE": "1", **more}


def kill_after_checkpoint(recipe: str, run_dir: RunDir) -> Path:
    command = [sys.executable, "-m", f"training.recipes.{recipe}", str(run_dir.path)]
    with run_dir.log.open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=log, stderr=log)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if len(named(run_dir, "checkpoint")) >= 2:
            break
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, run_dir.log_tail()
    checkpoint = newest_verified_checkpoint(run_dir.path)
    assert checkpoint is not None
    return checkpoint


@pytest.mark.parametrize("recipe", ["sft", "dpo"])
def test_it_resumes_after_a_kill_to_the_same_bytes(
    make_run: MakeRun, recipe: str, demonstrations: Rows, preferences: Rows, parent_adapter: Path
) -> None:
    rows = {"sft": demonstrations, "dpo": preferences}[recipe]
    params = {**SMALL, "learning_rate": 0.003, "max_steps": 48, "save_steps": 8, "lora_dropout": 0.1}
    parent = {"parent_adapter_dir": str(parent_adapter) if recipe == "dpo" else None}
    spec = {"train": rows, "validation": rows[:3], **parent}
    broken = make_run(recipe, params, name="attempt-1", **spec)
    checkpoint = kill_after_checkpoint(recipe, broken)
    assert broken.result() is None

    resumed = make_run(recipe, params, name="attempt-2", resume_from=str(checkpoint), **spec)
    unbroken = make_run(recipe, params, name="unbroken", **spec)
    results = [train(recipe, run_dir) for run_dir in (resumed, unbroken)]
    assert [result["status"] for result in results] == ["succeeded", "succeeded"], results
    assert named(resumed, "start")[0]["step"] == int(checkpoint.name.split("-")[1]) > 0
    assert results[0]["adapter_sha256"] == results[1]["adapter_sha256"]
    assert results[0]["eval_loss_before"] == results[1]["eval_loss_before"]


def test_it_does_not_resume_from_a_damaged_checkpoint(make_run: MakeRun, demonstrations: Rows) -> None:
    first = make_run("sft", {**SMALL, "max_steps": 4, "save_steps": 2}, demonstrations)
    assert train("sft", first)["status"] == "succeeded"
    newest = newest_verified_checkpoint(first.path)
    assert newest == first.checkpoints / "checkpoint-4"
    state = newest / "trainer_state.json"
    state.write_text(json.dumps({**read_json(state), "global_step": 3}))
    assert newest_verified_checkpoint(first.path) == first.checkpoints / "checkpoint-2"
    again = make_run("sft", {**SMALL, "max_steps": 4}, demonstrations, name="attempt-2", resume_from=str(newest))
    result = train("sft", again)
    assert (result["status"], result["failure_code"]) == ("failed", "damaged_checkpoint")
