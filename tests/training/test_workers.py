"""What workers say of themselves, and who sees what of it."""

from __future__ import annotations

import atexit
import json
import threading
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from annotation.models import Project
from tests import factories
from training.actions import launch_round
from training.models import BaseModel, DatasetVersion, Sampling, TrainingRound, Worker
from training.running import runner, workers

pytestmark = pytest.mark.django_db
LONG_AGO = timezone.timedelta(hours=2)


@pytest.fixture(autouse=True)
def _leaves_nothing_to_do_at_exit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_leaving", threading.Event())
    monkeypatch.setattr(atexit, "register", lambda leave: leave)


@pytest.fixture
def round_(dataset: DatasetVersion, base_model: BaseModel, ada: User, rung: Any) -> TrainingRound:
    return launch_round(project=dataset.project, method="sft", dataset_version=dataset, params={}, by=ada)


def at_work(round: TrainingRound, **fields: Any) -> Worker:
    return factories.worker(running=[workers._described(round)], **fields)


def test_it_says_that_it_lives_and_what_it_runs(fake: Any, job: Sampling, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[Worker] = []
    kind = fake()

    def look(job: Any, run_dir: Any, result: Any) -> None:
        workers.renew()
        rows.append(Worker.objects.with_life().get())

    kind = runner.JobKind(kind.model, kind.recipe, kind.write_inputs, kind.publish, check=look)
    runner.run(kind, job.pk)
    (row,) = rows
    assert row.running == [{"id": str(job.pk), "name": str(job), "project": str(job.project_id)}]
    assert not row.is_gone
    assert 0 < row.memory_free_bytes < row.memory_bytes
    assert row.disk_free_bytes > 0
    workers.renew()
    assert Worker.objects.get().running == []


def test_a_worker_that_is_silent_is_gone_and_forgotten_after_a_day() -> None:
    here = factories.worker()
    gone = factories.worker(seen_at=timezone.now() - LONG_AGO)
    factories.worker(seen_at=timezone.now() - timezone.timedelta(hours=25))
    workers.forget_long_gone()
    assert {row.pk: row.is_gone for row in Worker.objects.with_life()} == {here.pk: False, gone.pk: True}


def test_a_stop_in_good_order_leaves_no_row() -> None:
    workers.renew()
    workers._leave()
    assert not Worker.objects.exists()
    workers.renew()
    assert not Worker.objects.exists()


def test_it_reads_the_graphics_cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA H200, 143771, 140000'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    mib = 1024 * 1024
    card = {"name": "NVIDIA H200", "memory_bytes": 143771 * mib, "memory_free_bytes": 140000 * mib}
    assert workers.devices() == [card]
    program.write_text("#!/bin/sh\nexit 9\n")
    assert "CPU cores" in workers.devices()[0]["name"]


def test_admins_read_names_of_their_own_projects_work_only(
    round_: TrainingRound, project: Project, ada: User, oscar: User, sign_in: Any
) -> None:
    at_work(round_)
    factories.worker(host="broken", seen_at=timezone.now() - LONG_AGO, running=[workers._described(round_)])
    own = sign_in(ada).get(f"/projects/{round_.project_id}/workers/").content.decode()
    assert f"/projects/{round_.project_id}/rounds/{round_.pk}/" in own
    assert "Gone" in own
    assert "1 round of all projects waits for a turn" in own
    theirs = Project.objects.get(name="Another project")
    other = sign_in(oscar).get(f"/projects/{theirs.pk}/workers/").content.decode()
    assert workers.ELSEWHERE in other
    assert str(round_.pk) not in other
    assert str(project) not in other


def test_it_tells_nothing_of_what_a_gone_worker_has_to_spare(ada: User, sign_in: Any) -> None:
    factories.worker(seen_at=timezone.now() - LONG_AGO, memory_free_bytes=3 * 1024**3)
    page = sign_in(ada).get("/workers/").content.decode()
    assert "3.0" not in page
    assert "Seen <time" in page


def test_it_says_that_work_runs_in_a_cluster(ada: User, sign_in: Any, settings: Any) -> None:
    factories.worker()
    page = sign_in(ada)
    assert "Ray cluster" not in page.get("/workers/").content.decode()
    settings.LAUNCHER = "ray"
    assert "Model work runs in a Ray cluster." in page.get("/workers/").content.decode()


def test_those_who_run_the_installation_see_all(round_: TrainingRound, ada: User, sign_in: Any) -> None:
    round_.project.memberships.filter(user=ada).delete()
    at_work(round_)
    page = sign_in(ada).get("/workers/").content.decode()
    assert round_.project.name in page


def test_it_says_how_to_start_one(ada: User, sign_in: Any) -> None:
    assert "run_huey" in sign_in(ada).get("/workers/").content.decode()


def test_command_and_api_say_the_same(round_: TrainingRound, oscar: User, ada: User, sign_in: Any) -> None:
    at_work(round_)
    out = StringIO()
    call_command("workers", "--json", stdout=out)
    (told,) = json.loads(out.getvalue())["workers"]
    (answered,) = sign_in(ada).get("/api/v1/workers/").json()
    assert told["running"] == answered["running"]
    assert answered["running"][0]["project_name"] == round_.project.name
    (hidden,) = sign_in(oscar).get("/api/v1/workers/").json()
    assert hidden["running"][0]["name"] == workers.ELSEWHERE
    line = StringIO()
    call_command("workers", stdout=line)
    assert f"Runs {round_} of “{round_.project.name}”. 2 CPU cores." in line.getvalue()
