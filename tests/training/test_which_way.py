from __future__ import annotations

import subprocess
from typing import Any

import pytest

from training.advice import this_machine
from training.advice.which_way import GB, LEARNING, WAYS, Machine, comparison, recommend
from training.methods import METHODS

SMALL, SEVEN_BILLION = 134_515_008, 7_000_000_000
LAPTOP, CARD, SERVER = Machine(16 * GB), Machine(24 * GB, gpu=True), Machine(139 * GB, gpu=True)


@pytest.mark.parametrize(
    ("parameters", "rows", "machine", "way"),
    [
        (SMALL, 150, LAPTOP, "LoRA"),
        (SMALL, 10, LAPTOP, "LoRA"),
        (SMALL, 1999, LAPTOP, "LoRA"),
        (SMALL, 2000, LAPTOP, "rsLoRA"),
        (SMALL, 299, CARD, "LoRA"),
        (SMALL, 300, CARD, "DoRA"),
        (SMALL, 2000, CARD, "rsLoRA"),
        (SMALL, 9999, CARD, "rsLoRA"),
        (SMALL, 10_000, CARD, "Full fine-tuning"),
        (SMALL, 10_000, LAPTOP, "rsLoRA"),
        (SEVEN_BILLION, 10_000, CARD, "rsLoRA"),
        (SEVEN_BILLION, 10_000, SERVER, "Full fine-tuning"),
        (SEVEN_BILLION, 150, LAPTOP, "QLoRA"),
        (SEVEN_BILLION, 5000, LAPTOP, "QLoRA"),
        (SEVEN_BILLION, 150, CARD, "LoRA"),
        (SEVEN_BILLION, 150, Machine(12 * GB, gpu=True), "QLoRA"),
        (10 * SEVEN_BILLION, 150, SERVER, "QLoRA"),
        (10 * SEVEN_BILLION, 150, CARD, ""),
        (SEVEN_BILLION, 150, Machine(4 * GB), ""),
    ],
)
def test_it_recommends_what_fits_model_rows_and_machine(parameters: int, rows: int, machine: Machine, way: str) -> None:
    advice = recommend(parameters=parameters, rows=rows, machine=machine)
    assert advice.way == way
    assert advice.way in {*WAYS, ""}
    assert advice.why.endswith(".")
    assert bool(advice.settings) == bool(way)


def test_it_says_that_few_rows_are_few() -> None:
    assert "10 rows are few" in recommend(parameters=SMALL, rows=10, machine=LAPTOP).why
    assert "are few" not in recommend(parameters=SMALL, rows=50, machine=LAPTOP).why


def test_it_says_what_the_model_needs_and_what_there_is() -> None:
    why = recommend(parameters=SEVEN_BILLION, rows=150, machine=Machine(12 * GB, gpu=True)).why
    assert "about 16 GB, and the GPU has 12 GB" in why
    nothing = recommend(parameters=SEVEN_BILLION, rows=150, machine=Machine(4 * GB)).why
    assert "this machine has 4.0 GB" in nothing
    assert "smaller base model" in nothing


def test_it_describes_a_machine_by_what_trains() -> None:
    assert str(LAPTOP) == "16 GB of memory, no GPU"
    assert str(SERVER) == "a GPU with 139 GB"


def test_it_compares_every_way_by_every_criterion() -> None:
    table = comparison(SMALL)
    assert {"Compute", "Data needed", "Size of the change", "Adapts in", "Ceiling", "Expertise"} < set(table)
    assert "Risk of forgetting" in table
    assert all(tuple(cells) == WAYS and all(cells.values()) for cells in table.values())


def test_it_knows_about_how_large_an_adapter_of_the_default_model_is() -> None:
    sizes = comparison(SMALL)["Size of the change"]
    assert (sizes["LoRA"], sizes["rsLoRA"], sizes["Full fine-tuning"]) == ("20 MB", "80 MB at rank 64", "269 MB")


def machine_with(monkeypatch: pytest.MonkeyPatch, answer: Any) -> Machine:
    def run(*_args: Any, **_kwargs: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return subprocess.CompletedProcess([], 0, stdout=answer)

    monkeypatch.setattr(this_machine.shutil, "which", lambda _name: "/usr/bin/nvidia-smi" if answer else None)
    monkeypatch.setattr(this_machine.subprocess, "run", run)
    return this_machine.this_machine.__wrapped__()


def test_it_takes_the_memory_of_the_largest_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine_with(monkeypatch, "24576\n143771\n") == Machine(143771 * 1024**2, gpu=True)


@pytest.mark.parametrize("answer", ["", "[N/A]\n", subprocess.TimeoutExpired("nvidia-smi", 5), OSError("gone")])
def test_it_takes_the_machines_memory_without_a_gpu(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    machine = machine_with(monkeypatch, answer)
    assert not machine.gpu
    assert machine.memory > 1024**3


def test_it_says_of_every_way_of_learning_when_to_take_it() -> None:
    assert set(LEARNING) == set(METHODS)
