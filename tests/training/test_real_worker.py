"""The real worker process, the real recipe, a tiny model, and kill -9 where it hurts."""

from __future__ import annotations

import json
import os
import resource
import shutil
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
from training.run_dir import file_sha256, write_json

pytestmark = pytest.mark.torch
ROOT = Path(__file__).resolve().parents[2]
PARAMS = {"max_steps": 100, "save_steps": 20, "eval_steps": 50, "per_device_train_batch_size": 4, "max_length": 256}
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

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *arguments, "--project", "Client intake summaries", "--by", "ada"]
        return subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=300)

    def start_worker(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "run_huey", "-w", "3", "-k", "thread"]
        with (self.data_dir / "worker.log").open("ab") as log:
            worker = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=log)
        self.workers.append(worker)
        return worker

    def row(self, pk: str) -> dict[str, Any]:
        sql = (
            "SELECT r.*, a.sha256 AS adapter FROM training_traininground r "
            "LEFT JOIN training_adapter a ON a.round_id = r.id WHERE r.id = ?"
        )
        return self.fetch(sql, pk)

    def fetch(self, sql: str, pk: str) -> dict[str, Any]:
        connection = sqlite3.connect(self.data_dir / "preceptor.sqlite3", timeout=20)
        connection.row_factory = sqlite3.Row
        found = dict(connection.execute(sql, [pk.replace("-", "")]).fetchone())
        connection.close()
        return found

    def attempt(self, pk: str, number: int) -> Path:
        return self.data_dir / "runs" / pk / f"attempt-{number}"

    def wait_for_end(self, pk: str, seconds: float = 180) -> dict[str, Any]:
        row = eventually(lambda: self.ended(pk), seconds)
        log = self.data_dir.joinpath("worker.log").read_text()
        assert row["status"] == "succeeded", (row["failure_message"], log[-3000:])
        return row

    def ended(self, pk: str) -> dict[str, Any] | None:
        row = self.row(pk)
        return row if row["status"] in ("succeeded", "failed", "cancelled") else None

    def recipe_pid(self, pk: str) -> int:
        """Of the process whose argument is this round's run directory."""
        return eventually(lambda: next(iter(processes_of(pk)), None), 60)

    def wait_for_checkpoint(self, pk: str, attempt: int) -> None:
        folder = self.attempt(pk, attempt) / "checkpoints"
        eventually(lambda: list(folder.glob("checkpoint-*/COMPLETE.json")), 120, every=0.01)

    def attempt_began_from(self, pk: str, number: int) -> int:
        events = self.attempt(pk, number).joinpath("events.jsonl").read_text().splitlines()
        return next(event["step"] for event in map(json.loads, events) if event["event"] == "start")


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


def test_a_round_makes_the_same_adapter_whatever_interrupts_it(house: House, unbroken: str) -> None:
    """Recipe killed, worker stopped in good order with its queue lost, worker killed: the fourth attempt ends it."""
    pk = house.call("launch", json.dumps(PARAMS))
    kill_the_recipe(house, pk)
    stop_the_worker_and_lose_the_queue(house, pk)
    kill_the_worker(house, pk)
    row = house.wait_for_end(pk)
    assert (row["attempt"], row["adapter"]) == (4, unbroken)
    root = house.attempt(pk, 1).parent
    eventually(lambda: not [*root.glob("*/checkpoints"), *root.glob("*/resume")], 10)
    assert len(list((house.data_dir / "adapters").iterdir())) == 1


def kill_the_recipe(house: House, pk: str) -> None:
    house.wait_for_checkpoint(pk, 1)
    os.kill(house.recipe_pid(pk), signal.SIGKILL)
    eventually(lambda: house.attempt(pk, 2).joinpath("params.json").exists(), 75)
    spec = json.loads(house.attempt(pk, 2).joinpath("params.json").read_text())
    assert "checkpoint-" in spec["resume_from"]


