"""Two processes that train together do what one does with the same rows per step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.training.recipes.conftest import MakeRun, read_json
from training.recipes import process
from training.run_dir import RunDir, directory_sha256, verify_checkpoint, write_json
from training.running import launcher

pytestmark = pytest.mark.torch
Rows = list[dict[str, Any]]
SMALL = {
    **{"max_length": 256, "lora_r": 4, "lora_alpha": 8, "lora_dropout": 0.0, "seed": 3, "learning_rate": 0.003},
    **{"per_device_train_batch_size": 2, "gradient_accumulation_steps": 2, "num_train_epochs": 3.0},
}


def alone(recipe: str, run_dir: RunDir) -> dict[str, Any]:
    from training.recipes import dpo, sft

    {"sft": sft, "dpo": dpo}[recipe].main([str(run_dir.path)])
    return read_json(run_dir.result_file)


def together(recipe: str, run_dir: RunDir) -> launcher.Handle:
    return launcher.Accelerate().submit(recipe, run_dir)


def end(handle: launcher.Handle) -> dict[str, Any]:
    assert launcher.Accelerate().poll(handle, 600) is not None
    result = handle.run_dir.result()
    assert result is not None, handle.run_dir.log_tail(200)
    return result


def losses(run_dir: RunDir) -> dict[int, float]:
    return {event["step"]: event["loss"] for event in run_dir.events() if event["event"] == "log"}


def loaded(run_dir: RunDir, base: Path) -> dict[str, Any]:
    from peft import PeftModel, get_peft_model_state_dict
    from transformers import AutoModelForCausalLM

    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), run_dir.adapter)
    return get_peft_model_state_dict(model)


def test_two_processes_learn_what_one_learns(make_run: MakeRun, demonstrations: Rows, tiny_base: Path) -> None:
    params = {**SMALL, "save_steps": 3, "eval_steps": 3}
    one, two = (make_run("sft", params, demonstrations, demonstrations[:4], name=name) for name in ("one", "two"))
    handle = together("sft", two)
    expected = alone("sft", one)
    result = end(handle)
    assert (result["status"], result["processes"]) == ("succeeded", 2), result
    assert result["global_step"] == result["max_steps"] == expected["global_step"] == 6
    assert losses(two) == pytest.approx(losses(one), abs=2e-3)
    assert result["eval_loss"] == pytest.approx(expected["eval_loss"], abs=5e-3)
    assert result["adapter_sha256"] == directory_sha256(two.adapter)
    ours, theirs = loaded(two, tiny_base), loaded(one, tiny_base)
    assert ours.keys() == theirs.keys()
    assert max(float((ours[name] - theirs[name]).abs().max()) for name in ours) < 2e-3
    assert [event["event"] for event in two.events()].count("start") == 1
    assert verify_checkpoint(two.checkpoints / "checkpoint-6")
    states = {path.name for path in (two.checkpoints / "checkpoint-6").glob("rng_state*")}
    assert states == {"rng_state_0.pth", "rng_state_1.pth"}


def test_two_processes_prefer_what_one_prefers(make_run: MakeRun, preferences: Rows, parent_adapter: Path) -> None:
    parent = {"parent_adapter_dir": str(parent_adapter)}
    one, two = (make_run("dpo", SMALL, preferences, preferences[:4], name=name, **parent) for name in ("one", "two"))
    handle = together("dpo", two)
    expected = alone("dpo", one)
    result = end(handle)
    assert result["status"] == "succeeded", result
    assert losses(two) == pytest.approx(losses(one), abs=5e-3)
    assert result["eval_reward_accuracy"] == pytest.approx(expected["eval_reward_accuracy"])
    assert result["eval_reward_margin"] == pytest.approx(expected["eval_reward_margin"], abs=2e-2)


def test_it_refuses_rows_that_cannot_be_shared_and_tells_of_the_process_that_failed(
    make_run: MakeRun, demonstrations: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the second of two processes, which tells of failure unless the first has, and of nothing else."""
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    run_dir = make_run("sft", {**SMALL, "per_device_train_batch_size": 3, "gradient_accumulation_steps": 1}, [])

    def work(run_dir: RunDir) -> dict[str, Any]:
        from training.params import SFTParams
        from training.recipes.training_run import shared_out

        run_dir.append_event("phase", message="Training")
        shared_out(SFTParams(**{**SMALL, "per_device_train_batch_size": 3, "gradient_accumulation_steps": 1}))
        return {}

    assert process.run(work, [str(run_dir.path)]) == 1
    result = run_dir.result() or {}
    assert result["status"] == "refused"
    assert result["reasons"] == ["3 rows per step cannot be shared evenly by 2 processes: choose a multiple."]
    assert run_dir.events() == []
    write_json(run_dir.result_file, {"status": "failed", "message": "What the first said."})
    assert process.run(work, [str(run_dir.path)]) == 1
    assert (run_dir.result() or {})["message"] == "What the first said."
    run_dir.result_file.unlink()
    assert process.run(lambda _run_dir: {}, [str(run_dir.path)]) == 0
    assert run_dir.result() is None


@pytest.mark.parametrize(("rows", "times", "shared"), [(2, 2, (2, 1)), (4, 1, (2, 1)), (3, 4, (3, 2)), (6, 1, (3, 1))])
def test_it_shares_the_rows_of_a_step(monkeypatch: pytest.MonkeyPatch, rows: int, times: int, shared: Any) -> None:
    from training.params import SFTParams
    from training.recipes.training_run import shared_out

    params = SFTParams(per_device_train_batch_size=rows, gradient_accumulation_steps=times)
    assert shared_out(params) == (rows, times)
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert shared_out(params) == shared
