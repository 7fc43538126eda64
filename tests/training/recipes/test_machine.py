"""What a recipe sees of its machine, and the estimate it adds to the check of the rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.training.recipes.conftest import MakeRun, read_json
from training.estimating import estimates
from training.methods import from_json
from training.params import SFTParams, to_json
from training.recipes import machine, preflight
from training.run_dir import RunDir

Rows = list[dict[str, Any]]
GB = 1 << 30


def checked(run_dir: RunDir) -> dict[str, Any]:
    preflight.main([str(run_dir.path)])
    return read_json(run_dir.preflight)


@pytest.fixture
def tiny(make_run: MakeRun, demonstrations: Rows) -> Any:
    def make(name: str = "attempt-1", **spec: Any) -> RunDir:
        params = to_json(SFTParams(max_length=256, per_device_train_batch_size=8))
        return make_run("preflight", params, demonstrations, name=name, method="sft", **spec)

    return make


def test_it_sees_the_memory_it_may_use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen = machine.look()
    assert seen.device == "cpu"
    assert 0 < seen.free_bytes <= seen.memory_bytes
    assert seen.name.endswith(f"threads: {seen.threads}")
    for said, expected in [("max", seen.memory_bytes), (str(GB), GB), (str(2**63), seen.memory_bytes)]:
        (tmp_path / "memory.max").write_text(f"{said}\n")
        monkeypatch.setattr(machine, "CONTROL_GROUPS", (tmp_path / "memory.max", tmp_path / "not there"))
        assert machine.look().memory_bytes == expected
        assert machine.look().free_bytes <= expected


def test_it_is_one_machine_to_processes_that_train_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRECEPTOR_THREADS", "2")
    alone = machine.look()
    monkeypatch.setenv("PRECEPTOR_THREADS", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert machine.look().name == alone.name


def test_it_makes_do_where_the_system_tells_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "MEMORY", tmp_path / "not there")
    monkeypatch.setattr(machine, "PROCESSORS", tmp_path / "not there")
    seen = machine.look()
    assert seen.free_bytes == seen.memory_bytes
    assert seen.name


def test_it_adds_the_estimate_to_the_report(tiny: Any) -> None:
    plain = checked(tiny())
    assert plain["reasons"] == []
    assert plain["estimate"]["rounds"] == 0
    assert plain["estimate"]["cost"] is None
    taught = {"machine": plain["estimate"]["machine"], "dry": False, "start": 2.0, "train": 3.0, "memory": 0.5}
    known = {"parameters": 10**6, "history": [taught] * 3, "price_per_hour": 3.0}
    learned = checked(tiny("attempt-2", experience=known))["estimate"]
    assert learned["rounds"] == 3
    first = learned["plain"]
    assert learned["seconds"] == pytest.approx(2 * first["start_seconds"] + 3 * first["train_seconds"], abs=0.1)
    assert learned["memory_bytes"] == pytest.approx(first["memory_bytes"] / 2, abs=1)
    assert learned["cost"] == pytest.approx(learned["seconds"] * 3 / 3600, abs=1e-4)


def test_it_refuses_what_cannot_fit_and_proposes_what_does(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = checked(tiny())["estimate"]["memory_bytes"]
    small = estimates.Machine(
        name="small",
        device="cpu",
        threads=1,
        memory_bytes=int(usual * 0.75),
        free_bytes=int(usual * 0.5),
        narrow=machine.look().narrow,
    )
    monkeypatch.setattr(machine, "look", lambda: small)
    run_dir = tiny("attempt-2")
    report = checked(run_dir)
    (reason,) = report["reasons"]
    assert "and this machine has" in reason
    assert read_json(run_dir.result_file)["status"] == "refused"
    assert report["estimate"]["memory_bytes"] == usual
    monkeypatch.setattr(machine, "look", lambda: estimates.Machine("tiny", "cpu", 1, 1000, 1000))
    report = checked(tiny("attempt-3"))
    assert report["proposal"] is None
    assert "choose a smaller one" in report["reasons"][0]


def test_it_estimates_nothing_of_rows_that_cannot_be_used(make_run: MakeRun) -> None:
    report = checked(make_run("preflight", to_json(SFTParams()), [], method="sft"))
    assert "estimate" not in report


@pytest.mark.torch
@pytest.mark.parametrize("held_out", [0, 10, 3_000, 30_000, 900_000])
@pytest.mark.parametrize("rows", [1, 7, 100, 5_000])
@pytest.mark.parametrize("accumulation", [1, 4])
@pytest.mark.parametrize("method", ["sft", "dpo"])
def test_it_counts_evaluations_as_the_trainer_makes_them(
    rows: int, held_out: int, accumulation: int, method: str
) -> None:
    from training.recipes.training_run import training_arguments

    params = from_json(method, {"gradient_accumulation_steps": accumulation})
    report = {
        "train": {"rows": rows, "total_tokens": rows * 300},
        "validation": {"rows": 1 if held_out else 0, "total_tokens": held_out},
    }
    arguments = training_arguments(RunDir(Path("/nowhere")), method, params, report)
    sizes = {"rows": rows, "tokens": rows * 300, "learned": 100, "longest": 300, "held_out_tokens": held_out}
    counts = estimates.Counts(**sizes, texts=1, exact=method == "dpo")
    expected = -(-rows // (4 * accumulation)) / arguments["eval_steps"] if held_out else 0
    assert estimates.evaluations_per_pass(to_json(params), counts) == pytest.approx(expected)
