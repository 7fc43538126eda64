"""One contract for every launcher: submit, poll, cancel, tail."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import psutil
import pytest

from training import launcher
from training.run_dir import RunDir, write_json

Submit = Callable[..., launcher.Handle]


@pytest.fixture(autouse=True)
def _recipes_of_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "RECIPES", "tests.training")


class Contract:
    by: ClassVar[launcher.Launcher]
    processes: ClassVar[int]

    @pytest.fixture
    def submit(self, tmp_path: Path) -> Submit:
        def submitted(act: str = "succeed", seconds: float = 0) -> launcher.Handle:
            run_dir = RunDir(tmp_path / "attempt-1")
            run_dir.path.mkdir()
            write_json(run_dir.params, {"act": act, "seconds": seconds})
            return self.by.submit("fake_recipe", run_dir)

        return submitted

    def pids(self, handle: launcher.Handle) -> list[int]:
        """Of the recipe's processes, once all have begun."""
        files = [handle.run_dir.path / f"pid-{rank}.json" for rank in range(self.processes)]
        deadline = time.monotonic() + 300
        while not all(file.exists() for file in files):
            assert time.monotonic() < deadline, handle.run_dir.log_tail()
            time.sleep(0.05)
        return [json.loads(file.read_text())["pid"] for file in files]

    def end(self, handle: launcher.Handle, seconds: float = 300) -> int:
        code = self.by.poll(handle, seconds)
        assert code is not None
        return code

    def test_it_runs_to_the_end_and_knows_no_secret(self, submit: Submit, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SECRET_KEY", "s3cret")
        monkeypatch.setenv("DATABASE_URL", "postgres://somewhere")
        handle = submit(seconds=0.5)
        assert self.by.poll(handle) is None
        assert self.end(handle) == 0
        assert (handle.run_dir.result() or {})["status"] == "succeeded"
        seen = handle.run_dir.path.joinpath("seen.json").read_text()
        assert "s3cret" not in seen
        assert "postgres://" not in seen
        assert '"HF_HUB_OFFLINE": "1"' in seen
        assert len([event for event in handle.run_dir.events() if event["event"] == "log"]) == 10

    def test_it_ends_with_the_error_and_shows_it(self, submit: Submit) -> None:
        handle = submit("crash")
        assert self.end(handle) == 1
        assert "the fake recipe broke" in self.by.tail(handle, 200)
        assert self.by.tail(handle, 0) == ""

    def test_it_says_that_a_process_was_killed_and_leaves_no_other(self, submit: Submit) -> None:
        handle = submit(seconds=120)
        pids = self.pids(handle)
        os.kill(pids[-1], signal.SIGKILL)
        assert self.end(handle) == -signal.SIGKILL
        assert all_gone(pids)

    def test_it_cancels_what_does_not_listen(self, submit: Submit) -> None:
        handle = submit("deaf", 120)
        pids = self.pids(handle)
        self.by.cancel(handle, grace_seconds=0.5)
        assert all_gone([*pids, handle.process.pid])
        assert self.by.poll(handle) is not None
        assert handle.run_dir.result() is None

    def test_nothing_of_it_outlives_the_pipe_to_its_worker(self, submit: Submit) -> None:
        handle = submit(seconds=120)
        pids = self.pids(handle)
        assert handle.process.stdin is not None
        handle.process.stdin.close()
        assert self.end(handle) == 3
        assert all_gone(pids)


class TestLocal(Contract):
    by = launcher.Local()
    processes = 1


@pytest.mark.torch
class TestAccelerate(Contract):
    by = launcher.Accelerate()
    processes = 2


def all_gone(pids: list[int]) -> bool:
    return not [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]


@pytest.mark.parametrize(
    ("settings_", "recipe", "expected"),
    [
        ("local", "sft", launcher.Local),
        ("accelerate", "sft", launcher.Accelerate),
        ("accelerate", "preflight", launcher.Local),
        ("accelerate", "generate", launcher.Local),
    ],
)
def test_only_training_takes_several_processes(settings: Any, settings_: str, recipe: str, expected: type) -> None:
    settings.LAUNCHER = settings_
    assert type(launcher.launcher_for(recipe)) is expected


def test_it_hands_accelerates_own_file_through(settings: Any) -> None:
    settings.ACCELERATE_CONFIG = "/etc/preceptor/fsdp.yaml"
    settings.ACCELERATE_PROCESSES = 4
    command = launcher.Accelerate().command("sft", Path("/runs/1"))
    assert command[2:] == [
        *("accelerate.commands.launch", "--config_file", "/etc/preceptor/fsdp.yaml", "--num_processes", "4"),
        *("--main_process_port", "0", "--module", "tests.training.sft", "/runs/1"),
    ]


def test_it_shares_the_threads(settings: Any) -> None:
    settings.RECIPE_THREADS, settings.ACCELERATE_PROCESSES = 8, 4
    assert launcher.Local().environment()["PRECEPTOR_THREADS"] == "8"
    assert launcher.Accelerate().environment()["PRECEPTOR_THREADS"] == "2"


def test_it_refuses_what_several_processes_cannot_do(settings: Any) -> None:
    params = {"per_device_train_batch_size": 3, "gradient_accumulation_steps": 1}
    assert launcher.refusals("sft", params) == {}
    settings.LAUNCHER = "accelerate"
    assert launcher.refusals("sft", {**params, "gradient_accumulation_steps": 4}) == {}
    (uneven,) = launcher.refusals("sft", params)["gradient_accumulation_steps"]
    assert uneven == "3 rows per step cannot be shared evenly by 2 processes: choose a multiple."
    (alone,) = launcher.refusals("another", params)["method"]
    assert "LAUNCHER to local" in alone
