"""One contract for every launcher: submit, poll, cancel, tail."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import psutil
import pytest

from tests.training.ray_cluster import TOKEN, cluster
from training.run_dir import RunDir, write_json
from training.running import launcher, ray_jobs

Submit = Callable[..., Any]


@pytest.fixture(autouse=True)
def _recipes_of_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "RECIPES", "tests.training")


class Contract:
    by: ClassVar[launcher.Launcher[Any]]
    processes: ClassVar[int]

    @pytest.fixture
    def submit(self, tmp_path: Path) -> Submit:
        def submitted(act: str = "succeed", seconds: float = 0, attempt: int = 1) -> Any:
            run_dir = RunDir(tmp_path / f"attempt-{attempt}")
            run_dir.path.mkdir()
            write_json(run_dir.params, {"act": act, "seconds": seconds})
            return self.by.submit("fake_recipe", run_dir)

        return submitted

    def pids(self, handle: Any) -> list[int]:
        """Of the recipe's processes, once all have begun."""
        files = [handle.run_dir.path / f"pid-{rank}.json" for rank in range(self.processes)]
        deadline = time.monotonic() + 300
        while not all(file.exists() for file in files):
            assert time.monotonic() < deadline, handle.run_dir.log_tail()
            time.sleep(0.05)
        return [json.loads(file.read_text())["pid"] for file in files]

    def end(self, handle: Any, seconds: float = 300) -> int:
        code = self.by.poll(handle, seconds)
        assert code is not None
        return code

    def abandon(self, handle: Any, pids: list[int]) -> None:
        """As it is when the worker is killed."""
        handle.process.stdin.close()

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
        assert all_gone(pids)
        assert self.by.poll(handle) is not None
        assert handle.run_dir.result() is None

    def test_nothing_of_it_outlives_its_worker(self, submit: Submit) -> None:
        handle = submit(seconds=120)
        pids = self.pids(handle)
        self.abandon(handle, pids)
        assert self.end(handle) == 3
        assert all_gone(pids)


class TestLocal(Contract):
    by = launcher.Local()
    processes = 1


@pytest.mark.torch
class TestAccelerate(Contract):
    by = launcher.Accelerate()
    processes = 2


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with cluster() as address:
        yield address


@pytest.mark.torch
class TestRay(Contract):
    by = ray_jobs.Ray()
    processes = 1

    @pytest.fixture(autouse=True)
    def _of_this_cluster(self, address: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.RAY_ADDRESS, settings.RAY_AUTH_TOKEN = address, TOKEN
        monkeypatch.setattr(ray_jobs, "UNWATCHED_SECONDS", 2)
        monkeypatch.setattr(ray_jobs, "SHOW_SECONDS", 0.5)
        monkeypatch.setattr(ray_jobs, "LATE_SECONDS", 0.5)

    def abandon(self, handle: Any, pids: list[int]) -> None:
        deadline = time.monotonic() + 60
        while not all_gone(pids):
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def test_a_second_submission_of_the_same_attempt_is_the_first(self, submit: Submit) -> None:
        handle = submit(seconds=1)
        assert self.by.submit("fake_recipe", handle.run_dir).submission_id == handle.submission_id
        pids = self.pids(handle)
        assert self.end(handle) == 0
        assert len(pids) == len([event for event in handle.run_dir.events() if event["event"] == "start"]) == 1

    def test_a_further_attempt_ends_the_earlier_one(self, submit: Submit) -> None:
        first = submit(seconds=120)
        pids = self.pids(first)
        second = submit(attempt=2)
        assert self.end(second) == 0
        assert self.end(first) in (-signal.SIGTERM, -signal.SIGKILL)
        assert all_gone(pids)

    def test_it_says_when_a_node_does_not_share_the_folder(self, tmp_path: Path) -> None:
        run_dir = RunDir(tmp_path / "attempt-1")
        run_dir.path.mkdir()
        handle = self.by.submit("fake_recipe", run_dir)
        assert self.end(handle) == 2
        assert "DATA_DIR must be the same folder on each" in run_dir.log_tail(1)

    def test_it_hands_nothing_to_a_cluster_that_does_not_know_its_token(self, submit: Submit, settings: Any) -> None:
        settings.RAY_AUTH_TOKEN = "another" * 5
        with pytest.raises(ray_jobs.NotLaunched, match="does not know the token in RAY_AUTH_TOKEN"):
            submit()


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
