"""A round tried for real on a few rows: what is measured, and that nothing stays."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.training.recipes.conftest import MakeRun, read_json
from training.methods import from_json
from training.params import SFTParams, to_json
from training.recipes import dry_round
from training.run_dir import RunDir, read_rows, write_json

Rows = list[dict[str, Any]]
PARAMS = to_json(SFTParams(max_length=256, lora_r=4, lora_alpha=8, early_stopping_patience=2))


@pytest.fixture
def run_dir(make_run: MakeRun, demonstrations: Rows) -> RunDir:
    many = [{**row, "id": f"{row['id']}-{copy}"} for copy in range(5) for row in demonstrations]
    return make_run("dry_round", PARAMS, many, demonstrations[:2], method="sft")


def played(monkeypatch: pytest.MonkeyPatch, play: Callable[[RunDir], int | None]) -> None:
    """In place of the round's recipe."""
    monkeypatch.setattr(dry_round, "attempt", lambda dry, _method: play(dry))


def measured(run_dir: RunDir) -> dict[str, Any]:
    dry_round.main([str(run_dir.path)])
    assert not (run_dir.path / dry_round.NAME).exists()
    assert not run_dir.adapter.exists()
    return read_json(run_dir.preflight)


@pytest.mark.torch
def test_it_trains_for_real_and_keeps_nothing(run_dir: RunDir) -> None:
    report = measured(run_dir)
    assert run_dir.result()
    assert read_json(run_dir.result_file)["status"] == "succeeded"
    dry = report["dry"]
    assert (dry["rows"], dry["steps"], dry["share"], dry["ended"], dry["finite"]) == (16, 4, 1.0, True, True)
    assert report["reasons"] == []
    assert 0 < dry["train_seconds"] < dry["seconds"]
    assert dry["tokens_per_second"] > 0
    assert dry["memory_bytes"] > 100e6
    assert dry["loss"] > 0
    assert dry["estimate"]["plain"]["train_seconds"] < report["estimate"]["plain"]["train_seconds"]
    assert report["train"]["rows"] == 40


def test_it_takes_rows_of_every_length_and_one_pass(run_dir: RunDir) -> None:
    dry = dry_round.prepare(run_dir)
    rows = read_rows(dry.train)
    lengths = [len(str(row)) for row in read_rows(run_dir.train)]
    assert len({row["id"] for row in rows}) == 16
    assert max(len(str(row)) for row in rows) == max(lengths)
    spec = dry.read_params()
    assert (spec["recipe"], spec["params"]["max_steps"]) == ("sft", 4)
    assert from_json("sft", spec["params"]).early_stopping_patience == 0
    assert read_rows(dry.validation) == []
    few = [{"id": str(number)} for number in range(5)]
    assert dry_round.choose(few) == few


def test_it_reports_what_it_had_when_its_time_was_over(run_dir: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(dry: RunDir) -> None:
        write_json(dry.preflight, {"estimate": {"device": "cpu", "plain": {}}})
        dry.append_event("start", max_steps=4)
        dry.append_event("log", step=1, max_steps=4, loss=2.5, tokens_per_second=3.0)

    played(monkeypatch, slow)
    report = measured(run_dir)
    dry = report["dry"]
    assert (dry["ended"], dry["steps"], dry["share"], dry["finite"]) == (False, 1, 0.25, True)
    assert dry["train_seconds"] >= 0
    assert dry["seconds"] is None
    assert dry["memory_bytes"] > 0
    assert report["reasons"] == []


def test_it_says_when_it_did_not_even_come_to_the_first_step(run_dir: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    played(monkeypatch, lambda dry: None)
    dry = measured(run_dir)["dry"]
    assert (dry["steps"], dry["share"], dry["finite"], dry["loss"]) == (0, 0.0, False, None)
    assert dry["train_seconds"] is None
    assert dry["problem"] == ""


@pytest.mark.parametrize(
    ("losses", "result", "said"),
    [
        ([2.5, float("nan")], {"status": "succeeded"}, "the loss was not a number"),
        ([2.5], {"status": "failed", "message": "There was not enough memory."}, "There was not enough memory."),
        ([], None, "ended with an error (code -9). Most often the machine ran out of memory."),
    ],
)
def test_it_refuses_the_round_that_would_fail(
    run_dir: RunDir, monkeypatch: pytest.MonkeyPatch, losses: list[float], result: Any, said: str
) -> None:
    def fail(dry: RunDir) -> int:
        for step, loss in enumerate(losses, start=1):
            dry.append_event("log", step=step, max_steps=4, loss=loss, tokens_per_second=3.0)
        if result:
            write_json(dry.result_file, result)
        return 0 if result else -9

    played(monkeypatch, fail)
    report = measured(run_dir)
    assert [reason for reason in report["reasons"] if said in reason]
    assert read_json(run_dir.result_file)["status"] == "succeeded"


def test_it_does_not_try_what_the_check_refuses(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    played(monkeypatch, lambda dry: pytest.fail("it was tried"))
    run_dir = make_run("dry_round", PARAMS, [], method="sft")
    assert dry_round.main([str(run_dir.path)]) == 1
    assert read_json(run_dir.result_file)["status"] == "refused"


def test_it_ends_a_process_that_takes_too_long(run_dir: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []

    class Sleeper(subprocess.Popen[bytes]):
        def __init__(self, command: list[str], **options: Any) -> None:
            super().__init__([sys.executable, "-c", "import time; time.sleep(60)"], **options)
            started.append((command, self))

    monkeypatch.setattr(dry_round.subprocess, "Popen", Sleeper)
    monkeypatch.setattr(dry_round, "LIMIT_SECONDS", 0.2)
    assert dry_round.attempt(run_dir, "sft") is None
    ((command, child),) = started
    assert command[1:3] == ["-m", "training.recipes.sft"]
    assert child.returncode == -9
