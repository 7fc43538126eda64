"""Freezing in the background: what is much is left to the worker, which says how far it is, stops, and comes back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation import parts
from annotation.actions import Refused
from annotation.models import Event, Project, Prompt, Split
from annotation.models.in_parts import TakenOver
from tests import factories
from tests.postgres import postgres_url  # noqa: F401 - a fixture
from training import actions, freezing_run, tasks
from training.actions import freezing
from training.freezing import choosing, datasets, index
from training.freezing.filters import Filter
from training.freezing.in_order import in_order
from training.models import DatasetVersion, FreezeRun, VersionRow

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.django_db
Status, Step = FreezeRun.Status, FreezeRun.Step


@pytest.fixture
def much(project: Project, ada: User, erin: User, monkeypatch: pytest.MonkeyPatch) -> Project:
    """More than is frozen while one waits."""
    monkeypatch.setattr(freezing, "AT_ONCE", dict.fromkeys(DatasetVersion.Kind, -1))
    monkeypatch.setattr(freezing_run, "TOLD_EVERY", 3)
    for number in range(10):
        prompt = factories.prompt(project, input=f"Matter {number}.", group=f"matter {number}")
        factories.demonstration(prompt, erin, text=f"Repair roof {number}.", reviewed_by=ada)
    return project


def begun(project: Project, ada: User, **asked: Any) -> FreezeRun:
    return actions.start_freezing(**{"project": project, "kind": "demonstrations", "by": ada, **asked})


def go_on(run: FreezeRun) -> FreezeRun:
    return parts.run(FreezeRun.objects.select_related("project").get(pk=run.pk), freezing_run.do)


def left_behind(run: FreezeRun) -> None:
    """As a worker leaves it that was killed."""
    past = timezone.now() - timedelta(minutes=5)
    FreezeRun.objects.filter(pk=run.pk).update(status=Status.RUNNING, lease_expires_at=past)


def folders() -> list[str]:
    return sorted(each.name for each in Path(settings.DATASETS_DIR).glob("*"))


def test_what_is_much_is_left_to_the_worker_and_is_the_same_version(much: Project, ada: User) -> None:
    assert tasks.chores.WORKS[FreezeRun] is freezing_run.do
    run = begun(much, ada, chosen=Filter(task_types=("",)), description="All of it")
    assert (run.status, run.version, run.is_unfinished) == (Status.QUEUED, None, True)
    done = go_on(run)
    assert done.status == Status.DONE, done.problem
    version = done.version
    assert version
    assert done.is_new
    assert (version.train_rows, version.validation_rows, version.created_by) == (9, 1, ada)
    assert version.description == "All of it"
    assert folders() == [version.sha256]
    assert version.rows.count() == 10
    assert VersionRow.objects.exclude(score=None).count() == 10
    at_once = actions.freeze(project=much, kind="demonstrations", by=ada, chosen=Filter(task_types=("",)))
    assert (at_once.pk, at_once.is_new) == (version.pk, False)
    assert {"started to freeze", "froze"} <= set(Event.objects.values_list("verb", flat=True))


def test_it_says_how_far_it_is(much: Project, ada: User, sign_in: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client: Client = sign_in(ada)
    seen: list[tuple[str, int, int | None]] = []
    real = FreezeRun._kept

    def kept(self: FreezeRun) -> dict[str, object]:
        seen.append((self.step, self.done, self.total))
        return real(self)

    monkeypatch.setattr(FreezeRun, "_kept", kept)
    response = client.post(reverse("datasets", args=[much.pk]), {"kind": "demonstrations"})
    run = FreezeRun.objects.get()
    assert response.headers["Location"] == reverse("freezing", args=[much.pk, run.pk])
    waiting = client.get(response.headers["Location"]).content.decode()
    assert "The worker takes it up in a moment." in waiting
    assert "No worker is running." in waiting
    assert "hx-get" in waiting
    assert "is under way" in client.get(reverse("datasets", args=[much.pk])).content.decode()
    go_on(run)
    assert [each for each in seen if each[0] == "read"] == [("read", done, 10) for done in (0, 3, 6, 9)]
    assert list(dict.fromkeys(str(step) for step, *_numbers in seen)) == [str(step) for step in Step]
    page = client.get(reverse("freezing", args=[much.pk, run.pk])).content.decode()
    assert "<strong>Demonstrations v1 is frozen:</strong> 9 rows to learn from, 1 to check with." in page
    assert "hx-get" not in page.split('id="state"')[1]


def test_it_stops_without_a_version_and_begins_again(much: Project, ada: User, sign_in: Any) -> None:
    client: Client = sign_in(ada)
    run = begun(much, ada)
    act = reverse("freezing_act", args=[much.pk, run.pk])
    FreezeRun.objects.filter(pk=run.pk).update(stop_asked=True)
    assert go_on(run).status == Status.STOPPED
    assert not DatasetVersion.objects.exists()
    assert folders() == []
    assert "No version was made." in client.get(reverse("freezing", args=[much.pk, run.pk])).content.decode()
    client.post(act, {"action": "resume"})
    client.post(act, {"action": "stop"})  # before the worker took it up
    run.refresh_from_db()
    assert run.status == Status.STOPPED
    with pytest.raises(Refused, match="over already"):
        actions.stop_freezing(run=run, by=ada)
    actions.resume_freezing(run=run, by=ada)
    assert go_on(run).version
    with pytest.raises(Refused, match="stopped or failed"):
        actions.resume_freezing(run=FreezeRun.objects.get(), by=ada)


def test_who_stops_it_too_late_has_the_version(much: Project, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begun(much, ada)
    real = datasets.Written.put_in_place

    def late(written: datasets.Written) -> None:
        FreezeRun.objects.filter(pk=run.pk).update(stop_asked=True)
        real(written)

    monkeypatch.setattr(datasets.Written, "put_in_place", late)
    done = go_on(run)
    assert (done.status, done.version is not None) == (Status.DONE, True)
    assert VersionRow.objects.count() == 10


@pytest.mark.parametrize("at", ["read", "write", "index"])
def test_a_killed_one_is_taken_up_again(much: Project, ada: User, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    run = begun(much, ada)

    class Killed(BaseException):
        pass

    def kill(*_given: Any) -> None:
        raise Killed

    where = {"read": (choosing, "divided"), "write": (datasets.Written, "put_in_place"), "index": (index, "of_version")}
    with monkeypatch.context() as patched:
        patched.setattr(*where[at], kill)
        patched.setattr(freezing_run, "_let_go", lambda *_given: None)  # nothing runs after a kill
        with pytest.raises(Killed):
            go_on(run)
    left_behind(run)
    done = go_on(run)
    assert (done.status, done.attempt) == (Status.DONE, 2)
    assert done.version
    assert folders() == [done.version.sha256]
    assert DatasetVersion.objects.count() == 1
    assert VersionRow.objects.count() == 10


def test_one_that_was_taken_over_leaves_everything_to_the_other(
    much: Project, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(much, ada)

    def taken_over(*_given: Any) -> None:
        raise TakenOver

    with monkeypatch.context() as patched:
        patched.setattr(freezing_run, "keep", taken_over)
        assert go_on(run).status == Status.RUNNING
    left_behind(run)
    assert go_on(run).version


def test_a_refusal_is_told_where_one_looks(much: Project, ada: User, sign_in: Any) -> None:
    client: Client = sign_in(ada)
    run = begun(much, ada, chosen=Filter(quality=97, task_types=("letter",)))
    failed = go_on(run)
    assert (failed.status, failed.problem) == (Status.FAILED, choosing.NOTHING_LEFT)
    page = client.get(reverse("freezing", args=[much.pk, run.pk])).content.decode()
    assert "Nothing was frozen." in page
    assert choosing.NOTHING_LEFT in page
    again = client.get(reverse("datasets", args=[much.pk]), {"like": str(run.pk)}).content.decode()
    assert 'name="quality" value="97"' in again
    assert client.get(reverse("datasets", args=[much.pk]), {"like": "nonsense"}).status_code == 200
    with pytest.raises(ValidationError, match="Only responses have a quality"):
        begun(much, ada, kind="corpus", chosen=Filter(quality=50))


def test_what_nobody_foresaw_is_told_too(much: Project, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(datasets, "write_rows", full)
    failed = go_on(begun(much, ada))
    assert failed.status == Status.FAILED
    assert "No space left on device" in failed.problem
    assert folders() == []
    with pytest.raises(ValidationError, match="No space left on device"):
        actions.freeze(project=much, kind="demonstrations", by=ada)
    assert FreezeRun.objects.count() == 1  # what did not come to a version while one waited leaves nothing


def test_one_at_a_time(much: Project, ada: User, sign_in: Any) -> None:
    run = begun(much, ada)
    with pytest.raises(ValidationError, match="being frozen in this project already"):
        actions.freeze(project=much, kind="demonstrations", by=ada)
    page = sign_in(ada).post(reverse("datasets", args=[much.pk]), {"kind": "demonstrations"})
    assert page.status_code == 422
    assert "Wait for it, or stop it." in page.content.decode()
    actions.stop_freezing(run=run, by=ada)
    assert actions.freeze(project=much, kind="demonstrations", by=ada).is_new
    actions.resume_freezing(run=run, by=ada)
    assert not go_on(run).is_new  # nothing has changed


def test_how_many_rows_is_counted_by_the_worker_too(much: Project, ada: User, sign_in: Any) -> None:
    client: Client = sign_in(ada)
    asked = {"kind": "demonstrations", "look": "1", "best_share": "50", "description": "The good ones"}
    response = client.post(reverse("datasets", args=[much.pk]), asked)
    run = go_on(FreezeRun.objects.get())
    assert run.status == Status.DONE
    assert not DatasetVersion.objects.exists()
    assert folders() == []
    page = client.get(response.headers["Location"]).content.decode()
    assert "<strong>5 rows:</strong> 4 to learn from, 1 to check with." in page
    frozen = client.post(reverse("freezing_act", args=[much.pk, run.pk]), {"action": "freeze"})
    second = FreezeRun.objects.exclude(pk=run.pk).get()
    assert frozen.headers["Location"] == reverse("freezing", args=[much.pk, second.pk])
    version = go_on(second).version
    assert version
    assert (version.train_rows, version.filter, version.description) == (4, {"best_share": 0.5}, "The good ones")


def test_the_api_answers_with_how_far_it_is(much: Project, ada: User, sign_in: Any) -> None:
    client: Client = sign_in(ada)
    address = reverse("api_datasets", args=[much.pk])

    def post(**data: Any) -> Any:
        return client.post(address, json.dumps({"kind": "demonstrations", **data}), content_type="application/json")

    looked = post(preview=True)
    assert looked.status_code == 202
    go_on(FreezeRun.objects.get())
    found = client.get(reverse("api_freezing", args=[much.pk, looked.json()["id"]])).json()
    assert (found["train_rows"], found["validation_rows"], found["version"]) == (9, 1, None)
    begun_ = post()
    assert begun_.status_code == 202
    one = reverse("api_freezing_stop", args=[much.pk, begun_.json()["id"]])
    assert client.post(one).json()["status"] == "stopped"
    assert client.post(reverse("api_freezing_resume", args=[much.pk, begun_.json()["id"]])).status_code == 202
    version = go_on(FreezeRun.objects.get(pk=begun_.json()["id"])).version
    assert version
    assert client.get(reverse("api_freezings", args=[much.pk])).json()["results"][0]["version"] == str(version.pk)
    again = client.post(reverse("api_dataset_rebuild", args=[much.pk, version.pk]))
    assert again.status_code == 202


def test_the_best_half_of_much_is_made_first(much: Project, ada: User, base_model: Any, rung: Any) -> None:
    version = actions.freeze(project=much, kind="demonstrations", by=ada)
    asked = {
        "project": much,
        "method": "sft",
        "dataset_version": version,
        "by": ada,
        "note": "",
        "params": {"best_half": True},
    }
    for _time in range(2):  # asking again does not begin another
        with pytest.raises(ValidationError, match="Launch the round again when it is there"):
            actions.launch_round(**asked)
    run = FreezeRun.objects.get(best_half_of=version)
    half = go_on(run).version
    assert half
    assert (half.train_rows, half.validation_rows) == (4, 1)
    round = actions.launch_round(**asked)
    assert round.dataset_version == version
    assert much.rounds.get(baseline_of=round).dataset_version == half


def test_rankings_can_be_taken_back_where_nothing_was_frozen(much: Project, ada: User) -> None:
    before = timezone.now() - timedelta(days=3)
    Project.objects.filter(pk=much.pk).update(rankings_frozen_at=before)
    run = begun(much, ada, kind="preferences")
    assert Project.objects.get(pk=much.pk).rankings_frozen_at == before
    failed = go_on(run)
    assert failed.problem == choosing.NOTHING_TO_FREEZE["preferences"]
    assert Project.objects.get(pk=much.pk).rankings_frozen_at == before
    stopped = begun(much, ada, kind="preferences")
    FreezeRun.objects.filter(pk=stopped.pk).update(stop_asked=True)
    assert go_on(stopped).status == Status.STOPPED
    assert Project.objects.get(pk=much.pk).rankings_frozen_at == before


def test_rankings_stand_from_before_they_are_read_also_over_a_kill(
    much: Project, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(much, ada, kind="preferences")

    class Killed(BaseException):
        pass

    def kill(*_given: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(choosing, "rows_now", kill)
        patched.setattr(freezing_run, "_let_go", lambda *_given: None)
        with pytest.raises(Killed):
            go_on(run)
    stands = Project.objects.get(pk=much.pk).rankings_frozen_at
    assert stands is not None
    left_behind(run)
    failed = go_on(run)  # there are none
    assert failed.status == Status.FAILED
    assert Project.objects.get(pk=much.pk).rankings_frozen_at is None


def test_a_row_that_goes_while_others_are_read_is_passed_over(much: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.freezing.in_order.AT_ONCE", 4)
    rows = in_order(Prompt.objects.exclude(split=Split.EVALUATION), "-position")
    first = next(rows).input
    Prompt.objects.filter(input__in=["Matter 0.", "Matter 8."]).update(split=Split.EVALUATION, answers_needed=0)
    assert [first, *(row.input for row in rows)] == [f"Matter {number}." for number in range(9, 0, -1)]


@pytest.mark.postgres
def test_all_of_this_on_postgresql(postgres_url: str, tmp_path: Path) -> None:  # noqa: F811
    env = {**os.environ, "DATABASE_URL": postgres_url, "DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not postgres", __file__]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout[-3000:]
