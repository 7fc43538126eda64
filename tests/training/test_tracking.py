"""Rounds on an MLflow server: what is written there, and what becomes of it when that goes wrong."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.models import Event, Project
from tests.training.answering import answering
from tests.training.mlflow_like import Kept, MLflow
from training.jobs import Status
from training.models import Adapter, BaseModel, DatasetVersion, TrainingRound
from training.monitoring import tracking
from training.running import kinds

pytestmark = pytest.mark.django_db
Make = Callable[..., TrainingRound]


@pytest.fixture
def mlflow(settings: Any) -> Iterator[MLflow]:
    found = MLflow()
    with answering(found) as address:
        settings.MLFLOW_TRACKING_URI = address
        yield found


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    rung: list[str] = []
    monkeypatch.setattr(tracking, "write_owed", rung.append)
    return rung


@pytest.fixture
def make(project: Project, dataset: DatasetVersion, base_model: BaseModel, ada: User) -> Make:
    def made(status: str = Status.SUCCEEDED, **fields: Any) -> TrainingRound:
        values = {
            "method": "sft",
            "base_model": base_model,
            "dataset_version": dataset,
            "params": {"learning_rate": 0.0002, "lora_r": 16, "load_in_4bit": False, "note": None},
            "number": project.rounds.count() + 1,
            "attempt": 1,
            "started_at": timezone.now(),
            "finished_at": timezone.now(),
            "created_by": ada,
            "result": {"global_step": 2, "eval_loss": 1.25, "early_stopped": False, "versions": {"torch": "2"}},
        }
        round = TrainingRound.objects.create(project=project, status=status, **{**values, **fields})
        for attempt in range(1, round.attempt + 1):
            run_dir = round.run_dir(attempt)
            run_dir.path.mkdir(parents=True)
            run_dir.append_event("start", step=attempt - 1, max_steps=3)
            for step in (attempt, attempt + 1):
                run_dir.append_event("log", step=step, loss=attempt + 1 / step, grad_norm=None)
            run_dir.append_event("eval", step=attempt + 1, eval_loss=1.5)
        return round

    return made


@pytest.fixture
def round(make: Make) -> TrainingRound:
    return make()


def only_run(mlflow: MLflow) -> Kept:
    (run,) = mlflow.runs.values()
    return run


def test_it_writes_settings_figures_by_step_and_hashes(
    mlflow: MLflow, round: TrainingRound, project: Project, dataset: DatasetVersion, base_model: BaseModel
) -> None:
    sha256 = "ab" * 32
    Adapter.objects.create(project=project, round=round, base_model=base_model, sha256=sha256, size_bytes=1)
    tracking.send(TrainingRound.objects.get())
    run = only_run(mlflow)
    assert (run.name, run.status) == ("Round 1 · SFT", "FINISHED")
    params = {"learning_rate": "0.0002", "lora_r": "16", "load_in_4bit": "false", "note": "null"}
    assert run.params == params
    assert round.finished_at is not None
    assert run.end_time == int(round.finished_at.timestamp() * 1000)
    expected = {
        "outcome": "succeeded",
        "project": project.name,
        "dataset_version": "Demonstrations v1",
        "dataset_sha256": dataset.sha256,
        "base_model_sha256": base_model.weights_sha256,
        "adapter_sha256": sha256,
        "preceptor.round_id": str(round.pk),
        "round": "1",
    }
    assert expected.items() <= run.tags.items()
    assert {(key, value, step) for key, value, _at, step in run.metrics} == {
        ("train/loss", 2.0, 1),
        ("train/loss", 1.5, 2),
        ("eval/loss", 1.5, 2),
        ("result/global_step", 2.0, 2),
        ("result/eval_loss", 1.25, 2),
    }
    (experiment,) = mlflow.experiments.values()
    assert experiment["name"] == f"{project.name} ({str(project.pk)[:8]})"


def test_no_text_of_the_project_leaves(mlflow: MLflow, round: TrainingRound, project: Project) -> None:
    round.note = "About the client Miller"
    round.save()
    tracking.send(round)
    said = json.dumps([*mlflow.experiments.values(), vars(only_run(mlflow))], default=str)
    assert "Miller" not in said
    assert project.objective not in said


def test_writing_it_again_leaves_one_run(mlflow: MLflow, round: TrainingRound, project: Project) -> None:
    tracking.send(round)
    before = vars(only_run(mlflow)).copy()
    project.name = "Another name"
    project.save()
    tracking.send(TrainingRound.objects.get())
    after = vars(only_run(mlflow))
    assert {name for name in after if after[name] != before[name]} <= {"tags"}
    assert len(mlflow.experiments) == 1


def test_of_a_step_trained_twice_the_last_time_counts(mlflow: MLflow, make: Make) -> None:
    tracking.send(make(attempt=2))
    found = {(key, step): value for key, value, _at, step in only_run(mlflow).metrics if key == "train/loss"}
    assert found == {("train/loss", 1): 2.0, ("train/loss", 2): 2.5, ("train/loss", 3): pytest.approx(2 + 1 / 3)}


@pytest.mark.parametrize(("status", "there"), [(Status.FAILED, "FAILED"), (Status.CANCELLED, "KILLED")])
def test_it_writes_rounds_that_came_to_nothing(mlflow: MLflow, make: Make, status: str, there: str) -> None:
    tracking.send(make(status, failure_code="diverged" if status == Status.FAILED else "", result={}))
    run = only_run(mlflow)
    assert (run.status, run.tags["outcome"]) == (there, status)
    assert run.tags.get("failure") == ("diverged" if status == Status.FAILED else None)


def test_it_sends_a_long_round_in_parts(mlflow: MLflow, round: TrainingRound) -> None:
    for step in range(3, 2500):
        round.run_dir().append_event("log", step=step, loss=1.0)
    round.params = {f"setting_{number}": "x" * 600 for number in range(150)}
    tracking.send(round)
    assert len(only_run(mlflow).metrics) > 2500
    assert len(only_run(mlflow).params) == 150
    assert mlflow.asked.count("runs/log-batch") == 2 + 1 + 3


def test_it_says_who_it_is(mlflow: MLflow, round: TrainingRound, settings: Any) -> None:
    settings.MLFLOW_TRACKING_USERNAME, settings.MLFLOW_TRACKING_PASSWORD = "ada", "s3cret"
    tracking.send(round)
    assert mlflow.authorizations == {"Basic YWRhOnMzY3JldA=="}
    settings.MLFLOW_TRACKING_TOKEN = "t0ken"
    tracking.send(round)
    assert mlflow.authorizations == {"Basic YWRhOnMzY3JldA==", "Bearer t0ken"}


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ((401, "You are not authenticated"), "asks for a name and password, or a token"),
        ((500, {"message": "disk I/O error\nat line 3"}), "refused it (500): disk I/O error It is"),
        ((200, "<html>Welcome</html>"), "did not name the experiment_id, as an MLflow server does"),
        ((503, ""), "refused it (503): no reason given"),
    ],
)
def test_a_server_that_refuses_harms_nothing(
    mlflow: MLflow, round: TrainingRound, bells: list[str], broken: tuple[int, Any], said: str
) -> None:
    mlflow.broken = broken
    tracking.owe(round)
    work(round)
    shown = tracking.shown(round)
    assert shown is not None
    assert (shown.status, shown.label, shown.link) == ("failed", "Not written", "")
    assert said in shown.detail
    assert shown.detail.endswith("It is tried again when the next round is over.")


def test_what_is_owed_is_written_when_the_next_round_is_over(
    mlflow: MLflow, make: Make, bells: list[str], settings: Any
) -> None:
    first, address = make(), settings.MLFLOW_TRACKING_URI
    settings.MLFLOW_TRACKING_URI = "http://127.0.0.1:9"
    tracking.owe(first)
    work(first)
    assert "does not answer" in tracking.told(first)["problem"]
    settings.MLFLOW_TRACKING_URI = address
    before_its_time, second = make(), make()
    tracking.owe(second)
    work(second)
    assert {run.name for run in mlflow.runs.values()} == {str(first), str(second)}
    assert [bool(tracking.told(each).get("run_id")) for each in (first, before_its_time, second)] == [True, False, True]
    assert tracking.told(first)["owed"] is False
    assert "problem" not in tracking.told(first)


def test_a_server_that_is_away_is_asked_once(
    make: Make, bells: list[str], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MLFLOW_TRACKING_URI = "http://127.0.0.1:9"
    rounds = [make(), make(), make()]
    for round in rounds:
        tracking.owe(round)
    work(rounds[0])
    assert [bool(tracking.told(each).get("problem")) for each in rounds] == [True, False, False]


def test_a_round_that_is_over_is_owed_before_anything_else(
    mlflow: MLflow, round: TrainingRound, bells: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    assert kinds.ROUND.ended is not None
    with django_capture_on_commit_callbacks(execute=True):
        kinds.ROUND.ended(round, round.run_dir())
    assert bells == [str(round.pk)]
    assert tracking.told(round) == {"owed": True}
    assert tracking.shown(round) == tracking.Shown("queued", "Being written")


def test_without_a_server_nothing_is_written(round: TrainingRound, bells: list[str]) -> None:
    assert kinds.ROUND.ended is not None
    kinds.ROUND.ended(round, round.run_dir())
    work(round)
    assert tracking.told(round) == {}
    assert tracking.shown(round) is None
    assert bells == []


def test_the_rounds_page_shows_it_and_has_it_written(
    mlflow: MLflow,
    round: TrainingRound,
    ada: User,
    sign_in: Callable[[User], Client],
    bells: list[str],
    django_capture_on_commit_callbacks: Any,
) -> None:
    client, page = sign_in(ada), reverse("round", args=[round.project_id, round.pk])
    assert "It was over before the server was named." in client.get(page).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("round_mlflow", args=[round.project_id, round.pk]), follow=True)
    assert "Round 1 is being written to the MLflow server." in answer.content.decode()
    assert Event.objects.filter(verb="sent to MLflow").count() == 1
    work(round)
    (run_id,) = mlflow.runs
    assert f"/#/experiments/1/runs/{run_id}" in client.get(page).content.decode()


def test_the_api_has_it_written_and_tells(
    mlflow: MLflow, round: TrainingRound, make: Make, ada: User, sign_in: Callable[[User], Client], bells: list[str]
) -> None:
    client, address = sign_in(ada), reverse("api_round_mlflow", args=[round.project_id, round.pk])
    assert client.get(address).json()["owed"] is False
    answer = client.post(address)
    assert (answer.status_code, answer.json()["owed"]) == (202, True)
    work(round)
    told = client.get(address).json()
    assert (told["owed"], told["problem"], told["run_id"]) == (False, "", next(iter(mlflow.runs)))
    waiting = make(Status.QUEUED, finished_at=None)
    refused = client.post(reverse("api_round_mlflow", args=[round.project_id, waiting.pk]))
    assert refused.status_code == 400
    assert "is not over" in refused.content.decode()


def test_the_command_writes_it_and_says_where(mlflow: MLflow, round: TrainingRound, settings: Any) -> None:
    given = {"project": str(round.project_id), "round": 1, "by": "ada"}
    said = StringIO()
    call_command("write_to_mlflow", **given, json=True, stdout=said)
    assert json.loads(said.getvalue())["run_id"] == next(iter(mlflow.runs))
    mlflow.broken = (500, {"message": "out of order"})
    with pytest.raises(CommandError, match="out of order"):
        call_command("write_to_mlflow", **given)
    settings.MLFLOW_TRACKING_URI = ""
    with pytest.raises(CommandError, match="sets MLFLOW_TRACKING_URI"):
        call_command("write_to_mlflow", **given)


@pytest.mark.parametrize("address", ["mlflow:5000", "file:///tmp/mlruns", "http://ada:secret@mlflow:5000"])
def test_the_installation_does_not_start_with_half_an_address(
    address: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(settings.DATA_DIR))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    with pytest.raises(ImproperlyConfigured, match="such as http://mlflow:5000"):
        runpy.run_path(str(settings.BASE_DIR / "config" / "settings.py"))


WORK = tracking.write_owed.call_local


def work(round: TrainingRound) -> None:
    """What the worker does for the bell of this round."""
    WORK(str(round.pk))
