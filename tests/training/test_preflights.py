"""Checking a round before it is launched, by command and by API."""

from __future__ import annotations

import json
import uuid
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from annotation.models import Event, Project, Split
from tests import factories
from training.jobs import Status
from training.management import waiting
from training.models import BaseModel, DatasetVersion, Preflight, TrainingRound
from training.wording import findings

pytestmark = pytest.mark.django_db
PART = {
    "rows": 11,
    "tokens": {"min": 120, "median": 300, "p95": 420, "max": 431},
    "total_tokens": 30_000,
    "trained_tokens": 12_000,
    "trained_share": 0.4,
    "truncated": {"count": 0, "ids": []},
}
NONE = {**PART, "rows": 0, "tokens": dict.fromkeys(PART["tokens"]), "trained_share": 0.0}
ONE = {**PART, "rows": 1, "tokens": dict.fromkeys(PART["tokens"], 300), "truncated": {"count": 1, "ids": ["a"]}}
REPORT = {"train": PART, "validation": ONE, "reasons": []}
TOO_LONG = "1 held-out row is longer than 256 tokens and would lose its end."


@pytest.fixture
def checked(dataset: DatasetVersion, base_model: BaseModel, rung: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """checked(**fields): what the worker leaves while a command waits. By default, that all is well."""

    def leave(**fields: Any) -> None:
        left = {"status": Status.SUCCEEDED, "attempt": 1, "report": REPORT, **fields}
        monkeypatch.setattr(waiting.time, "sleep", lambda _s: Preflight.objects.update(**left))

    leave()
    return leave


def run(project: Project, *more: str) -> tuple[str, str]:
    """What it prints, and the sentence it ends with when it fails."""
    out = StringIO()
    arguments = ["--project", str(project.pk), "--by", "ada", "--method", "sft", *more]
    try:
        call_command("preflight", *arguments, stdout=out, stderr=StringIO())
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


def test_it_prints_what_the_model_would_read_and_learn(dataset: DatasetVersion, checked: Any) -> None:
    said, failed = run(dataset.project, "--preset", "quick", "--param", "lora_r=4", "--note", "By script")
    assert failed == ""
    assert said.splitlines() == [
        "To learn from: 11 rows of 120 to 431 tokens (median 300); 40 % of 30,000 tokens are learned.",
        "To check with: 1 row of 300 tokens; 40 % of 30,000 tokens are learned; 1 row too long.",
        "Everything is in order.",
    ]
    preflight = Preflight.objects.get()
    assert (preflight.params["lora_r"], preflight.params["num_train_epochs"]) == (4, 1.0)
    assert preflight.note == "By script"
    assert Event.objects.filter(verb="started the pre-flight", actor__username="ada").exists()
    assert not TrainingRound.objects.exists()


def test_it_fails_when_the_round_would_be_refused(dataset: DatasetVersion, checked: Any) -> None:
    checked(report={**REPORT, "reasons": [TOO_LONG]})
    said, failed = run(dataset.project)
    assert said.splitlines()[-1] == TOO_LONG
    assert failed == "A round with these settings would be refused."
    told, failed = run(dataset.project, "--json")
    assert failed
    assert json.loads(told)["passed"] is False
    assert json.loads(told)["report"]["reasons"] == [TOO_LONG]


def test_it_fails_when_the_check_could_not_be_made(dataset: DatasetVersion, checked: Any) -> None:
    checked(status=Status.FAILED, report={}, failure_message="It left no report.")
    assert run(dataset.project) == ("", "Pre-flight for Demonstrations v1 has failed.")


def test_it_refuses_at_once_what_a_round_would_refuse(dataset: DatasetVersion, checked: Any) -> None:
    assert "NAME=VALUE" in run(dataset.project, "--param", "lora_r")[1]
    assert "no adapter yet" in run(dataset.project, "--parent", "latest")[1]
    ours = dataset.project.prompts.first()
    factories.prompt(dataset.project, input=ours.input, split=Split.EVALUATION)
    assert "its results would mean nothing" in run(dataset.project)[1]
    assert not Preflight.objects.exists()


def test_it_tells_of_rows_it_could_not_measure_why() -> None:
    empty = {"train": {"rows": 0}, "validation": {"rows": 0}, "reasons": ["There are no rows to train on."]}
    assert findings(empty) == ["There are no rows to train on."]
    assert findings({**REPORT, "validation": NONE})[1] == "To check with: no rows."


# --- The API ----------------------------------------------------------------------------------------------------


@pytest.fixture
def api(ada: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(ada)
    return client


def at(project: Project, path: str = "") -> str:
    return f"/api/v1/projects/{project.pk}/preflights/{path}"


def test_it_checks_shows_and_launches_by_api(
    dataset: DatasetVersion, base_model: BaseModel, api: APIClient, rung: list[tuple[str, str]]
) -> None:
    project = dataset.project
    sent = {"method": "sft", "dataset_version": str(dataset.pk), "preset": "quick", "note": "By API"}
    made = api.post(at(project), sent, format="json")
    assert (made.status_code, made.json()["status"], made.json()["passed"]) == (201, "queued", False)
    assert rung == []  # rung after commit
    one = at(project, f"{made.json()['id']}/")
    early = api.post(f"{one}launch/")
    assert (early.status_code, early.json()) == (
        400,
        {"non_field_errors": ["This check has not passed, so its round cannot be launched."]},
    )
    Preflight.objects.update(status=Status.SUCCEEDED, attempt=1, report=REPORT)
    shown = api.get(one).json()
    assert (shown["passed"], shown["report"]["train"]["rows"], shown["round"]) == (True, 11, None)
    launched = api.post(f"{one}launch/")
    assert (launched.status_code, launched.json()["number"], launched.json()["note"]) == (201, 1, "By API")
    assert launched.json()["params"] == shown["params"]
    again = api.post(f"{one}launch/")
    assert (again.status_code, again.json()["id"]) == (201, launched.json()["id"])
    assert api.get(one).json()["round"] == launched.json()["id"]


def test_it_says_by_api_what_speaks_against_it(
    dataset: DatasetVersion, base_model: BaseModel, api: APIClient, rung: Any
) -> None:
    sent = {"method": "sft", "dataset_version": str(dataset.pk)}
    one = at(dataset.project, f"{api.post(at(dataset.project), sent, format='json').json()['id']}/")
    Preflight.objects.update(status=Status.SUCCEEDED, attempt=1, report={**REPORT, "reasons": [TOO_LONG]})
    assert api.get(one).json()["report"]["reasons"] == [TOO_LONG]
    assert api.post(f"{one}launch/").status_code == 400
    assert not TrainingRound.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"params": {"learning_rate": 9}}, "learning_rate"),
        ({"preset": "magic"}, "preset"),
        ({"method": "ppo"}, "method"),
        ({"dataset_version": str(uuid.uuid4())}, "dataset_version"),
        ({"parent_adapter": str(uuid.uuid4())}, "parent_adapter"),
    ],
)
def test_it_names_by_api_the_setting_that_is_wrong(
    dataset: DatasetVersion, base_model: BaseModel, api: APIClient, rung: Any, changes: dict[str, Any], field: str
) -> None:
    sent = {"method": "sft", "dataset_version": str(dataset.pk), **changes}
    response = api.post(at(dataset.project), sent, format="json")
    assert response.status_code == 400
    assert field in response.json()
    assert not Preflight.objects.exists()


def test_it_finds_no_check_of_another_project(
    dataset: DatasetVersion, base_model: BaseModel, api: APIClient, oscar: Any, rung: Any
) -> None:
    sent = {"method": "sft", "dataset_version": str(dataset.pk)}
    pk = api.post(at(dataset.project), sent, format="json").json()["id"]
    Preflight.objects.update(status=Status.SUCCEEDED, report=REPORT)
    api.force_authenticate(oscar)
    own = Project.objects.get(name="Another project")
    assert api.get(at(own, f"{pk}/")).status_code == 404
    assert api.post(at(own, f"{pk}/launch/")).status_code == 404
    assert not TrainingRound.objects.exists()
