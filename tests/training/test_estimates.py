"""The plain formula, what earlier rounds teach it, and how far estimates were off."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.estimating import estimates
from training.estimating.estimates import (
    Counts,
    Factors,
    Machine,
    Needs,
    Shape,
    calibrate,
    error,
    estimate,
    median_error,
    ratios,
)
from training.params import DPOParams, RLOOParams, SFTParams, to_json

SMOLLM = {
    "hidden_size": 576,
    "intermediate_size": 1536,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "head_dim": 64,
    "vocab_size": 49_152,
    "tie_word_embeddings": True,
}
SHAPE = Shape.of(SMOLLM, 134_515_008)
MACHINE = Machine(name="a processor, threads: 2", device="cpu", threads=2, memory_bytes=24 << 30, free_bytes=20 << 30)
GPU = replace(MACHINE, name="a GPU", device="cuda", memory_bytes=80 << 30)
COUNTS = Counts(rows=100, tokens=30_000, learned=9_000, longest=420, held_out_tokens=3_000, texts=1)
PARAMS = to_json(SFTParams())


def plain(counts: Counts = COUNTS, machine: Machine = MACHINE, shape: Shape = SHAPE, **params: Any) -> Needs:
    return estimates.plain(shape, PARAMS | params, counts, machine)


# --- The formula ------------------------------------------------------------------------------------------------


def test_it_counts_the_parameters_of_an_adapter_as_peft_does() -> None:
    assert SHAPE.adapter(16) == 4_884_480
    assert SHAPE.adapter(8) == 4_884_480 / 2


def test_it_counts_the_parameters_of_a_model_from_its_measures() -> None:
    assert Shape.of(SMOLLM).parameters == pytest.approx(134_515_008, rel=0.001)
    untied = Shape.of({**SMOLLM, "tie_word_embeddings": False})
    assert untied.parameters - Shape.of(SMOLLM).parameters == 49_152 * 576
    assert Shape.of({"text_config": SMOLLM}, 5).hidden == 576


@pytest.mark.parametrize("parameters", [1_000, 10**6, 10**9, 70 * 10**9])
def test_it_makes_do_with_a_config_that_says_nothing(parameters: int) -> None:
    shape = Shape.of({}, parameters)
    assert shape.hidden > 0
    assert shape.adapter(16) > 0
    assert plain(shape=shape).memory_bytes > 0
    assert estimates.disk(shape, PARAMS) > 0


def test_it_takes_longer_with_more_of_anything_that_is_work() -> None:
    usual = plain()
    more = [
        plain(replace(COUNTS, tokens=60_000)),
        plain(num_train_epochs=6.0),
        plain(eval_steps=1),
        plain(use_dora=True),
        plain(lora_r=64),
        plain(machine=replace(MACHINE, threads=1)),
        plain(shape=replace(SHAPE, parameters=2 * SHAPE.parameters)),
    ]
    assert all(each.train_seconds > usual.train_seconds for each in more)
    assert plain(machine=GPU).train_seconds < usual.train_seconds
    assert plain(max_steps=25).train_seconds == pytest.approx(usual.train_seconds / 3, rel=0.01)


def test_a_whole_model_takes_more_of_everything() -> None:
    """With the default model, 32 of the demo's rows and one thread: 5.8 GB at the peak, as measured."""
    counts = Counts(rows=32, tokens=14_158, learned=5_700, longest=595, held_out_tokens=3_660, texts=1)
    adapter, whole = (plain(counts, finetuning_type=each) for each in ("lora", "full"))
    assert whole.memory_bytes == pytest.approx(5.78e9, rel=0.1)
    assert 2 < whole.train_seconds / adapter.train_seconds < 4
    assert plain(counts, GPU, finetuning_type="full").memory_bytes > 16 * SHAPE.parameters
    full = PARAMS | {"finetuning_type": "full"}
    assert estimates.disk(SHAPE, full) == pytest.approx(7.4e9, rel=0.01)
    assert estimates.disk(SHAPE, full) > 10 * estimates.disk(SHAPE, PARAMS)


def test_it_reads_the_pairs_once_more_to_measure_the_reference() -> None:
    pairs = replace(COUNTS, texts=2)
    params = to_json(DPOParams()) | {"num_train_epochs": 3.0}
    assert plain(pairs, **params).start_seconds > plain(COUNTS, **params).start_seconds
    assert plain(pairs, **params).train_seconds == plain(COUNTS, **params).train_seconds
    params["eval_steps"] = 25
    exactly = plain(replace(pairs, exact=True), **params)
    assert exactly.train_seconds > plain(pairs, **params).train_seconds
    assert exactly.start_seconds > plain(pairs, **params).start_seconds


def test_writing_answers_takes_longer_than_reading_them() -> None:
    usual = to_json(RLOOParams())
    once, more = plain(**usual), plain(**{**usual, "num_generations": 8})
    assert 1.5 < more.train_seconds / once.train_seconds < 2.0, "the prompts themselves are read once"
    assert more.memory_bytes > once.memory_bytes
    assert once.train_seconds > 4 * plain(num_train_epochs=1.0).train_seconds
    assert plain(**{**usual, "max_new_tokens": 8}).train_seconds < once.train_seconds


