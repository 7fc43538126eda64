"""The doorbells: rung after the commit, answered once, never a storm."""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from huey.contrib.djhuey import HUEY

from tests import factories
from training import actions, tasks
from training.estimating import experience
from training.jobs import Status
from training.models import BaseModel, DatasetVersion, TrainingRound
from training.running import runner
from training.running.runner import JobKind
from training.wording import sentence


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Any]:
    """The real queue on a file of the test's own."""
    monkeypatch.setattr(HUEY, "storage", type(HUEY.storage)(name="test", filename=str(tmp_path / "queue.sqlite3")))
    yield HUEY
    HUEY.storage.close()


def launch(dataset: DatasetVersion, by: Any) -> TrainingRound:
    return actions.launch_round(project=dataset.project, method="sft", dataset_version=dataset, params={}, by=by)


@pytest.mark.django_db(transaction=True)
def test_it_rings_only_for_what_was_committed(
    dataset: DatasetVersion, base_model: BaseModel, ada: Any, queue: Any
) -> None:
    with transaction.atomic():
        launch(dataset, ada)
        transaction.set_rollback(True)
    assert queue.pending_count() == 0
    round = launch(dataset, ada)
    (message,) = queue.pending()
    assert (message.name, message.args) == ("run_round", (str(round.pk),))


@pytest.mark.django_db
def test_a_round_that_has_to_wait_rings_for_nobody(
    dataset: DatasetVersion, base_model: BaseModel, ada: Any, queue: Any
) -> None:
    first, second = launch(dataset, ada), launch(dataset, ada)
    assert first.claim(uuid.uuid4())
    for _bell in range(3):
        tasks.run_round.call_local(str(second.pk))
    assert queue.pending_count() == 0


@pytest.mark.django_db
def test_the_end_of_a_round_rings_for_the_next(
    dataset: DatasetVersion, base_model: BaseModel, ada: Any, queue: Any, fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = launch(dataset, ada), launch(dataset, ada)
    kind = fake("diverge")
    monkeypatch.setattr(tasks, "ROUND", JobKind(TrainingRound, kind.recipe, kind.write_inputs, kind.publish))
    tasks.run_round.call_local(str(first.pk))
    first.refresh_from_db()
    assert first.status == Status.FAILED
    assert [message.args for message in queue.pending()] == [(str(second.pk),)]


@pytest.mark.django_db
def test_the_watch_rings_only_into_an_empty_queue(
    dataset: DatasetVersion, base_model: BaseModel, ada: Any, queue: Any
) -> None:
    first, second = launch(dataset, ada), launch(dataset, ada)
    tasks.reconcile_all()
    waiting = {message.args for message in queue.pending()}
    assert waiting == {(str(first.pk),), (str(second.pk),)}
    tasks.reconcile_all()
    assert queue.pending_count() == 2
    assert runner.run(tasks.ROUND, uuid.uuid4()) is False


@pytest.mark.django_db
def test_any_bell_is_answered_by_the_round_whose_turn_it_is(
    dataset: DatasetVersion, base_model: BaseModel, ada: Any, queue: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was interrupted goes on; then a project that has not had the machine; then who had it longest ago."""
    had, interrupted, again = (launch(dataset, ada) for _number in range(3))
    other = factories.project(created_by=ada, name="Another")
    TrainingRound.objects.filter(pk=had.pk).update(
        status=Status.SUCCEEDED, attempt=1, started_at=timezone.now() - timezone.timedelta(hours=1)
    )
    elsewhere = launch(dataset, ada)
    TrainingRound.objects.filter(pk=elsewhere.pk).update(project=other)
    TrainingRound.objects.filter(pk=interrupted.pk).update(attempt=1)
    order: list[Any] = []

    def run(kind: JobKind, pk: Any) -> bool:
        order.append(pk)
        TrainingRound.objects.filter(pk=pk).update(status=Status.SUCCEEDED)
        return False

    monkeypatch.setattr(runner, "run", run)
    for _bell in range(4):
        tasks.run_round.call_local(str(again.pk))
    assert order == [interrupted.pk, elsewhere.pk, again.pk]


@pytest.mark.django_db
def test_a_round_too_large_for_the_disk_waits_and_keeps_nobody_waiting(
    dataset: DatasetVersion, base_model: BaseModel, ada: Any, queue: Any, fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.heartbeat_file().touch()
    large, small = launch(dataset, ada), launch(dataset, ada)
    TrainingRound.objects.filter(pk=large.pk).update(params={**large.params, "lora_r": 100_000})
    large.refresh_from_db()
    kind = fake()
    monkeypatch.setattr(tasks, "ROUND", JobKind(TrainingRound, kind.recipe, kind.write_inputs, kind.publish))
    kept = experience.DISK_KEPT_FREE
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=kept + 400 * 1024**2))
    needed = r"^The round needs up to [\d.]+ GB on disk .*, and only 400 MB can be used. Free some space in the data "
    assert re.search(needed + "folder: it starts by itself.$", sentence(large))
    for _bell in range(2):
        tasks.run_round.call_local(str(large.pk))
    large.refresh_from_db()
    small.refresh_from_db()
    assert (large.status, large.attempt, small.status) == (Status.QUEUED, 0, Status.SUCCEEDED)
    large.attempt = 1
    assert "it goes on by itself" in sentence(large)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=kept + 400 * 1024**3))
    assert sentence(large) == "It was interrupted. It goes on from its last checkpoint in a moment."
    tasks.run_round.call_local(str(large.pk))
    large.refresh_from_db()
    assert large.status == Status.SUCCEEDED
    shutil.rmtree(base_model.directory)
    assert experience.lacks_disk(large) == ""


@pytest.mark.django_db
def test_a_project_may_let_only_so_many_rounds_wait(
    dataset: DatasetVersion, base_model: BaseModel, ada: Any, queue: Any, settings: Any
) -> None:
    settings.ROUNDS_QUEUED_PER_PROJECT = 2
    first, _second = launch(dataset, ada), launch(dataset, ada)
    with pytest.raises(ValidationError, match="2 rounds of this project wait already, as many as may"):
        launch(dataset, ada)
    assert first.claim(uuid.uuid4())
    assert launch(dataset, ada).number == 3


@pytest.mark.django_db
def test_it_names_no_round_of_another_project_to_those_who_wait(
    dataset: DatasetVersion, base_model: BaseModel, ada: Any, queue: Any
) -> None:
    tasks.heartbeat_file().touch()
    first, second = launch(dataset, ada), launch(dataset, ada)
    assert first.claim(uuid.uuid4())
    assert sentence(second) == "Waiting for round 1 to end. One round trains at a time."
    TrainingRound.objects.filter(pk=first.pk).update(project=factories.project(created_by=ada, name="Another"))
    assert sentence(second).startswith("Waiting for a round of another project to end.")
