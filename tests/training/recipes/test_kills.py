"""A recipe that is killed at any step, runs out of disk or memory, or cannot learn."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.training.recipes.conftest import MakeRun
from tests.training.recipes.forks import Forks
from training.run_dir import DISK_FULL, MANIFEST, RunDir, newest_verified_checkpoint

pytestmark = pytest.mark.torch
Rows = list[dict[str, Any]]
SMALL = {"max_length": 256, "lora_r": 4, "lora_alpha": 8, "seed": 3, "learning_rate": 0.003, "lora_dropout": 0.1}
STEPS, KILLS = 120, 10
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    made = Forks()
    yield made
    made.process.kill()
    made.process.wait()


def step_of(run_dir: RunDir) -> int:
    return max((event["step"] for event in run_dir.events() if event["event"] == "log"), default=0)


def kill_at(forks: Forks, run_dir: RunDir, step: int) -> None:
    pid = forks.start("sft", run_dir)
    deadline = time.monotonic() + 120
    while step_of(run_dir) < step:
        assert time.monotonic() < deadline, run_dir.log_tail()
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    assert forks.wait() == -signal.SIGKILL


def test_ten_kills_at_random_steps_change_no_byte(forks: Forks, make_run: MakeRun, demonstrations: Rows) -> None:
    params = {**SMALL, "max_steps": STEPS, "save_steps": 7}
    unbroken = make_run("sft", params, demonstrations, name="unbroken")
    assert forks.run("sft", unbroken) == 0
    steps = sorted(random.Random(20261122).sample(range(2, STEPS - 4), KILLS))
    attempts: list[RunDir] = []
    for number, step in enumerate([*steps, None], start=1):
        newest = newest_verified_checkpoint(*(attempt.path for attempt in attempts))
        resume_from = str(newest) if newest else None
        attempts.append(make_run("sft", params, demonstrations, name=f"attempt-{number}", resume_from=resume_from))
        if step is None:
            assert forks.run("sft", attempts[-1]) == 0
        else:
            kill_at(forks, attempts[-1], step)
            assert attempts[-1].result() is None
    results = [run_dir.result() or {} for run_dir in (attempts[-1], unbroken)]
    assert results[0]["adapter_sha256"] == results[1]["adapter_sha256"]
    begun = [event["step"] for attempt in attempts for event in attempt.events() if event["event"] == "start"]
    assert len(begun) == KILLS + 1
    assert begun == sorted(begun)
    # at most one interval between checkpoints is done again
    assert all(after >= killed - 7 - 1 for after, killed in zip(begun[1:], steps, strict=True))


def test_no_file_of_a_checkpoint_can_be_lost_or_cut_unseen(
    forks: Forks, make_run: MakeRun, demonstrations: Rows
) -> None:
    """Each in turn; the checkpoint before it is taken instead, and the reason is told."""
    run_dir = make_run("sft", {**SMALL, "max_steps": 8, "save_steps": 4}, demonstrations)
    assert forks.run("sft", run_dir) == 0
    older, newer = (run_dir.checkpoints / f"checkpoint-{step}" for step in (4, 8))
    assert newest_verified_checkpoint(run_dir.path) == newer
    files = [path for path in newer.rglob("*") if path.is_file()]
    assert {"adapter_model.safetensors", "optimizer.pt", "rng_state.pth"} < {path.name for path in files}
    for file in files:
        content = file.read_bytes()
        for damaged in (content[: len(content) // 2], None):
            told: list[str] = []
            file.unlink()
            if damaged is not None:
                file.write_bytes(damaged)
            taken = newest_verified_checkpoint(
                run_dir.path, skipped=lambda _path, problem, told=told: told.append(problem)
            )
            file.write_bytes(content)
            name = file.name
            why = f"has a changed or cut off {name}" if damaged is not None else f"has no {name}"
            assert (taken, told) == (older, ["was not completed" if name == MANIFEST else why])
    assert newest_verified_checkpoint(run_dir.path) == newer


def test_it_says_that_the_disk_is_full(forks: Forks, make_run: MakeRun, demonstrations: Rows) -> None:
    """A checkpoint that does not fit; then so little room that not even a result does."""
    params = {**SMALL, "max_steps": 8, "save_steps": 4}
    run_dir = make_run("sft", params, demonstrations, name="attempt-1")
    assert forks.run("sft", run_dir, RLIMIT_FSIZE=32 * 1024) == 1
    result = run_dir.result() or {}
    assert (result["status"], result["failure_code"], result["message"]) == ("failed", "disk_full", DISK_FULL)
    assert newest_verified_checkpoint(run_dir.path) is None
    tight = make_run("sft", params, demonstrations, name="attempt-2")
    assert forks.run("sft", tight, RLIMIT_FSIZE=64) == 5
    assert tight.result() is None
    roomy = make_run("sft", params, demonstrations, name="attempt-3")
    assert forks.run("sft", roomy) == 0


def test_it_says_what_to_change_when_memory_runs_out(forks: Forks, make_run: MakeRun, demonstrations: Rows) -> None:
    params = {**SMALL, "max_steps": 8, "lora_r": 256, "lora_alpha": 256}
    run_dir = make_run("sft", params, demonstrations)
    assert forks.run("sft", run_dir, RLIMIT_AS=f"+{16 * MIB}") == 1, run_dir.log_tail()
    result = run_dir.result() or {}
    assert (result["status"], result["failure_code"]) == ("failed", "out_of_memory"), run_dir.log_tail()
    assert "Lower the rows per step" in result["message"]


def test_it_says_what_to_change_when_nothing_was_learned(forks: Forks, make_run: MakeRun, demonstrations: Rows) -> None:
    """One step, and the rate begins at zero."""
    run_dir = make_run("sft", {**SMALL, "max_steps": 1, "warmup_ratio": 0.5}, demonstrations)
    assert forks.run("sft", run_dir) == 1
    result = run_dir.result() or {}
    assert result["failure_code"] == "learned_nothing"
    assert "Raise the learning rate or the steps" in result["message"]


def test_an_infinite_loss_is_called_diverged(
    forks: Forks, make_run: MakeRun, demonstrations: Rows, tiny_base: Path, tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(tiny_base)
    with torch.no_grad():
        model.model.norm.weight.fill_(float("inf"))
    model.save_pretrained(tmp_path / "broken")
    AutoTokenizer.from_pretrained(tiny_base).save_pretrained(tmp_path / "broken")
    params = {**SMALL, "max_steps": 8}
    run_dir = make_run("sft", params, demonstrations, base_model_dir=str(tmp_path / "broken"))
    assert forks.run("sft", run_dir) == 1
    result = run_dir.result() or {}
    assert result["failure_code"] == "diverged"
    assert "Lower the learning rate" in result["message"]
    assert "NaN" not in run_dir.events_file.read_text() + run_dir.result_file.read_text()
