"""What a DPO round keeps of each pair, each time it reads it: people look again at those that stand out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.training.recipes.conftest import FACTS, MakeRun, assistant, read_json, user
from training.run_dir import RunDir, newest_verified_checkpoint
from training.suspects import losses, standing_out

pytestmark = pytest.mark.torch
Rows = list[dict[str, Any]]
SMALL = {"max_length": 256, "lora_r": 4, "lora_alpha": 8, "lora_dropout": 0.0, "seed": 3, "learning_rate": 0.003}
SWAPPED = {3, 12, 25, 38}


def train(run_dir: RunDir) -> dict[str, Any]:
    from training.recipes import dpo

    dpo.main([str(run_dir.path)])
    return read_json(run_dir.result_file)


def readings(run_dir: RunDir) -> list[losses.Reading]:
    return list(losses.readings(run_dir.path))


@pytest.fixture
def planted() -> Rows:
    """Forty pairs; in four of them people said it the wrong way round."""
    made = []
    for place in range(40):
        note, good, bad = FACTS[place % len(FACTS)]
        chosen, rejected = (bad, good) if place in SWAPPED else (good, bad)
        prompt = user(f"{note}, file {place}")
        made.append(
            {"id": f"pair-{place}", "prompt": prompt, "chosen": assistant(chosen), "rejected": assistant(rejected)}
        )
    return made


def test_pairs_the_wrong_way_round_stand_out(make_run: MakeRun, planted: Rows, parent_adapter: Path) -> None:
    params = {**SMALL, "num_train_epochs": 3.0, "per_device_train_batch_size": 4, "gradient_accumulation_steps": 1}
    run_dir = make_run("dpo", params, planted, parent_adapter_dir=str(parent_adapter))
    assert train(run_dir)["status"] == "succeeded"
    seen = readings(run_dir)
    assert Counter(each.row for each in seen) == dict.fromkeys(range(40), 3)
    assert [each.step for each in seen] == sorted(each.step for each in seen)
    ranked = [each.row for each in standing_out.ranked(seen, [""] * 40)]
    assert set(ranked[:10]) >= SWAPPED, ranked


def test_a_row_keeps_its_place_when_others_are_left_out(
    make_run: MakeRun, preferences: Rows, parent_adapter: Path
) -> None:
    """Also where pairs weigh differently; and it is the margin that the trainer reports."""
    weak = {1, 4}
    rows = [
        {**row, "votes": 3, "agreement": 0.5 if place in weak else 0.8 + place / 100, "strength": 1.0}
        for place, row in enumerate(preferences)
    ]
    params = {**SMALL, "num_train_epochs": 2.0, "per_device_train_batch_size": 2, "gradient_accumulation_steps": 1}
    params |= {"min_agreement": 0.7, "pair_weighting": "agreement"}
    run_dir = make_run("dpo", params, rows, parent_adapter_dir=str(parent_adapter))
    losses.append(losses.file_of(run_dir.path, 0), 99, [(0, 1.0)])  # of an attempt that came further than this begins
    assert train(run_dir)["status"] == "succeeded"
    seen = readings(run_dir)
    assert Counter(each.row for each in seen) == dict.fromkeys(sorted(set(range(8)) - weak), 2)
    logs = [event for event in run_dir.events() if event["event"] == "log"]
    for log in logs:
        of_step = [-each.loss for each in seen if each.step == log["step"] - 1]
        assert log["rewards/margins"] == pytest.approx(sum(of_step) / len(of_step), abs=1e-3)


def test_what_a_resumed_round_reads_again_counts_once(
    make_run: MakeRun, preferences: Rows, parent_adapter: Path
) -> None:
    params = {**SMALL, "num_train_epochs": 2.0, "per_device_train_batch_size": 2, "gradient_accumulation_steps": 1}
    whole = make_run("dpo", {**params, "save_steps": 3}, preferences, parent_adapter_dir=str(parent_adapter))
    train(whole)
    (checkpoint,) = (path for path in whole.checkpoints.iterdir() if path.name == "checkpoint-6")
    assert newest_verified_checkpoint(whole.path) is not None
    again = make_run(
        "dpo",
        {**params, "save_steps": 3},
        preferences,
        name="attempt-2",
        parent_adapter_dir=str(parent_adapter),
        resume_from=str(checkpoint),
    )
    losses.file_of(again.path, 0).write_bytes(losses.file_of(whole.path, 0).read_bytes())
    assert train(again)["status"] == "succeeded"
    assert readings(again) == readings(whole)
