"""What a round says about the next one, and which way to take: on the page, in a shell and through the API."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.management.base import CommandError
from django.urls import reverse
from rest_framework.test import APIClient

from tests.factories import as_if_of
from tests.training.test_api import at
from tests.training.test_commands import run, told
from training import actions
from training.jobs import Status
from training.models import BaseModel, DatasetVersion, TrainingRound

pytestmark = pytest.mark.django_db
GENERAL = {"general_perplexity_before": 8.0, "general_perplexity": 8.2}
HELD_OUT = [(0, 2.0), (10, 1.2), (20, 1.7)]


@pytest.fixture
def api(ada: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(ada)
    return client


@pytest.fixture
def learned_by_heart(dataset: DatasetVersion, base_model: BaseModel, ada: Any, rung: Any) -> TrainingRound:
    made = actions.launch_round(project=dataset.project, method="sft", dataset_version=dataset, params={}, by=ada)
    TrainingRound.objects.update(attempt=1, status=Status.SUCCEEDED, result=GENERAL)
    made.refresh_from_db()
    made.run_dir().path.mkdir(parents=True)
    for step in range(1, 21):
        made.run_dir().append_event("log", step=step, loss=2.0 - step / 20, epoch=step / 10)
    for step, loss in HELD_OUT:
        made.run_dir().append_event("eval", step=step, eval_loss=loss)
    return made


def test_a_round_that_succeeded_says_what_to_do_next_time(
    learned_by_heart: TrainingRound, api: APIClient, sign_in: Any, ada: Any
) -> None:
    project = learned_by_heart.project
    fit = "Held-out loss was best at step 10 of 20 (1.2) and rose to 1.7 while training loss kept falling"
    forgotten = "(perplexity 8 before the round, 8.2 after). It has kept what it knew."
    page = sign_in(ada).get(reverse("round", args=[project.pk, learned_by_heart.pk])).text
    shell = run("round_status", "--project", str(project.pk), "--round", "1").splitlines()
    for said in (page, shell[1], api.get(at(project, f"rounds/{learned_by_heart.pk}/")).json()["lessons"][0]):
        assert fit in said
    for said in (page, shell[2], told("round_status", "--project", str(project.pk), "--round", "1")["lessons"][1]):
        assert forgotten in said


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING, Status.FAILED, Status.CANCELLED])
def test_any_other_round_says_nothing_yet(
    learned_by_heart: TrainingRound, api: APIClient, sign_in: Any, ada: Any, status: Status
) -> None:
    project = learned_by_heart.project
    TrainingRound.objects.update(status=status)
    page = sign_in(ada).get(reverse("round", args=[project.pk, learned_by_heart.pk])).text
    assert "What this round says" not in page
    assert api.get(at(project, f"rounds/{learned_by_heart.pk}/")).json()["lessons"] == []


def test_a_new_round_says_which_way_fits_its_model_and_rows(
    dataset: DatasetVersion, base_model: BaseModel, sign_in: Any, ada: Any
) -> None:
    client, page = sign_in(ada), reverse("round_create", args=[dataset.project_id])
    said = client.get(page).text
    assert "Which way to take?" in said
    assert f"For {base_model}, {dataset} with {dataset.train_rows} rows" in said
    assert "<strong>LoRA.</strong>" in said
    assert "Full fine-tuning" in said
    as_if_of(5000)
    assert "<strong>rsLoRA.</strong>" in client.get(page).text


def test_it_follows_what_is_chosen_on_the_form(
    dataset: DatasetVersion, base_model: BaseModel, sign_in: Any, ada: Any
) -> None:
    client, page = sign_in(ada), reverse("round_create", args=[dataset.project_id])
    large = BaseModel.objects.create(
        name="Large", path="large", weights_sha256="b" * 64, chat_template_sha256="c" * 64, parameters=10**15
    )
    assert "<strong>none fits.</strong>" in client.get(page, {"base_model": large.pk}).text
    assert "<strong>none fits.</strong>" not in client.get(page).text
    for nonsense in ("nonsense", str(uuid.uuid4())):
        asked = {"dataset_version": nonsense, "base_model": nonsense, "parent_adapter": nonsense}
        assert "<strong>LoRA.</strong>" in client.get(page, asked).text


def test_a_new_round_gives_no_advice_without_a_base_model(dataset: DatasetVersion, sign_in: Any, ada: Any) -> None:
    page = sign_in(ada).get(reverse("round_create", args=[dataset.project_id]))
    assert page.status_code == 200
    assert "Which way to take?" not in page.text


def test_it_advises_in_a_shell(dataset: DatasetVersion, base_model: BaseModel) -> None:
    project = ["--project", str(dataset.project_id)]
    assert f"{base_model}, {dataset} with {dataset.train_rows} rows, " in run("which_way", *project)
    assert run("which_way", *project).endswith("That is the preset: there is nothing to change.")
    assert told("which_way", *project, "--dataset", "1")["way"] == "LoRA"
    BaseModel.objects.update(parameters=10**15)
    assert "none fits. In 16 bits" in run("which_way", *project, "--base-model", base_model.name)
    with pytest.raises(CommandError, match="no version 9"):
        run("which_way", *project, "--dataset", "9")
    with pytest.raises(CommandError, match="no base model called"):
        run("which_way", *project, "--base-model", "GPT")
    BaseModel.objects.all().delete()
    with pytest.raises(CommandError, match="no base model yet"):
        run("which_way", *project)


def test_it_advises_through_the_api(dataset: DatasetVersion, base_model: BaseModel, api: APIClient) -> None:
    path = at(dataset.project, "which-way/")
    said = api.get(path, {"dataset_version": str(dataset.pk)}).json()
    assert (said["way"], said["base_model"], said["rows"]) == ("LoRA", str(base_model), dataset.train_rows)
    assert said["comparison"]["Risk of forgetting"]["Full fine-tuning"] == "High"
    BaseModel.objects.update(parameters=10**15)
    named = {"dataset_version": str(dataset.pk), "base_model": str(base_model.pk)}
    assert api.get(path, named).json()["way"] == ""
    assert api.get(path).status_code == 400
    assert "dataset_version" in api.get(path, {"dataset_version": str(uuid.uuid4())}).json()
    BaseModel.objects.all().delete()
    assert "no base model" in api.get(path, {"dataset_version": str(dataset.pk)}).json()["base_model"][0]
