"""What presets take for the number of rows."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from tests.factories import as_if_of
from tests.training.test_api import at
from tests.training.test_commands import of, told
from training.methods import METHODS, from_json
from training.models import BaseModel, DatasetVersion, Preflight, TrainingRound
from training.params import SFTParams, to_json
from training.params.by_rows import FOLLOW, for_rows, in_words

STANDARD = to_json(SFTParams())


def taken(rows: int, preset: dict[str, Any] = STANDARD, *given: str) -> tuple[float, ...]:
    params = for_rows(preset, rows, given)
    return tuple(params[name] for name in FOLLOW)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (1, (4, 1, 1e-3, 3.0)),
        (136, (4, 1, 1e-3, 3.0)),
        (500, (4, 1, 1e-3, 3.0)),
        (501, (8, 1, 1.4e-3, 3.0)),
        (1_000, (8, 1, 1.4e-3, 2.5)),
        (3_000, (8, 1, 1.4e-3, 1.5)),
        (3_001, (8, 2, 1.5e-3, 1.5)),
        (10_000, (8, 2, 1.5e-3, 1.0)),
        (1_000_000, (8, 2, 1.5e-3, 1.0)),
    ],
)
def test_it_takes_fewer_passes_and_larger_steps_the_more_rows_there_are(rows: int, expected: tuple[float, ...]) -> None:
    assert taken(rows) == expected


def test_it_lets_an_admin_decide_about_the_steps() -> None:
    preset = STANDARD | {"per_device_train_batch_size": 2}
    assert taken(5_000, preset, "per_device_train_batch_size") == (2, 1, 1e-3, 1.5)
    assert taken(5_000, preset, "gradient_accumulation_steps") == (2, 1, 1e-3, 1.5)


@given(rows=st.integers(1, 10**6), more=st.integers(0, 10**6))
def test_it_never_sees_a_row_more_often_because_there_are_more(rows: int, more: int) -> None:
    fewer, further = for_rows(STANDARD, rows), for_rows(STANDARD, rows + more)
    assert further["num_train_epochs"] <= fewer["num_train_epochs"]
    assert further["learning_rate"] >= fewer["learning_rate"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rows", [1, 136, 700, 10_000, 10**6])
def test_it_gives_settings_that_every_method_takes(method: str, rows: int) -> None:
    for preset in METHODS[method].presets.values():
        params = for_rows(to_json(preset.params), rows)
        assert from_json(method, params).num_train_epochs >= min(1, preset.params.num_train_epochs)


@given(rows=st.integers(100, 10_000))
def test_it_stays_at_a_few_hundred_steps(rows: int) -> None:
    params = for_rows(STANDARD, rows)
    per_step = params["per_device_train_batch_size"] * params["gradient_accumulation_steps"]
    assert 75 <= -(-rows // per_step) * params["num_train_epochs"] <= 640


def test_it_says_so_in_words() -> None:
    assert in_words(STANDARD, 136) == "3 passes, 4 rows per step (102 steps), learning rate 0.001"
    limited = STANDARD | {"max_steps": 10, "learning_rate": 5e-5}
    assert in_words(limited, 136) == "10 steps, 4 rows per step, learning rate 0.00005"
    many = for_rows(STANDARD, 10_000)
    assert in_words(many, 10_000) == "1 pass, 16 rows per step (625 steps), learning rate 0.0015"


@pytest.mark.django_db
def test_a_page_a_command_and_the_api_take_the_same_for_the_same_rows(
    dataset: DatasetVersion, base_model: BaseModel, sign_in: Any, ada: Any, rung: Any
) -> None:
    project, client = dataset.project, sign_in(ada)
    as_if_of(2_000)
    new = reverse("round_create", args=[project.pk])
    said = client.get(new, {"dataset_version": dataset.pk}).text
    assert "With these 2,000 rows: 2 passes, 8 rows per step (500 steps), learning rate 0.0014." in said
    assert "With these 2,000 rows: 1 pass, 8 rows per step (250 steps), learning rate 0.0014." in said

    whole = client.get(new, {"dataset_version": dataset.pk, "finetuning_type": "full"}).text
    assert "8 rows per step (500 steps), learning rate 0.00007." in whole

    client.post(new, {"method": "sft", "dataset_version": dataset.pk, "preset": "standard"})
    by_page = Preflight.objects.get().params
    by_command = TrainingRound.objects.get(pk=told("launch_round", *of(project, "--method", "sft"))["id"]).params
    api = APIClient()
    api.force_authenticate(ada)
    asked = {"method": "sft", "dataset_version": str(dataset.pk), "preset": "standard"}
    by_api = api.post(at(project, "rounds/"), asked, format="json").json()["params"]
    expected = {"per_device_train_batch_size": 8, "learning_rate": 0.0014, "num_train_epochs": 2.0}
    for params in (by_page, by_command, by_api):
        assert params == to_json(SFTParams()) | expected


@pytest.mark.django_db
def test_it_lets_given_settings_stand_on_a_page(
    dataset: DatasetVersion, base_model: BaseModel, sign_in: Any, ada: Any, rung: Any
) -> None:
    as_if_of(2_000)
    new = reverse("round_create", args=[dataset.project_id])
    asked = {"method": "sft", "dataset_version": dataset.pk, "preset": "standard"}
    sign_in(ada).post(new, {**asked, "per_device_train_batch_size": 2, "num_train_epochs": 5})
    params = Preflight.objects.get().params
    assert (params["per_device_train_batch_size"], params["learning_rate"], params["num_train_epochs"]) == (2, 1e-3, 5)
