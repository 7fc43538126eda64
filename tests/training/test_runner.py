"""Attempts with a real process each: what a job comes to, however it ends."""

from __future__ import annotations

import errno
import json
import os
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from training.jobs import Status
from training.models import Sampling
from training.run_dir import DISK_FULL, RunDir, complete_checkpoint, write_json
from training.running import launcher, runner
from training.running.runner import JobKind

pytestmark = pytest.mark.django_db
Fake = Callable[..., JobKind]


@pytest.fixture
def when_started(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[int], Any]], None]:
    """when_started(act) -> act(pid) happens once the recipe's process has begun its work."""
    submit = launcher.Local.submit

    def register(act: Callable[[int], Any]) -> None:
        def started(self: launcher.Local, recipe: str, run_dir: RunDir) -> launcher.Handle:
            handle = submit(self, recipe, run_dir)
            act(pid_in(run_dir))
            return handle

        monkeypatch.setattr(launcher.Local, "submit", started)

    return register


def eventually(true: Callable[[], Any], seconds: float = 15) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = true()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it never happened")


def pid_in(run_dir: RunDir) -> int:
    seen = run_dir.path / "seen.json"
    eventually(seen.exists)
    return int(json.loads(seen.read_text())["pid"])


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] == "Z"


def test_it_runs_publishes_and_keeps_the_last_progress(fake: Fake, job: Sampling) -> None:
    published: list[Any] = []
    runner.run(fake(published=published), job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempt, job.lease_owner) == (Status.SUCCEEDED, 1, None)
    assert published == [(job.pk, 1)]
    assert job.progress == {
        "phase": "Training",
        "step": 10,
        "max_steps": 10,
        "loss": 0.1,
        "tokens_per_second": 9.0,
        "seconds_left": 0,
    }
    assert job.finished_at is not None


def test_it_gives_the_recipe_no_secrets(fake: Fake, job: Sampling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "s3cret")
    monkeypatch.setenv("DATABASE_URL", "postgres://somewhere")
    runner.run(fake(), job.pk)
    seen = json.loads((job.run_dir(1).path / "seen.json").read_text())
    assert {"SECRET_KEY", "DATABASE_URL", "DJANGO_SETTINGS_MODULE"} & set(seen["env"]) == set()
    assert seen["env"]["HF_HUB_OFFLINE"] == "1"
    assert seen["env"]["PRECEPTOR_STDIN_GUARD"] == "1"
    assert int(seen["env"]["PRECEPTOR_THREADS"]) >= 1
    assert seen["nice"] >= launcher.NICENESS


def test_it_never_gives_a_recipe_more_priority_than_the_worker_has(
    fake: Fake, job: Sampling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "NICENESS", os.nice(0) - 1)
    runner.run(fake(), job.pk)
    assert json.loads((job.run_dir(1).path / "seen.json").read_text())["nice"] == os.nice(0)


@pytest.mark.parametrize(
    ("act", "code", "sentence"),
    [
        ("no room", "disk_full", "Free some space"),
        ("diverge", "diverged", "no longer a number"),
        ("refuse", "preflight", "Row 3 is too long."),
        ("crash", "crashed", "the fake recipe broke"),
        ("no result", "crashed", "ended with an error"),
    ],
)
def test_it_fails_with_a_code_and_a_sentence(fake: Fake, job: Sampling, act: str, code: str, sentence: str) -> None:
    published: list[Any] = []
    runner.run(fake(act, published=published), job.pk)
    job.refresh_from_db()
    assert (job.status, job.failure_code, published) == (Status.FAILED, code, [])
    assert sentence in job.failure_message


@pytest.mark.parametrize("act", ["kill itself", "interrupted"])
def test_it_tries_again_when_ended_from_outside_but_not_for_ever(fake: Fake, job: Sampling, act: str) -> None:
    kind = fake(act)
    for attempt in (1, 2):
        runner.run(kind, job.pk)
        job.refresh_from_db()
        assert (job.status, job.attempt) == (Status.QUEUED, attempt)
    runner.run(kind, job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempt, job.failure_code) == (Status.FAILED, 3, "killed")
    assert "memory" in job.failure_message


