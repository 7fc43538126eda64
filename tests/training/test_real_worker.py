"""The real worker process, the real recipe, a tiny model, and kill -9 where it hurts."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.training.recipes.conftest import tiny_base, tiny_tokenizer  # noqa: F401 - fixtures

pytestmark = pytest.mark.torch
ROOT = Path(__file__).resolve().parents[2]
PARAMS = {"max_steps": 120, "save_steps": 20, "eval_steps": 60, "per_device_train_batch_size": 4, "max_length": 256}
LEASE_SECONDS = 6


class House:
    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        lease = {"JOB_LEASE_SECONDS": str(LEASE_SECONDS), "JOB_HEARTBEAT_SECONDS": "1", "RECIPE_THREADS": "1"}
        self.env = {**os.environ, "DATA_DIR": str(data_dir), "LOG_LEVEL": "WARNING", **lease}
        self.workers: list[subprocess.Popen[bytes]] = []

    def call(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "tests.training.house", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout.strip()

    def start_worker(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "run_huey", "-w", "3", "-k", "thread"]
        with (self.data_dir / "worker.log").open("ab") as log:
            worker = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=log)
        self.workers.append(worker)
        return worker

    def row(self, pk: str) -> dict[str, Any]:
        connection = sqlite3.connect(self.data_dir / "preceptor.sqlite3", timeout=20)
        connection.row_factory = sqlite3.Row
        sql = (
            "SELECT r.*, a.sha256 AS adapter FROM training_traininground r "
            "LEFT JOIN training_adapter a ON a.round_id = r.id WHERE r.id = ?"
        )
        found = dict(connection.execute(sql, [pk.replace("-", "")]).fetchone())
        connection.close()
        return found

    def attempt(self, pk: str, number: int) -> Path:
        return self.data_dir / "runs" / pk / f"attempt-{number}"

    def wait_for_end(self, pk: str, seconds: float = 180) -> dict[str, Any]:
        row = eventually(lambda: self._ended(pk), seconds)
        log = self.data_dir.joinpath("worker.log").read_text()
        assert row["status"] == "succeeded", (row["failure_message"], log[-3000:])
        return row

    def _ended(self, pk: str) -> dict[str, Any] | None:
        row = self.row(pk)
        return row if row["status"] in ("succeeded", "failed", "cancelled") else None

    def recipe_pid(self, pk: str) -> int:
        """Of the process whose argument is this round's run directory."""
        return eventually(lambda: next(iter(processes_of(pk)), None), 60)

    def wait_for_checkpoint(self, pk: str, attempt: int) -> None:
        folder = self.attempt(pk, attempt) / "checkpoints"
        eventually(lambda: list(folder.glob("checkpoint-*/COMPLETE.json")), 120, every=0.01)


def processes_of(pk: str) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if pk.encode() in command and b"training.recipes" in command and state != "Z":
            found.append(int(entry.name))
    return found


def eventually(true: Callable[[], Any], seconds: float, every: float = 0.1) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = true()
        if found:
            return found
        time.sleep(every)
    raise AssertionError("it never happened")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, tiny_base: Path) -> Iterator[House]:  # noqa: F811
    made = House(tmp_path_factory.mktemp("house"))
    made.call("prepare", str(tiny_base))
    yield made
    for worker in made.workers:
        worker.kill()
        worker.wait()


@pytest.fixture(scope="module")
def unbroken(house: House) -> str:
    """The adapter of a round that nothing disturbed."""
    house.start_worker()
    row = house.wait_for_end(house.call("launch", json.dumps(PARAMS)))
    assert row["attempt"] == 1
    return row["adapter"]


def test_it_makes_the_same_adapter_after_its_recipe_was_killed(house: House, unbroken: str) -> None:
    pk = house.call("launch", json.dumps(PARAMS))
    house.wait_for_checkpoint(pk, 1)
    os.kill(house.recipe_pid(pk), signal.SIGKILL)
    eventually(lambda: house.attempt(pk, 2).joinpath("params.json").exists(), 75)
    spec = json.loads(house.attempt(pk, 2).joinpath("params.json").read_text())
    assert "checkpoint-" in spec["resume_from"]
    row = house.wait_for_end(pk)
    assert (row["attempt"], row["adapter"]) == (2, unbroken)
    root = house.attempt(pk, 1).parent
    eventually(lambda: not [*root.glob("*/checkpoints"), *root.glob("*/resume")], 10)


def test_it_makes_the_same_adapter_after_its_worker_was_killed(house: House, unbroken: str) -> None:
    pk = house.call("launch", json.dumps(PARAMS))
    house.wait_for_checkpoint(pk, 1)
    house.workers[-1].kill()
    house.workers[-1].wait()
    eventually(lambda: not processes_of(pk), 5)
    assert house.row(pk)["status"] == "running"
    time.sleep(LEASE_SECONDS + 0.5)
    house.start_worker()
    row = house.wait_for_end(pk)
    assert (row["attempt"], row["adapter"]) == (2, unbroken)


def test_it_goes_on_after_an_orderly_stop_and_a_lost_queue(house: House, unbroken: str) -> None:
    """SIGTERM gives the attempt back at once; the queue file is gone, but the row says what there is to do."""
    pk = house.call("launch", json.dumps(PARAMS))
    house.wait_for_checkpoint(pk, 1)
    house.workers[-1].terminate()
    assert house.workers[-1].wait(60) == 0
    assert not processes_of(pk)
    row = house.row(pk)
    assert (row["status"], json.loads(row["result"])) == ("queued", {"released": 1})
    for file in house.data_dir.glob("queue.sqlite3*"):
        file.unlink()
    house.start_worker()
    row = house.wait_for_end(pk)
    assert (row["attempt"], row["adapter"]) == (2, unbroken)
    assert len(list((house.data_dir / "adapters").iterdir())) == 1
