"""A DPO round that finds its own settings, on the tiny base model."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.training.recipes.conftest import MakeRun, assistant, read_json, user
from training.run_dir import ADAPTER_WEIGHTS, RunDir, directory_sha256, verify_adapter_files, verify_checkpoint

pytestmark = pytest.mark.torch
Rows = list[dict[str, Any]]
SETTINGS = {
    "find_settings": True,
    "max_length": 256,
    "learning_rate": 0.01,
    "sft_weight": 2.0,
    "num_train_epochs": 2.0,
    "lr_scheduler_type": "constant_with_warmup",
    "tuning_prompts": 4,
    "tuning_looks": 2,
    "save_steps": 1,
    "seed": 3,
}
HELD = {"supported": 100.0, "stop": 90.0, "rouge": 40.0, "length": 0.0, "loss": 2.0}


def pairs() -> Rows:
    """Eighteen, of which four are set aside: four steps per pass, and a look after every second one."""
    return [
        {
            "id": f"pair-{n}",
            "group": f"matter-{n // 2}",
            "prompt": user(f"The roof of house {n} leaks"),
            "chosen": assistant(f"Repair the roof of house {n} by Friday"),
            "rejected": assistant(f"Repair the roof of house {n}"),
        }
        for n in range(18)
    ]


def train(run_dir: RunDir) -> dict[str, Any]:
    from training.recipes import dpo

    dpo.main([str(run_dir.path)])
    return read_json(run_dir.result_file)


def named(run_dir: RunDir, event: str) -> Rows:
    return [found for found in run_dir.events() if found["event"] == event]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What each look finds, in turn: the wanted trait, and what differs in what is guarded."""
    from training.recipes import judge
    from training.recipes.judge import Judge

    monkeypatch.setattr(judge, "MARGIN_OF_DRIFT", 100.0)  # it is measured, and so small a model drifts far

    def tell(*looks: tuple[float, dict[str, float]]) -> list[bytes]:
        waiting, seen = list(looks), []

        def look(self: Judge, adapter_dir: Path) -> tuple[float, dict[str, float]]:
            self.before = self.before or ["Repair the roof"] * len(self.prompts)
            seen.append((adapter_dir / ADAPTER_WEIGHTS).read_bytes())
            wanted, differs = waiting.pop(0)
            return wanted, {**HELD, **differs}

        monkeypatch.setattr(Judge, "look", look)
        return seen

    return tell


def test_it_judges_by_what_it_really_writes(make_run: MakeRun, parent_adapter: Path) -> None:
    run_dir = make_run(
        "dpo", {**SETTINGS, "max_steps": 2, "guard_margin": 50.0}, pairs(), parent_adapter_dir=str(parent_adapter)
    )
    train(run_dir)
    (wanted,) = named(run_dir, "wanted")
    assert wanted["says"].startswith("What the rankings prefer: ")
    assert "by friday" in wanted["says"]
    assert (wanted["prompts"], wanted["before"], wanted["unit"]) == (4, 0.0, "%")
    assert {guard["key"] for guard in wanted["guards"]} == {*HELD, "drift"}
    look = named(run_dir, "look")[0]
    assert (look["step"], look["learning_rate"], look["sft_weight"]) == (2, 0.01, 2.0)
    assert look["guards"]["loss"] < wanted["guards"][-1]["before"]
    assert 0 < look["guards"]["drift"] < 0.5
    assert not (run_dir.path / "tuning").exists()


def test_nothing_holds_a_round_whose_chosen_answers_are_different_ones(
    make_run: MakeRun, parent_adapter: Path, told: Any
) -> None:
    told((0.0, {}), (40.0, {}))
    rows = [{**pair, "rejected": assistant(f"Nobody knows what matter {n} is about")} for n, pair in enumerate(pairs())]
    run_dir = make_run("dpo", {**SETTINGS, "max_steps": 2}, rows, parent_adapter_dir=str(parent_adapter))
    train(run_dir)
    assert {guard["key"] for guard in named(run_dir, "wanted")[0]["guards"]} == set(HELD)
    (look,) = named(run_dir, "look")
    assert set(look["guards"]) == set(HELD)


def test_it_keeps_the_best_that_lost_nothing(make_run: MakeRun, parent_adapter: Path, told: Any) -> None:
    worse = {"rouge": 30.0, "loss": 3.0}
    seen = told((0.0, {}), (40.0, {}), (80.0, worse), (80.0, worse), (60.0, {}), (50.0, {}))
    run_dir = make_run("dpo", SETTINGS, pairs(), pairs()[:2], parent_adapter_dir=str(parent_adapter))
    result = train(run_dir)
    assert (result["status"], result["failure_code"]) == ("succeeded", "")
    assert [(look["step"], look["does"], look["kept"]) for look in named(run_dir, "look")] == [
        (2, "go on", True),
        (4, "go on", False),
        (6, "half way", False),
        (6, "back", True),
        (8, "go on", False),
    ]
    assert [look["sft_weight"] for look in named(run_dir, "look")] == [2.0, 2.0, 2.0, 2.0, 4.0]
    assert (result["best_step"], result["found"]["step"], result["found"]["after"]) == (6, 6, 60.0)
    assert (run_dir.adapter / ADAPTER_WEIGHTS).read_bytes() == seen[4]
    assert result["adapter_sha256"] == directory_sha256(run_dir.adapter)
    assert verify_adapter_files(run_dir.adapter) == []


def test_it_says_plainly_when_no_settings_help(make_run: MakeRun, parent_adapter: Path, told: Any) -> None:
    told((0.0, {}), *[(30.0, {"stop": 20.0, "loss": 3.0})] * 8)
    run_dir = make_run("dpo", SETTINGS, pairs(), parent_adapter_dir=str(parent_adapter))
    result = train(run_dir)
    assert (result["status"], result["failure_code"]) == ("failed", "nothing_found")
    assert "without costing something that the rankings do not ask for; nothing is kept" in result["message"]
    assert not run_dir.adapter.exists()


def test_it_goes_on_the_same_way_after_an_interruption(
    make_run: MakeRun, parent_adapter: Path, told: Any, tmp_path: Path
) -> None:
    looks = [(0.0, {}), (40.0, {}), (35.0, {"rouge": 30.0, "loss": 3.0}), (60.0, {}), (70.0, {})]
    told(*looks)
    unbroken = make_run("dpo", SETTINGS, pairs(), parent_adapter_dir=str(parent_adapter), name="unbroken")
    assert train(unbroken)["found"]["after"] == 70.0

    told(*looks)
    broken = make_run("dpo", {**SETTINGS, "max_steps": 8}, pairs(), parent_adapter_dir=str(parent_adapter))
    train(broken)
    checkpoint = broken.checkpoints / "checkpoint-7"
    assert verify_checkpoint(checkpoint)
    saved = tmp_path / "resume" / checkpoint.name
    shutil.copytree(checkpoint, saved)
    told(*looks[4:])
    again = make_run(
        "dpo", SETTINGS, pairs(), parent_adapter_dir=str(parent_adapter), name="again", resume_from=str(saved)
    )
    assert train(again)["found"]["after"] == 70.0
    assert directory_sha256(again.adapter) == directory_sha256(unbroken.adapter)
    assert [look["step"] for look in named(again, "look")] == [2, 4, 6, 8]