def stop_the_worker_and_lose_the_queue(house: House, pk: str) -> None:
    """SIGTERM gives the attempt back at once; the queue file is gone, but the row says what there is to do."""
    house.wait_for_checkpoint(pk, 2)
    house.workers[-1].terminate()
    assert house.workers[-1].wait(60) == 0
    assert not processes_of(pk)
    row = house.row(pk)
    assert (row["status"], json.loads(row["result"])) == ("queued", {"released": 1})
    for file in house.data_dir.glob("queue.sqlite3*"):
        file.unlink()
    house.start_worker()


def kill_the_worker(house: House, pk: str) -> None:
    house.wait_for_checkpoint(pk, 3)
    house.workers[-1].kill()
    house.workers[-1].wait()
    eventually(lambda: not processes_of(pk), 5)
    assert house.row(pk)["status"] == "running"
    time.sleep(LEASE_SECONDS + 0.5)
    house.start_worker()


def test_a_full_disk_a_dead_machine_and_a_locked_database(house: House, unbroken: str) -> None:
    """Bells that ring five times more, a recipe with no room to write, both killed, then no way to renew the lease."""
    pk = house.call("launch", json.dumps(PARAMS))
    house.call("ring", pk, "5")
    house.wait_for_checkpoint(pk, 1)
    resource.prlimit(house.recipe_pid(pk), resource.RLIMIT_FSIZE, (4096, 4096))
    house.wait_for_checkpoint(pk, 2)
    assert house.attempt_began_from(pk, 2) >= 20
    os.kill(house.recipe_pid(pk), signal.SIGKILL)
    house.workers[-1].kill()
    house.workers[-1].wait()
    time.sleep(LEASE_SECONDS + 0.5)
    house.start_worker()
    house.wait_for_checkpoint(pk, 3)
    lock = sqlite3.connect(house.data_dir / "preceptor.sqlite3", timeout=20, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    time.sleep(LEASE_SECONDS + 1)
    assert house.row(pk)["status"] == "running"
    lock.rollback()
    lock.close()
    row = house.wait_for_end(pk)
    assert (row["attempt"], row["adapter"]) == (3, unbroken)


def test_a_frozen_worker_that_comes_back_changes_nothing(house: House, unbroken: str) -> None:
    pk = house.call("launch", json.dumps(PARAMS))
    house.wait_for_checkpoint(pk, 1)
    frozen, recipe = house.workers[-1], house.recipe_pid(pk)
    for pid in (frozen.pid, recipe):
        os.kill(pid, signal.SIGSTOP)
    time.sleep(LEASE_SECONDS + 0.5)
    house.start_worker()
    winner = house.wait_for_end(pk)
    assert (winner["attempt"], winner["adapter"]) == (2, unbroken)
    assert processes_of(pk) == [recipe]
    for pid in (frozen.pid, recipe):
        os.kill(pid, signal.SIGCONT)
    eventually(lambda: not processes_of(pk), 60)
    frozen.terminate()
    assert frozen.wait(60) == 0
    assert house.row(pk) == winner
    assert len(list((house.data_dir / "adapters").glob("[0-9a-f]*"))) == 1


KEPT_WHILE_IT_RUNS = {"checkpoints", "adapter"}
PHASES = [
    "Loading libraries",
    "Loading the base model",
    "start",
    "Measuring the starting model",
    "checkpoint",
    "Saving",
]


@pytest.mark.parametrize("phase", PHASES)
def test_a_cancelled_round_leaves_no_process_and_no_adapter(house: House, unbroken: str, phase: str) -> None:
    """The recipe is held where it is until everybody has been asked to stop; so is a round that waits behind it."""
    adapters = list((house.data_dir / "adapters").glob("*"))
    pk = house.call("launch", json.dumps(PARAMS))
    events = house.attempt(pk, 1) / "events.jsonl"
    eventually(lambda: events.exists() and f'"{phase}"' in events.read_text(), 60, every=0.002)
    recipe = house.recipe_pid(pk)
    os.kill(recipe, signal.SIGSTOP)
    pks = [pk, house.call("launch", json.dumps(PARAMS))] if phase == "start" else [pk]
    asked = time.monotonic()
    house.call("cancel", *pks)
    os.kill(recipe, signal.SIGCONT)
    for each in pks:
        row = eventually(lambda each=each: house.ended(each), 60)
        assert (row["status"], row["adapter"]) == ("cancelled", None)
        eventually(lambda each=each: not processes_of(each), 5)
    eventually(lambda: not [path for path in house.attempt(pk, 1).iterdir() if path.name in KEPT_WHILE_IT_RUNS], 5)
    assert time.monotonic() - asked < 60
    assert list((house.data_dir / "adapters").glob("*")) == adapters


def test_it_checks_samples_and_learns_from_the_ranking(house: House, unbroken: str) -> None:
    """The other recipes by way of the commands: pre-flight, playground, candidates, pairs, DPO on the SFT adapter."""
    refused, passed = (
        house.manage("preflight", "--method", "sft", "--param", f"max_length={length}", "--json")
        for length in (32, 256)
    )
    assert (refused.returncode, passed.returncode) == (1, 0), passed.stderr
    assert "within 32 tokens" in json.loads(refused.stdout)["report"]["reasons"][0]
    assert "CommandError: A round with these settings would be refused." in refused.stderr
    report = json.loads(passed.stdout)["report"]
    assert {token["trained"] for token in report["examples"][0]["tokens"]} == {True, False}
    asked = house.manage("ask", "Summarise.", "--input", "The roof leaks.", "--max-new-tokens", "8", "--json")
    base, newest = (each["model"] for each in json.loads(asked.stdout)["answers"])
    assert base == "Base model tiny"
    assert newest.startswith("SFT adapter of round ")
    sampled = house.manage("sample", "--adapter", "1", "--prompts", "6", "--max-new-tokens", "24", "--wait", "--json")
    assert sampled.returncode == 0, sampled.stderr
    assert json.loads(sampled.stdout)["comparisons"] >= 2
    assert "answers" in sampled.stderr
    house.call("rank")
    frozen = house.manage("freeze", "--kind", "preferences", "--json")
    assert json.loads(frozen.stdout)["train_rows"] >= 2
    dpo = house.manage(
        *("launch_round", "--method", "dpo", "--parent", "1", "--wait", "--json"),
        *("--param", "max_steps=4", "--param", "max_length=256", "--param", "per_device_train_batch_size=2"),
    )
    assert dpo.returncode == 0, dpo.stderr
    row = house.row(json.loads(dpo.stdout)["id"])
    assert row["adapter"] not in (None, unbroken)
    assert json.loads(row["result"])["global_step"] == 4


def test_a_round_that_diverges_fails_and_publishes_nothing(house: House, unbroken: str, tiny_base: Path) -> None:  # noqa: F811
    from safetensors.torch import load_file, save_file

    broken = house.data_dir / "base-models" / "broken"
    shutil.copytree(tiny_base, broken)
    weights = load_file(broken / "model.safetensors")
    weights["model.norm.weight"][0] = float("nan")
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    described = json.loads((broken / "base_model.json").read_text())
    described |= {"name": "broken", "weights_sha256": file_sha256(broken / "model.safetensors")}
    write_json(broken / "base_model.json", described)
    house.call("register", str(broken))
    failed = house.manage(
        *("launch_round", "--method", "sft", "--base-model", "broken", "--wait"),
        *("--param", "max_length=256", "--param", "max_steps=20"),
    )
    assert failed.returncode == 1
    assert "CommandError: Round" in failed.stderr
    row = house.fetch("SELECT * FROM training_traininground WHERE status = 'failed' AND id != ?", "")
    assert row["failure_code"] == "diverged"
    assert "NaN" not in row["result"] + row["progress"]
    assert len(list((house.data_dir / "adapters").glob("[0-9a-f]*"))) <= 2
