"""What does not fit is refused, and what is proposed instead fits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.test_estimates import COUNTS, GPU, MACHINE, PARAMS, SHAPE
from training.estimating import fitting
from training.estimating.estimates import Counts, Factors, Machine, Shape, memory
from training.methods import METHODS, from_json
from training.params import KTOParams, SFTParams, to_json

KNOWN = Factors(rounds=3)
SEVEN_BILLION = Shape.of(
    {
        "hidden_size": 4096,
        "intermediate_size": 14_336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "vocab_size": 128_256,
        "tie_word_embeddings": False,
    }
)


def with_memory(gigabytes: float, machine: Machine = MACHINE) -> Machine:
    return replace(machine, memory_bytes=int(gigabytes * (1 << 30)))


def proposed(shape: Shape, machine: Machine, counts: Counts = COUNTS, **params: Any) -> Any:
    return fitting.fitting("sft", shape, PARAMS | params, counts, machine, KNOWN)


def test_it_refuses_what_is_larger_than_the_machine() -> None:
    assert not fitting.too_large(10 << 30, with_memory(24), KNOWN)
    assert fitting.too_large(24 << 30, with_memory(24), KNOWN)


def test_it_refuses_only_a_clear_excess_before_it_has_seen_a_round() -> None:
    assert not fitting.too_large(24 << 30, with_memory(24), Factors())
    assert fitting.too_large(30 << 30, with_memory(24), Factors())


def test_it_first_proposes_fewer_rows_at_a_time_that_learn_the_same() -> None:
    params = {"per_device_train_batch_size": 32, "max_length": 4096}
    counts = replace(COUNTS, longest=4000)
    found = proposed(SHAPE, with_memory(12), counts, **params)
    batch, accumulation = found["params"].values()
    assert list(found["params"]) == ["per_device_train_batch_size", "gradient_accumulation_steps"]
    assert batch * accumulation == 32
    assert 1 <= batch < 32
    larger = {"per_device_train_batch_size": 2 * batch, "gradient_accumulation_steps": accumulation // 2}
    assert memory(SHAPE, PARAMS | params | larger, counts, MACHINE) > fitting.USABLE * (12 << 30)


def test_it_then_proposes_4_bit_weights() -> None:
    found = proposed(SEVEN_BILLION, with_memory(12, GPU))
    assert found["params"] == {"load_in_4bit": True}
    both = proposed(SEVEN_BILLION, with_memory(8, GPU), replace(COUNTS, longest=1024))
    assert both["params"]["load_in_4bit"] is True
    assert both["params"]["per_device_train_batch_size"] < 4


def test_it_proposes_an_adapter_where_the_whole_model_is_too_large() -> None:
    full = to_json(SFTParams(finetuning_type="full", learning_rate=5e-5))
    found = fitting.fitting("sft", SHAPE, full, COUNTS, with_memory(3.2), KNOWN)
    assert found
    assert found["params"] == {"finetuning_type": "lora", "learning_rate": pytest.approx(1e-3)}
    assert fitting.changes_in_words(found["params"]) == "a LoRA adapter and learning rate 0.001"
    larger = fitting.fitting("sft", SEVEN_BILLION, full, COUNTS, with_memory(12, GPU), KNOWN)
    assert larger
    assert larger["params"] == {**found["params"], "load_in_4bit": True}
    from_json("sft", full | larger["params"])


def test_it_shortens_rows_last_and_as_little_as_it_must() -> None:
    counts = replace(COUNTS, longest=8000)
    machine = with_memory(3)
    found = proposed(SHAPE, machine, counts, max_length=8192)
    changes = found["params"]
    assert changes["allow_truncation"] is True
    assert changes["max_length"] % fitting.LENGTH_STEP == 0
    longer = PARAMS | changes | {"max_length": changes["max_length"] + fitting.LENGTH_STEP}
    cut = replace(counts, longest=longer["max_length"])
    assert memory(SHAPE, longer, cut, machine) > fitting.USABLE * machine.memory_bytes


def test_it_proposes_no_batch_that_the_method_refuses() -> None:
    params = to_json(KTOParams(per_device_train_batch_size=4, max_length=2048))
    counts = replace(COUNTS, longest=2000)
    needs = [memory(SHAPE, params | {"per_device_train_batch_size": rows}, counts, MACHINE) for rows in (1, 2)]
    between = with_memory(sum(needs) / 2 / fitting.USABLE / (1 << 30))
    found = fitting.fitting("kto", SHAPE, params, counts, between, KNOWN)
    assert found
    assert found["params"]["per_device_train_batch_size"] == 2
    from_json("kto", params | found["params"])


@pytest.mark.parametrize("method", ["reward", "rloo"])
def test_it_shortens_no_rows_that_are_read_whole(method: str) -> None:
    params = to_json(METHODS[method].presets["standard"].params)
    found = fitting.fitting(method, SEVEN_BILLION, params, COUNTS, with_memory(12, GPU), KNOWN)
    assert found is None or "max_length" not in found["params"]
    assert fitting.fitting(method, SEVEN_BILLION, params, COUNTS, with_memory(2, GPU), KNOWN) is None


def test_it_says_when_nothing_fits() -> None:
    assert proposed(SEVEN_BILLION, with_memory(2)) is None
    assert proposed(SEVEN_BILLION, with_memory(2), load_in_4bit=True, per_device_train_batch_size=1) is None


@given(
    gigabytes=st.floats(1, 64),
    rows=st.integers(1, 256),
    accumulation=st.integers(1, 16),
    longest=st.integers(32, 16_000),
    texts=st.sampled_from([1, 2]),
    in_4bit=st.booleans(),
    factor=st.floats(0.3, 3),
    machine=st.sampled_from([MACHINE, GPU]),
    shape=st.sampled_from([SHAPE, SEVEN_BILLION]),
)
def test_what_it_proposes_fits_and_is_allowed(
    gigabytes: float,
    rows: int,
    accumulation: int,
    longest: int,
    texts: int,
    in_4bit: bool,
    factor: float,
    machine: Machine,
    shape: Shape,
) -> None:
    params = PARAMS | {
        "per_device_train_batch_size": rows,
        "gradient_accumulation_steps": accumulation,
        "max_length": 16_384,
        "load_in_4bit": in_4bit,
    }
    counts = replace(COUNTS, rows=2000, longest=longest, texts=texts)
    machine = with_memory(gigabytes, machine)
    found = fitting.fitting("sft", shape, params, counts, machine, Factors(memory=factor, rounds=1))
    if found is None:
        return
    changed = params | found["params"]
    from_json("sft", changed)
    assert changed["per_device_train_batch_size"] * changed["gradient_accumulation_steps"] == rows * accumulation
    cut = replace(counts, longest=min(longest, changed["max_length"]))
    needed = factor * memory(shape, changed, cut, machine)
    assert needed == pytest.approx(found["memory_bytes"], rel=1e-6)
    assert not fitting.too_large(needed, machine, KNOWN)


def test_it_says_in_a_sentence_what_would_fit() -> None:
    changes = {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 4, "load_in_4bit": True}
    assert fitting.refusal(31 << 30, with_memory(24), {"params": changes, "memory_bytes": 12 << 30}) == (
        "It needs about 31 GB of memory, and this machine has 24 GB. It would fit with rows per step 1, gradient "
        "accumulation 4 and 4-bit base weights: about 12 GB."
    )
    assert fitting.refusal(31 << 30, with_memory(24, GPU), None) == (
        "It needs about 31 GB of memory, and the GPU has 24 GB. No settings would make this base model fit here: "
        "choose a smaller one."
    )
    assert fitting.changes_in_words({"load_in_4bit": True}) == "4-bit base weights"
