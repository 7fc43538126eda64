"""The same round on all rows and on the best half of them: what is frozen, launched and shown."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.urls import reverse

from annotation.models import Demonstration, Project
from tests import factories
from tests.training.test_baselines import finished
from training import actions
from training.actions.freezing import freeze_best_half
from training.actions.rounds import retry_round
from training.freezing import datasets
from training.freezing.filters import Filter
from training.jobs import Status
from training.models import BaseModel, DatasetVersion, TrainingRound, VersionRow
from training.running import kinds

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(project: Project, base_model: BaseModel, ada: Any, erin: Any, rung: Any) -> DatasetVersion:
    """Six rows that somebody else approved, six that their author did, two to check with."""
    for number in range(12):
        prompt = factories.prompt(project, group=f"matter {number}")
        text = f"Repair the roof of matter {number}."
        factories.demonstration(prompt, erin, text=text, reviewed_by=ada if number % 2 else erin)
    for number in range(2):
        aside = factories.prompt(project, group=f"aside {number}", split="validation")
        factories.demonstration(aside, erin, text=f"Aside {number}.", reviewed_by=ada)
    return actions.freeze(project=project, kind="demonstrations", by=ada)


@pytest.fixture
def launch(version: DatasetVersion, ada: Any) -> Any:
    def launched(**params: Any) -> TrainingRound:
        return actions.launch_round(
            project=version.project, method="sft", dataset_version=version, params=params, by=ada, note="Why"
        )

    return launched


def test_it_takes_the_better_rows_and_the_same_ones_to_check_with(version: DatasetVersion, ada: Any) -> None:
    half = freeze_best_half(version=version, by=ada)
    assert (half.train_rows, half.validation_rows) == (6, 2)
    approved = (
        Demonstration.objects.filter(reviewed_by=ada).exclude(prompt__split="validation").values_list("pk", flat=True)
    )
    assert {row["id"] for row in datasets.training_rows(half)} == {str(pk) for pk in approved}
    assert datasets.validation_rows(half) == datasets.validation_rows(version)
    assert half.description == "The best half of Demonstrations v1, by quality"
    asked = actions.freeze(project=version.project, kind="demonstrations", by=ada, chosen=Filter(best_share=0.5))
    assert (asked.pk, asked.is_new) == (half.pk, False)  # the same rows by either way are the same bytes


def test_it_goes_by_the_quality_of_when_it_was_frozen(version: DatasetVersion, ada: Any, erin: Any) -> None:
    half = freeze_best_half(version=version, by=ada)
    Demonstration.objects.update(reviewed_by=erin)
    factories.demonstration(factories.prompt(version.project), erin, reviewed_by=ada, text="Newer.")
    assert freeze_best_half(version=version, by=ada).pk == half.pk
    version.halvings.all().delete()  # nobody has asked for it yet
    VersionRow.objects.filter(version=version).update(score=None)  # as in versions from before there were scores
    freeze_best_half(version=version, by=ada)
    assert not VersionRow.objects.filter(version=version, score=None).exists()


def test_it_says_why_there_is_none(version: DatasetVersion, launch: Any, ada: Any) -> None:
    half = freeze_best_half(version=version, by=ada)
    with pytest.raises(ValidationError, match="is the best share of its rows already"):
        freeze_best_half(version=half, by=ada)


def test_the_round_on_the_best_half_follows(launch: Any, version: DatasetVersion, ada: Any) -> None:
    whole = launch(best_half=True, seed=5)
    beside = whole.baselines.get()
    assert (beside.number, beside.status, beside.note) == (2, Status.QUEUED, "Best half of round 1. Why")
    assert (whole.dataset_version, beside.dataset_version.filter) == (version, {"best_share": 0.5})
    assert {name for name, value in beside.params.items() if value != whole.params[name]} <= {
        "best_half",
        "shuffled_baseline",
    }
    assert launch().baselines.count() == 0
    for round in (whole, beside):
        run_dir = round.run_dir(1)
        run_dir.path.mkdir(parents=True)
        kinds.ROUND.write_inputs(round, run_dir)
    assert run_dir.read_params()["same_draws"] is False
    assert len(run_dir.train.read_text().splitlines()) == 6
    assert run_dir.validation.read_text() == whole.run_dir(1).validation.read_text()


def test_an_order_and_the_best_half_are_three_rounds(launch: Any, settings: Any, ada: Any) -> None:
    settings.ROUNDS_QUEUED_PER_PROJECT = 3
    ordered = launch(curriculum="length", best_half=True)
    shuffled, half = ordered.baselines.order_by("number")
    assert (shuffled.params["curriculum"], half.params["curriculum"]) == ("none", "length")
    assert (shuffled.dataset_version, half.baseline_of) == (ordered.dataset_version, ordered)
    TrainingRound.objects.filter(pk__in=[ordered.pk, half.pk]).update(status=Status.FAILED)
    ordered.refresh_from_db()
    again = retry_round(round=ordered, by=ada)
    assert {each.note[:9] for each in again.baselines.all()} == {"Shuffled ", "Best half"}
    assert TrainingRound.objects.count() == 5
    with pytest.raises(ValidationError, match=r"may wait|wait already"):
        launch(best_half=True)


def test_pages_command_and_api_show_both(launch: Any, version: DatasetVersion, sign_in: Any, ada: Any) -> None:
    whole = launch(best_half=True)
    half = whole.baselines.get()
    finished(whole, eval_loss=1.2344)
    finished(half, eval_loss=1.3)
    client = sign_in(ada)
    losses = "Held-out loss is 1.234 after learning from all 12 rows and 1.300 after the best 6"
    for each, heading in ((whole, "The best half of the rows"), (half, "All the rows")):
        page = client.get(reverse("round", args=[each.project_id, each.pk])).content.decode()
        assert losses in page
        assert f">{heading}</h2>" in page
    out = StringIO()
    call_command("round_status", "--project", str(whole.project_id), "--round", "1", stdout=out)
    assert f"Round 2 · SFT learns from the best half of the rows. {losses}" in out.getvalue()
    arguments = ["--project", str(whole.project_id), "--by", "ada", "--method", "sft", "--dataset", "1"]
    call_command("launch_round", *arguments, "--param", "best_half=true", "--json", stdout=(out := StringIO()))
    assert json.loads(out.getvalue())["best_half"] == 4
    listed = client.get(f"/api/v1/projects/{whole.project_id}/rounds/?baseline_of={whole.pk}").json()
    assert [found["number"] for found in listed["results"]] == [2]


def test_one_tick_on_the_form_asks_for_it(version: DatasetVersion, sign_in: Any, ada: Any) -> None:
    client, page = sign_in(ada), reverse("round_create", args=[version.project_id])
    assert "The best half too" in client.get(page).content.decode()
    sent = {"method": "sft", "dataset_version": version.pk, "preset": "standard", "finetuning_type": "lora"}
    assert client.post(page, {**sent, "best_half": "on"}).status_code == 302
    preflight = version.project.preflights.get()
    assert preflight.params["best_half"] is True
