"""The doorbells: rung after the commit, answered once, never a storm."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from huey.contrib.djhuey import HUEY

from training import actions, runner, tasks
from training.jobs import Status
from training.models import BaseModel, DatasetVersion, TrainingRound
from training.runner import JobKind


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
