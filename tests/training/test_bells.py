from __future__ import annotations

import uuid

from django.contrib.auth.models import User

from annotation.models import Project
from training import actions, tasks
from training.models import BaseModel, DatasetVersion, TrainingRound


def launch(project: Project, dataset: DatasetVersion, by: User) -> TrainingRound:
    return actions.launch_round(project=project, method="sft", dataset_version=dataset, params={}, by=by)


def test_a_bell_that_finds_the_machine_busy_rings_no_other(
    taught: Project, dataset: DatasetVersion, base_model: BaseModel, ada: User, monkeypatch
) -> None:
    first, second = launch(taught, dataset, ada), launch(taught, dataset, ada)
    assert first.claim(uuid.uuid4())
    bells: list[str] = []
    answer = tasks.run_round.call_local
    monkeypatch.setattr(tasks, "run_round", bells.append)
    answer(str(second.pk))
    assert bells == []
    assert TrainingRound.objects.get(pk=second.pk).status == "queued"
