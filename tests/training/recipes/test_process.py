from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.training.recipes.conftest import MakeRun, read_json
from training.recipes import process
from training.run_dir import RunDir

ROOT = Path(__file__).resolve().parents[3]
Rows = list[dict[str, Any]]


def start(recipe: str, run_dir: RunDir, **more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", f"training.recipes.{recipe}", str(run_dir.path)]
    env = {**os.environ, "PRECEPTOR_THREADS": "1", **more}
    with run_dir.log.open("wb") as log:
        return subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=log, stderr=log)


def wait_for(run_dir: RunDir, event: str, seconds: float) -> float:
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        if any(found["event"] == event for found in run_dir.events()):
            return time.monotonic() - begun
        time.sleep(0.02)
    raise AssertionError(f"no {event} within {seconds} s: {run_dir.log_tail()}")


@pytest.mark.torch
def test_it_dies_with_its_runner_and_says_something_at_once(make_run: MakeRun, demonstrations: Rows) -> None:
    params = {"max_length": 256, "max_steps": 100_000, "save_steps": 100_000}
    run_dir = make_run("sft", params, demonstrations)
    running = start("sft", run_dir, PRECEPTOR_STDIN_GUARD="1")
    assert wait_for(run_dir, "phase", 10) < 5
    assert running.stdin is not None
    running.stdin.close()
    assert running.wait(timeout=5) == process.RUNNER_GONE
    assert run_dir.result() is None


@pytest.mark.torch
def test_it_leaves_no_result_when_it_is_told_to_stop(make_run: MakeRun, demonstrations: Rows) -> None:
    params = {"max_length": 256, "max_steps": 100_000, "save_steps": 100_000}
    run_dir = make_run("sft", params, demonstrations)
    running = start("sft", run_dir)
    wait_for(run_dir, "log", 120)
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=10) == -signal.SIGTERM
    assert run_dir.result() is None
    assert not run_dir.adapter.exists()


def test_it_leaves_a_result_whatever_happens(tmp_path: Path) -> None:
    def breaks(_run_dir: RunDir) -> dict[str, Any]:
        raise KeyError("surprise")

    assert process.run(breaks, [str(tmp_path)]) == 1
    result = read_json(tmp_path / "result.json")
    assert (result["status"], result["failure_code"]) == ("failed", "error")
    assert "KeyError" in result["message"]
    assert result["peak_memory_bytes"] > 0
    assert result["processor_seconds"] > 0


def test_it_wants_exactly_one_run_directory(capsys: pytest.CaptureFixture[str]) -> None:
    assert process.run(lambda _run_dir: {}, []) == 2
    assert "run directory" in capsys.readouterr().err


def test_it_is_offline_before_anything_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    seen = {}

    def look(run_dir: RunDir) -> dict[str, Any]:
        seen["offline"] = os.environ["HF_HUB_OFFLINE"]
        seen["events"] = [event["message"] for event in run_dir.events()]
        return {"message": "Looked."}

    assert process.run(look, [str(tmp_path)]) == 0
    assert seen == {"offline": "1", "events": ["Loading libraries"]}
