from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from annotation.models import Project
from tests import factories
from tests.training import fake_recipe
from training import actions, tasks
from training.models import BaseModel, DatasetVersion, Sampling
from training.run_dir import RunDir, write_json
from training.running import launcher
from training.running.runner import JobKind


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The doorbells that were rung, instead of ringing them: (task, id)."""
    bells: list[tuple[str, str]] = []
    for name in ("run_round", "run_preflight", "run_sampling", "run_package"):
        monkeypatch.setattr(tasks, name, lambda pk, name=name: bells.append((name, pk)))
    return bells


@pytest.fixture
def base_model(db: None, settings: Any) -> BaseModel:
    """A folder that says it is a base model; enough for everything but running one."""
    folder = factories.base_model_folder(
        settings.BASE_MODELS_DIR / "toy", source="made in a test", license="Apache-2.0"
    )
    return actions.register_base_model(directory=folder)


@pytest.fixture
def taught(project: Project, erin: User) -> Project:
    """A project with twelve approved demonstrations."""
    for _number in range(12):
        factories.demonstration(factories.prompt(project), erin)
    return project


@pytest.fixture
def dataset(taught: Project, ada: User) -> DatasetVersion:
    return actions.freeze(kind="demonstrations", project=taught, by=ada, description="The first dozen")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Callable[..., JobKind]:
    """fake(act, seconds) -> a kind of job whose recipe is the fake one. `published` collects what it publishes."""
    settings.JOB_HEARTBEAT_SECONDS = 0.2
    settings.JOB_LEASE_SECONDS = 20
    script = str(Path(fake_recipe.__file__))
    monkeypatch.setattr(launcher.Local, "command", lambda self, recipe, run_dir: [sys.executable, script, str(run_dir)])

    def kind(act: str = "succeed", seconds: float = 0.0, published: list[Any] | None = None) -> JobKind:
        def inputs(job: Sampling, run_dir: RunDir) -> None:
            write_json(run_dir.params, {"act": act, "seconds": seconds})

        def publish(job: Sampling, run_dir: RunDir, result: dict[str, Any]) -> None:
            if published is not None:
                published.append((job.pk, job.attempt))

        return JobKind(model=Sampling, recipe=lambda job: "fake", write_inputs=inputs, publish=publish)

    return kind


@pytest.fixture
def job(project: Project, base_model: BaseModel, ada: User) -> Sampling:
    return Sampling.objects.create(
        project=project,
        purpose=Sampling.Purpose.PLAYGROUND,
        base_model=base_model,
        sources=[],
        prompts=[],
        params={},
        created_by=ada,
    )