def test_it_fails_when_the_inputs_cannot_be_written(fake: Fake, job: Sampling) -> None:
    def refuse(job: Any, run_dir: Any) -> None:
        raise runner.JobFailed("dataset", "The files are gone.")

    kind = fake()
    runner.run(JobKind(kind.model, kind.recipe, refuse, kind.publish), job.pk)
    job.refresh_from_db()
    assert (job.status, job.failure_code, job.failure_message) == (Status.FAILED, "dataset", "The files are gone.")


def test_it_fails_a_job_whose_result_cannot_be_published(fake: Fake, job: Sampling) -> None:
    def break_(job: Any, run_dir: Any, result: Any) -> None:
        raise KeyError("text")

    kind = fake()
    runner.run(JobKind(kind.model, kind.recipe, kind.write_inputs, break_), job.pk)
    job.refresh_from_db()
    assert (job.status, job.failure_code) == (Status.FAILED, "not_published")


@pytest.mark.parametrize(
    "trouble", [OSError(errno.ENOSPC, "No space left on device"), OperationalError("database is locked")]
)
def test_it_leaves_a_result_to_the_reconciler_while_it_cannot_be_stored(
    fake: Fake, job: Sampling, trouble: Exception
) -> None:
    full = [True]

    def publish(job: Any, run_dir: Any, result: Any) -> None:
        if full:
            raise trouble

    kind = fake()
    kind = JobKind(kind.model, kind.recipe, kind.write_inputs, publish)
    runner.run(kind, job.pk)
    job.refresh_from_db()
    assert job.status == Status.RUNNING
    full.clear()
    expire(job)
    runner.reconcile(kind, lambda pk: None)
    job.refresh_from_db()
    assert (job.status, job.attempt) == (Status.SUCCEEDED, 1)


def expire(job: Sampling) -> None:
    Sampling.objects.filter(pk=job.pk).update(lease_expires_at=timezone.now() - timezone.timedelta(seconds=1))


