"""Real rounds on all rows and on the best half, by the real worker, and what an evaluation of both says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.training.recipes.conftest import tiny_base, tiny_tokenizer  # noqa: F401 - fixtures
from tests.training.test_real_worker import House

pytestmark = pytest.mark.torch
SETTINGS = {"max_steps": 8, "eval_steps": 4, "save_steps": 8, "per_device_train_batch_size": 4, "max_length": 256}
HELD_OUT = 8


@pytest.fixture
def house(tmp_path: Path, tiny_base: Path) -> Iterator[House]:  # noqa: F811
    made = House(tmp_path / "house")
    made.data_dir.mkdir()
    made.call("prepare", str(tiny_base))
    made.start_worker()
    yield made
    for worker in made.workers:
        worker.kill()
        worker.wait()


def test_both_rounds_train_and_the_comparison_says_which_taught_more(house: House, tmp_path: Path) -> None:
    settings = [part for name, value in SETTINGS.items() for part in ("--param", f"{name}={value}")]
    launched = house.manage(
        "launch_round", "--method", "sft", "--param", "best_half=true", *settings, "--wait", "--json"
    )
    assert launched.returncode == 0, launched.stderr
    told = json.loads(launched.stdout)
    assert (told["number"], told["best_half"], told["status"]) == (1, 2, "succeeded")
    all_rows, half, validation = _lines(house)
    assert len(half) == round(len(all_rows) / 2)
    assert half < all_rows
    assert len(validation) == 1  # of two rounds the same rows to check with

    lines = [
        {"instruction": "Summarise.", "input": f"Claim {n}: {n} windows broke.", "reference": f"Mend {n} windows."}
        for n in range(HELD_OUT)
    ]
    file = tmp_path / "held.jsonl"
    file.write_text("".join(json.dumps({**line, "split": "evaluation"}) + "\n" for line in lines))
    for command in (["import_records", str(file)], ["freeze_evaluation_set"]):
        done = house.manage(*command)
        assert done.returncode == 0, done.stderr
    few = ["--reviewed-prompts", "0", "--max-new-tokens", "8", "--no-base"]
    compared = house.manage("evaluate", "--adapter", "1", "--adapter", "2", *few, "--wait")
    assert compared.returncode == 0, compared.stderr
    assert f"All the rows are {len(all_rows)}, the best half is {len(half)}." in compared.stdout


def _lines(house: House) -> tuple[set[str], set[str], set[str]]:
    """Training rows of the first round and of the second, and what their validation files are."""
    runs = {len(_rows(path / "train.jsonl")): path for path in house.data_dir.glob("runs/*/attempt-1")}
    half, whole = (runs[number] for number in sorted(runs))
    validation = {(path / "validation.jsonl").read_text() for path in (half, whole)}
    return _rows(whole / "train.jsonl"), _rows(half / "train.jsonl"), validation


def _rows(path: Path) -> set[str]:
    return set(path.read_text().splitlines())
