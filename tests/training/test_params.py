from __future__ import annotations

from dataclasses import fields

import pytest

from training.methods import METHODS, WRITING, from_json
from training.params import (
    HELP,
    LABELS,
    DPOParams,
    GenerateParams,
    ParamsError,
    SFTParams,
    to_json,
)
from training.params.groups import grouped
from training.params.words import shown as said


@pytest.mark.parametrize("params", [SFTParams(), DPOParams(beta=0.3), GenerateParams(num_candidates=4)])
def test_it_survives_the_way_to_json_and_back(params: SFTParams | GenerateParams) -> None:
    method = next((each.key for each in METHODS.values() if each.params is type(params)), WRITING)
    assert from_json(method, to_json(params)) == params


@pytest.mark.parametrize("name", ["learning_rate", "lora_r", "seed"])
@pytest.mark.parametrize("value", [10**400, -(10**400), float("nan"), float("inf"), "1", None, True])
def test_it_refuses_what_is_no_usable_number(name: str, value: object) -> None:
    with pytest.raises(ParamsError) as refused:
        from_json("sft", {name: value})
    assert set(refused.value.problems) == {name}


def test_it_takes_defaults_for_what_is_left_out() -> None:
    assert from_json("sft", {"lora_r": 8}) == SFTParams(lora_r=8)


def test_it_names_parameters_it_does_not_know() -> None:
    with pytest.raises(ParamsError) as error:
        from_json("sft", {"beta": 0.1, "learning_rat": 1e-4})
    assert set(error.value.problems) == {"beta", "learning_rat"}
    assert "sft has no parameter called beta." in str(error.value)


def test_it_names_methods_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="no method called ppo"):
        from_json("ppo", {})


def test_it_reports_every_problem_beside_its_field() -> None:
    values = {
        "learning_rate": 5,
        "lora_r": 2.5,
        "seed": True,
        "max_steps": 0,
        "lr_scheduler_type": "steep",
        "load_in_4bit": 1,
        "warmup_ratio": float("nan"),
        "lora_alpha": "many",
    }
    with pytest.raises(ParamsError) as error:
        from_json("sft", values)
    problems = error.value.problems
    assert set(problems) == set(values)
    assert problems["learning_rate"] == "Learning rate must be above 0 and at most 0.01; it is 5."
    assert problems["lora_r"] == "LoRA rank must be a whole number."
    assert problems["load_in_4bit"] == "4-bit base weights must be yes or no."
    assert problems["lr_scheduler_type"].startswith("Learning rate schedule must be one of: linear,")


def test_it_smooths_labels_only_for_the_robust_loss() -> None:
    assert DPOParams(loss_type="robust", label_smoothing=0.1).label_smoothing == 0.1
    with pytest.raises(ParamsError, match="needs label smoothing"):
        DPOParams(loss_type="robust")
    with pytest.raises(ParamsError, match="only works with the robust loss"):
        DPOParams(label_smoothing=0.1)


def test_it_does_not_ask_for_several_identical_candidates() -> None:
    with pytest.raises(ParamsError, match="all candidates are the same"):
        GenerateParams(temperature=0.0, num_candidates=2)


def test_it_explains_every_parameter_in_one_sentence() -> None:
    names = {
        field.name
        for kind in [GenerateParams, *(method.params for method in METHODS.values())]
        for field in fields(kind)
    }
    assert names == set(HELP) == set(LABELS)
    assert all(text.endswith(".") and len(text) < 120 for text in HELP.values())


@pytest.mark.parametrize("method", sorted(METHODS))
def test_it_has_presets_for_every_method_with_standard_first(method: str) -> None:
    presets = METHODS[method].presets
    assert list(presets) == ["standard", "quick", "careful", *(["auto"] if method == "dpo" else [])]
    assert presets["standard"].params == METHODS[method].params()
    assert all(type(preset.params) is METHODS[method].params and preset.help for preset in presets.values())


@pytest.mark.parametrize("method", METHODS)
def test_it_shows_every_setting_in_one_group(method: str) -> None:
    names = [field.name for field in fields(METHODS[method].params)]
    shown = [name for members in grouped(names).values() for name in members]
    assert sorted(shown) == sorted(names)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("max_steps", -1, "no limit"),
        ("max_steps", 40, "40"),
        ("eval_steps", 0, "up to four times per pass"),
        ("save_steps", 0, "every two minutes"),
        ("early_stopping_patience", 0, "never stops early"),
        ("desirable_weight", 0.0, "balanced"),
        ("lora_dropout", 0.0, "0.0"),
        ("use_dora", False, "no"),
        ("curriculum", "length", "Short answers first"),
    ],
)
def test_it_says_what_a_setting_means_where_its_number_is_none(name: str, value: object, shown: str) -> None:
    assert said(name, value) == shown