def test_the_row_is_never_more_than_five_seconds_behind(
    fake: Fake, job: Sampling, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where leases are renewed less often than that."""
    kind = fake(seconds=6)
    settings.JOB_HEARTBEAT_SECONDS = 10
    renew, copied = Sampling.renew, [time.monotonic()]

    def copy(self: Sampling, owner: uuid.UUID, now: dict[str, Any]) -> bool:
        copied.append(time.monotonic())
        return renew(self, owner, now)

    monkeypatch.setattr(Sampling, "renew", copy)
    runner.run(kind, job.pk)
    assert max(after - before for before, after in pairwise(copied)) < 5


# --- Cancelling -------------------------------------------------------------------------------------------------


def test_it_cancels_a_queued_job_at_once(fake: Fake, job: Sampling) -> None:
    assert job.request_cancel()
    runner.run(fake(), job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempt) == (Status.CANCELLED, 0)


@pytest.mark.parametrize("act", ["succeed", "deaf"])
def test_it_cancels_a_running_job_and_leaves_no_process(
    fake: Fake, job: Sampling, act: str, monkeypatch: pytest.MonkeyPatch, when_started: Any
) -> None:
    monkeypatch.setattr(launcher.Local.cancel, "__defaults__", (1,))
    pids: list[int] = []
    when_started(lambda pid: (pids.append(pid), job.request_cancel()))
    published: list[Any] = []
    runner.run(fake(act, 60, published), job.pk)
    job.refresh_from_db()
    assert (job.status, published) == (Status.CANCELLED, [])
    assert is_gone(pids[0])
    assert not job.request_cancel()


def test_it_cancels_when_asked_between_the_end_and_the_settling(fake: Fake, job: Sampling) -> None:
    published: list[Any] = []
    kind = fake(published=published)

    def ask(job: Any, run_dir: Any, result: Any) -> None:
        job.request_cancel()

    runner.run(JobKind(kind.model, kind.recipe, kind.write_inputs, kind.publish, check=ask), job.pk)
    job.refresh_from_db()
    assert (job.status, published) == (Status.CANCELLED, [])


# --- Leases, zombies, lost bells --------------------------------------------------------------------------------


def test_it_runs_once_however_often_the_bell_rings(fake: Fake, job: Sampling, when_started: Any) -> None:
    published: list[Any] = []
    kind = fake(published=published)
    when_started(lambda pid: runner.run(kind, job.pk))
    for _bell in range(3):
        runner.run(kind, job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempt, published) == (Status.SUCCEEDED, 1, [(job.pk, 1)])


def test_it_stops_its_process_when_the_lease_is_lost(fake: Fake, job: Sampling, when_started: Any) -> None:
    pids: list[int] = []
    winner = uuid.uuid4()
    rows = Sampling.objects.filter(pk=job.pk)
    when_started(lambda pid: (pids.append(pid), rows.update(attempt=2, lease_owner=winner)))
    published: list[Any] = []
    runner.run(fake(seconds=60, published=published), job.pk)
    assert is_gone(pids[0])
    job.refresh_from_db()
    assert (job.status, job.attempt, job.lease_owner, published) == (Status.RUNNING, 2, winner, [])


def test_a_zombie_publishes_nothing(fake: Fake, job: Sampling) -> None:
    published: list[Any] = []
    kind = fake(published=published)

    def overtaken(job: Any, run_dir: Any, result: Any) -> None:
        Sampling.objects.filter(pk=job.pk).update(attempt=2, lease_owner=uuid.uuid4())

    runner.run(JobKind(kind.model, kind.recipe, kind.write_inputs, kind.publish, check=overtaken), job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempt, published) == (Status.RUNNING, 2, [])


def test_the_reconciler_requeues_what_its_worker_left(fake: Fake, job: Sampling) -> None:
    assert job.claim(uuid.uuid4())
    bells: list[str] = []
    kind = fake()
    runner.reconcile(kind, bells.append)
    job.refresh_from_db()
    assert (job.status, bells) == (Status.RUNNING, [])
    expire(job)
    runner.reconcile(kind, bells.append)
    job.refresh_from_db()
    assert (job.status, bells) == (Status.QUEUED, [str(job.pk)])
    runner.run(kind, job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempt) == (Status.SUCCEEDED, 2)


def test_the_reconciler_leaves_alone_what_this_worker_still_runs(fake: Fake, job: Sampling, when_started: Any) -> None:
    """As after the database was locked for longer than a lease."""
    kind = fake(seconds=1)
    when_started(lambda pid: (expire(job), runner.reconcile(kind, lambda pk: None)))
    runner.run(kind, job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempt) == (Status.SUCCEEDED, 1)


def test_the_reconciler_publishes_a_result_that_was_left_behind_once(fake: Fake, job: Sampling) -> None:
    published: list[Any] = []
    kind = fake(published=published)
    assert job.claim(uuid.uuid4())
    job.run_dir().path.mkdir(parents=True)
    write_json(job.run_dir().result_file, {"status": "succeeded"})
    expire(job)
    runner.reconcile(kind, lambda pk: None)
    runner.reconcile(kind, lambda pk: None)
    job.refresh_from_db()
    assert (job.status, published) == (Status.SUCCEEDED, [(job.pk, 1)])


def test_the_reconciler_cancels_what_was_asked_to_stop(fake: Fake, job: Sampling) -> None:
    assert job.claim(uuid.uuid4())
    job.request_cancel()
    expire(job)
    runner.reconcile(fake(), lambda pk: None)
    job.refresh_from_db()
    assert job.status == Status.CANCELLED


def test_the_reconciler_gives_up_after_the_last_attempt(fake: Fake, job: Sampling) -> None:
    kind = fake()
    for _attempt in range(3):
        assert job.claim(uuid.uuid4())
        expire(job)
        runner.reconcile(kind, lambda pk: None)
    job.refresh_from_db()
    assert (job.status, job.failure_code) == (Status.FAILED, "killed")


def test_an_orderly_stop_gives_the_attempt_back_without_counting_it(
    fake: Fake, job: Sampling, monkeypatch: pytest.MonkeyPatch, when_started: Any
) -> None:
    stopping = threading.Event()
    monkeypatch.setattr(runner, "_stopping", stopping)
    pids: list[int] = []
    when_started(lambda pid: (pids.append(pid), stopping.set()))
    runner.run(fake(seconds=60), job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempt, job.released) == (Status.QUEUED, 1, 1)
    assert is_gone(pids[0])
    runner.run(fake(), job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempt) == (Status.QUEUED, 1)  # a worker on its way out takes nothing new


def test_it_measures_leases_by_the_databases_clock(fake: Fake, job: Sampling, monkeypatch: pytest.MonkeyPatch) -> None:
    assert job.claim(uuid.uuid4())
    hour = timezone.timedelta(hours=1)
    real = timezone.now
    for jump in (hour, -hour):
        monkeypatch.setattr(timezone, "now", lambda jump=jump: real() + jump)
        assert not Sampling.objects.abandoned().exists()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE training_sampling SET lease_expires_at = '2020-01-01 00:00:00'")
    assert Sampling.objects.abandoned().exists()


def test_it_says_which_checkpoint_it_did_not_use_and_why(fake: Fake, job: Sampling) -> None:
    for step in (20, 40):
        checkpoint = job.run_dir(1).checkpoints / f"checkpoint-{step}"
        checkpoint.mkdir(parents=True)
        (checkpoint / "optimizer.pt").write_bytes(b"state" * step)
        complete_checkpoint(checkpoint, step)
    (checkpoint / "optimizer.pt").write_bytes(b"sta")
    job.attempt = 2
    run_dir = job.run_dir()
    run_dir.path.mkdir()
    assert runner.resume_from(job, run_dir) == str(run_dir.path / "resume" / "checkpoint-20")
    said = "checkpoint-40 of attempt-1 has a changed or cut off optimizer.pt, so it is not used."
    assert [event["message"] for event in run_dir.events()] == [said]
    assert said in run_dir.log_tail()


@pytest.mark.parametrize("act", ["no room", "disk full"])
def test_it_waits_for_room_on_the_disk_and_goes_on(fake: Fake, job: Sampling, act: str) -> None:
    """What was being written is deleted, what is whole stays; three times, then it says how much is needed."""
    kind = replace(fake(act), needs_disk=lambda job: "It needs 340 MB.")
    whole, half = (job.run_dir(1).checkpoints / f"checkpoint-{step}" for step in (20, 40))
    for checkpoint in (whole, half):
        checkpoint.mkdir(parents=True)
        (checkpoint / "optimizer.pt").write_bytes(b"state")
    complete_checkpoint(whole, 20)
    owner = uuid.uuid4()
    assert job.claim(owner)
    run_dir = job.run_dir()
    if act == "disk full":
        write_json(run_dir.result_file, {"status": "failed", "failure_code": "disk_full", "message": DISK_FULL})
    runner._settle(kind, job, owner, end=runner.End.EXITED, exit_code=5 if act == "no room" else 1)
    job.refresh_from_db()
    assert (job.status, job.failure_code, whole.exists(), half.exists()) == (Status.QUEUED, "", True, False)
    assert job.claim(uuid.uuid4())
    again = job.run_dir()
    again.path.mkdir()
    assert runner.resume_from(job, again) == str(again.path / "resume" / "checkpoint-20")
    Sampling.objects.filter(pk=job.pk).update(status=Status.QUEUED)
    runner.run(kind, job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempt, job.failure_code) == (Status.FAILED, 3, "disk_full")
    assert job.failure_message == f"{DISK_FULL} It needs 340 MB."
    assert not whole.exists()


def test_it_says_that_the_disk_is_full_before_it_starts(fake: Fake, job: Sampling) -> None:
    def full(job: Any, run_dir: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    kind = fake()
    runner.run(JobKind(kind.model, kind.recipe, full, kind.publish), job.pk)
    job.refresh_from_db()
    assert (job.status, job.failure_code, job.failure_message) == (Status.FAILED, "disk_full", DISK_FULL)