def test_it_needs_more_memory_with_more_at_once() -> None:
    usual = plain().memory_bytes
    assert plain(per_device_train_batch_size=8).memory_bytes > usual
    assert plain(replace(COUNTS, longest=800)).memory_bytes > usual
    assert plain(replace(COUNTS, texts=2)).memory_bytes > usual
    assert plain(lora_r=64).memory_bytes > usual
    assert plain(use_dora=True).memory_bytes > usual
    assert plain(load_in_4bit=True).memory_bytes < usual
    assert plain(max_length=128).memory_bytes < usual
    assert plain(gradient_accumulation_steps=4).memory_bytes == usual
    assert plain(machine=GPU).memory_bytes < usual
    assert plain(replace(COUNTS, exact=True)).memory_bytes == usual
    short = replace(COUNTS, longest=8)
    assert plain(replace(short, exact=True)).memory_bytes > plain(short).memory_bytes + 4 * SHAPE.embedded / 2
    few = replace(COUNTS, rows=2)
    assert (
        plain(few, per_device_train_batch_size=64).memory_bytes
        == plain(few, per_device_train_batch_size=2).memory_bytes
    )


@pytest.mark.parametrize(
    ("params", "rows", "expected"),
    [
        ({}, 100, (75, 3.0)),
        ({"num_train_epochs": 0.5}, 10, (2, 0.5)),
        ({"max_steps": 5}, 100, (5, 0.2)),
        ({"gradient_accumulation_steps": 2}, 100, (39, 3.0)),
        ({"per_device_train_batch_size": 256}, 3, (3, 3.0)),
    ],
)
def test_it_counts_steps_and_passes(params: dict[str, Any], rows: int, expected: tuple[int, float]) -> None:
    assert estimates.steps(PARAMS | params, rows) == pytest.approx(expected)


def test_it_counts_rows_as_the_preflight_measured_them() -> None:
    part = {"rows": 9, "total_tokens": 900, "trained_tokens": 300, "tokens": {"max": 700}}
    report = {"method": "dpo", "max_length": 512, "train": part, "validation": {"rows": 0}}
    assert Counts.of(report) == Counts(
        rows=9, tokens=900, learned=300, longest=512, held_out_tokens=0, texts=2, exact=True
    )
    assert Counts.of({**report, "train": {"rows": 0}}) is None


@pytest.mark.parametrize(("number", "said"), [(0, "less than 1 MB"), (850e6, "811 MB"), (2.25e9, "2.1 GB")])
def test_it_says_sizes_as_people_do(number: float, said: str) -> None:
    assert estimates.size(number) == said
    assert estimates.size(24 << 30) == "24 GB"
    assert estimates.size(3 << 40) == "3.0 TB"


# --- Experience -------------------------------------------------------------------------------------------------


def lived(said: dict[str, Any], start: float, train: float, memory: float, share: float = 1.0) -> dict[str, Any]:
    """What happens when a round's parts take so many times what the plain formula says."""
    first = said["plain"]
    training = train * share * first["train_seconds"]
    return {
        "seconds": start * first["start_seconds"] + training,
        "train_seconds": training,
        "memory_bytes": memory * first["memory_bytes"],
        "share": share,
    }


def test_it_learns_how_many_times_the_plain_needs_a_round_took() -> None:
    said = estimate(SHAPE, PARAMS, COUNTS, MACHINE)
    assert ratios(said, lived(said, 1.5, 2.5, 0.8)) == {
        "machine": MACHINE.name,
        "dry": False,
        "start": pytest.approx(1.5, rel=0.01),
        "train": pytest.approx(2.5, rel=0.01),
        "memory": pytest.approx(0.8, rel=0.01),
    }
    early = ratios(said, lived(said, 1.5, 2.5, 0.8, share=0.4))
    assert early
    assert early["train"] == pytest.approx(2.5, rel=0.01)


def test_it_learns_from_the_whole_where_the_training_is_not_told_apart() -> None:
    said = estimate(SHAPE, PARAMS, COUNTS, MACHINE)
    whole = said["plain"]["start_seconds"] + said["plain"]["train_seconds"]
    found = ratios(said, {"seconds": 2 * whole, "share": 1.0})
    assert found
    assert (found["start"], found["train"], found["memory"]) == (pytest.approx(2), pytest.approx(2), None)


@pytest.mark.parametrize(
    "happened",
    [
        {},
        {"seconds": None, "train_seconds": None, "memory_bytes": None, "share": 1.0},
        {"seconds": 0, "train_seconds": 0, "memory_bytes": 0, "share": 0},
        {"seconds": -5, "train_seconds": -5, "memory_bytes": -1, "share": 1.0},
        {"seconds": 1e12, "train_seconds": 1e12, "memory_bytes": 1e18, "share": 1.0},
    ],
)
def test_it_learns_nothing_from_accidents(happened: dict[str, Any]) -> None:
    assert ratios(estimate(SHAPE, PARAMS, COUNTS, MACHINE), happened) is None
    assert ratios({}, happened) is None


def taught(train: float, *, dry: bool = False, machine: str = MACHINE.name) -> dict[str, Any]:
    return {"machine": machine, "dry": dry, "start": 1.0, "train": train, "memory": None}


def test_it_takes_the_median_of_the_last_rounds_on_this_machine() -> None:
    assert calibrate([], MACHINE.name) == Factors()
    assert not Factors().known
    history = [taught(3.0), taught(50.0), taught(2.0), taught(9.0, machine="another"), *[taught(80.0)] * 20]
    assert calibrate(history[:4], MACHINE.name) == Factors(train=3.0, rounds=3)
    assert calibrate(history[:4], "another").train == 9.0
    assert calibrate(history, MACHINE.name).rounds == estimates.LAST


def test_it_forgets_dry_rounds_once_there_are_enough_real_ones() -> None:
    dry = [taught(9.0, dry=True)] * 4
    assert calibrate(dry, MACHINE.name) == Factors(train=9.0, dry_rounds=4)
    assert calibrate([taught(1.0), *dry], MACHINE.name).train == 9.0
    assert calibrate([taught(1.0)] * 3 + dry, MACHINE.name) == Factors(train=1.0, rounds=3)


def test_it_says_what_it_costs_where_a_price_is_set() -> None:
    assert estimate(SHAPE, PARAMS, COUNTS, MACHINE)["cost"] is None
    priced = estimate(SHAPE, PARAMS, COUNTS, MACHINE, price_per_hour=3.6)
    assert priced["cost"] == pytest.approx(priced["seconds"] / 1000, abs=1e-3)
    assert estimate(SHAPE, PARAMS, COUNTS, MACHINE, price_per_hour=0.0)["cost"] == 0


def test_it_measures_how_far_a_time_was_off() -> None:
    assert error({"seconds": 90}, {"seconds": 100, "share": 1.0}) == pytest.approx(0.1)
    assert error({"seconds": 150}, {"seconds": 100, "share": 1.0}) == pytest.approx(0.5)
    for said, happened in [
        ({}, {"seconds": 100, "share": 1.0}),
        ({"seconds": 90}, {}),
        ({"seconds": 90}, {"seconds": None, "share": 1.0}),
        ({"seconds": 90}, {"seconds": 100, "share": 0.5}),
    ]:
        assert error(said, happened) is None


def test_it_takes_the_median_of_the_errors_that_are_known() -> None:
    assert median_error([]) is None
    assert median_error([None, None]) is None
    assert median_error([None, 0.3, 0.1, 0.2]) == 0.2
    assert median_error([0.1] * estimates.LAST + [9.0] * 50) == 0.1


# --- Together ---------------------------------------------------------------------------------------------------

FACTOR = st.floats(0.05, 20)


@given(
    start=FACTOR,
    train=FACTOR,
    memory=FACTOR,
    seed=st.integers(0, 10_000),
    texts=st.sampled_from([1, 2]),
    device=st.sampled_from([MACHINE, GPU]),
)
def test_after_three_rounds_the_median_error_is_under_a_fifth(
    start: float, train: float, memory: float, seed: int, texts: int, device: Machine
) -> None:
    """Whatever constant factors a machine has, each round a tenth up or down."""
    chance = random.Random(seed)
    history: list[dict[str, Any]] = []
    off: list[tuple[float, float]] = []
    for number in range(8):
        counts = replace(
            COUNTS, rows=chance.randint(16, 2000), tokens=chance.randint(4_000, 900_000), texts=texts, learned=3_000
        )
        params = PARAMS | {"num_train_epochs": float(chance.randint(1, 6))}
        said = estimate(SHAPE, params, counts, device, history)
        wobble = [factor * chance.uniform(0.9, 1.1) for factor in (start, train, memory)]
        happened = lived(said, *wobble)
        missed = error(said, happened)
        assert missed is not None
        if number >= 3:
            off.append((missed, abs(said["memory_bytes"] / happened["memory_bytes"] - 1)))
        learned = ratios(said, happened)
        assert learned
        history.insert(0, learned)
    for errors in zip(*off, strict=True):
        middle = median_error(errors)
        assert middle is not None
        assert middle < 0.2


def test_it_counts_the_looks_of_a_round_that_finds_its_settings() -> None:
    given = PARAMS | {"find_settings": False, "tuning_prompts": 24, "tuning_looks": 3}
    counts = replace(COUNTS, texts=2)
    without = estimate(SHAPE, given, counts, MACHINE)["seconds"]
    three = estimate(SHAPE, given | {"find_settings": True}, counts, MACHINE)["seconds"]
    six = estimate(SHAPE, given | {"find_settings": True, "tuning_looks": 6}, counts, MACHINE)["seconds"]
    assert without < three < six
