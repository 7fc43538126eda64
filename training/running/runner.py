"""Runs one job's recipe as a process, keeps its lease, and settles how it ended.

Whoever settles owns the row's lease at that moment: the worker that ran the attempt, or the reconciler that took an
abandoned attempt over. Every write names attempt and owner, so a late one changes nothing.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, transaction

from training import progress
from training.jobs import Job, Status
from training.run_dir import (
    DISK_FULL,
    MANIFEST,
    RunDir,
    is_disk_full,
    newest_verified_checkpoint,
    verify_checkpoint,
)
from training.running.launcher import GRACE_SECONDS, Attempt, Launcher, launcher_for

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.25
CANCEL_CHECK_SECONDS = 2.0
PROGRESS_SECONDS = 4.0  # how old the row's copy of the progress may be
SILENCE_LIMIT_SECONDS = 60 * 60  # no event and no line of log: a step of a large model on a slow machine is shorter
WALL_LIMIT_SECONDS = 7 * 24 * 60 * 60
# A recipe's exit codes when its worker, or another process of the same run, went away.
STDIN_CLOSED, PEER_GONE = 3, 4
NO_ROOM_TO_TELL = 5  # ... when the disk is too full for a result
# Exit codes of a process that was ended from outside; None: nobody saw how it ended.
FROM_OUTSIDE = (
    None,
    STDIN_CLOSED,
    PEER_GONE,
    -signal.SIGKILL,
    -signal.SIGTERM,
    -signal.SIGINT,
    -signal.SIGHUP,
    137,
    143,
)


class JobFailed(Exception):
    """How a job ends when its result cannot be used: a code for programs, a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def expect_success(job: Any, run_dir: RunDir, result: dict[str, Any]) -> None:
    """The recipe says that it did its work. Raises JobFailed with what it says otherwise."""
    if result.get("status") == "succeeded":
        return
    code = result.get("failure_code") or ("preflight" if result.get("status") == "refused" else "failed")
    message = str(result.get("message") or "The recipe reported a failure.")
    more = [str(reason) for reason in result.get("reasons", []) if str(reason) not in message]
    raise JobFailed(str(code), " ".join([message, *more]))


@dataclass(frozen=True)
class JobKind:
    """What differs between a round, a pre-flight, a sampling and a contestant.

    `check` looks at the files and stores them (no transaction, may take its time); `publish` writes rows inside the
    transaction that marks the job succeeded. Both raise JobFailed when the result cannot be used.
    """

    model: type[Job]
    recipe: Callable[[Any], str]
    write_inputs: Callable[[Any, RunDir], None]
    publish: Callable[[Any, RunDir, dict[str, Any]], None]
    check: Callable[[Any, RunDir, dict[str, Any]], None] = expect_success
    ended: Callable[[Any, RunDir], None] | None = None  # once it is over, however it ended; may fail without harm
    needs_disk: Callable[[Any], str] | None = None  # how much, in a sentence; such a job waits for room and goes on


class End(Enum):
    """Why the runner stopped watching."""

    EXITED = "exited"
    CANCELLED = "cancelled"
    LOST = "lost"
    SHUTDOWN = "shutdown"
    SILENT = "silent"
    TOO_LONG = "too long"


NO_ROOM = JobFailed("disk_full", DISK_FULL)
STOPPED = {
    End.SILENT: JobFailed("silent", "The process gave no sign of life for an hour, so it was stopped."),
    End.TOO_LONG: JobFailed("too_long", "It ran for more than seven days, so it was stopped."),
}


def run(kind: JobKind, job_id: uuid.UUID | str) -> bool:
    """One attempt, from claim to end. False, and nothing done, when the job is not there to be taken."""
    job = kind.model.objects.filter(pk=job_id).first()
    owner = uuid.uuid4()
    if job is None or _stopping.is_set() or not job.claim(owner):
        return False
    with _at_work_on(job):
        _attempt(kind, job, owner)
    return True


def running_here() -> list[Job]:
    """What this process runs at this moment."""
    return list(_at_work.values())


def _attempt(kind: JobKind, job: Job, owner: uuid.UUID) -> None:
    log.info("attempt started", kind=kind.model.__name__, job=str(job.pk), attempt=job.attempt)
    run_dir = job.run_dir()
    try:
        run_dir.path.mkdir(parents=True)
        kind.write_inputs(job, run_dir)
        recipe = kind.recipe(job)
        by = launcher_for(recipe)
        handle = by.submit(recipe, run_dir)
    except JobFailed as failure:
        _fail(kind, job, owner, failure, None)
        return
    except Exception as error:
        log.exception("attempt could not start", job=str(job.pk))
        other = JobFailed("not_started", f"It could not be started: {error}")
        _fail(kind, job, owner, NO_ROOM if is_disk_full(error) else other, None)
        return
    try:
        end = _watch(job, owner, by, handle)
    except BaseException:
        by.cancel(handle)
        raise
    if end is not End.EXITED:
        by.cancel(handle)
    code = by.poll(handle)
    log.info("attempt ended", job=str(job.pk), attempt=job.attempt, end=end.value, code=code)
    if end is not End.LOST:
        _settle(kind, job, owner, end=end, exit_code=code)


def reconcile(kind: JobKind, ring: Callable[[str], object]) -> None:
    """Settle what its worker left behind and ring for what waits. Harmless at any time, from anywhere, twice.

    A lease that could not be renewed, while the database was locked, does not make an attempt of our own abandoned.
    """
    ours = {(job.pk, job.attempt) for job in running_here()}
    for job in kind.model.objects.abandoned():
        owner = uuid.uuid4()
        if (job.pk, job.attempt) not in ours and job.take_over(owner):
            log.warning("attempt was abandoned", kind=kind.model.__name__, job=str(job.pk), attempt=job.attempt)
            _settle(kind, job, owner, end=End.EXITED, exit_code=None)
    for pk in kind.model.objects.filter(status=Status.QUEUED).order_by("created_at").values_list("pk", flat=True):
        ring(str(pk))


def _watch(job: Job, owner: uuid.UUID, by: Launcher[Any], handle: Attempt) -> End:
    """Until the process is over or has to be: renew the lease, copy progress, look for a cancel request."""
    run_dir = handle.run_dir
    started = spoke = time.monotonic()
    next_beat = next_look = started
    said = -1
    while by.poll(handle, POLL_SECONDS) is None:
        now = time.monotonic()
        if _stopping.is_set():
            return End.SHUTDOWN
        if now >= next_beat:
            next_beat = now + min(PROGRESS_SECONDS, settings.JOB_HEARTBEAT_SECONDS)
            said_before, said = said, _size(run_dir)
            spoke = now if said != said_before else spoke
            if not _beat(job, owner, run_dir):
                return End.LOST
        if now >= next_look:
            next_look = now + min(CANCEL_CHECK_SECONDS, settings.JOB_HEARTBEAT_SECONDS)
            if _cancel_requested(job):
                return End.CANCELLED
        if now - spoke > SILENCE_LIMIT_SECONDS:
            return End.SILENT
        if now - started > WALL_LIMIT_SECONDS:
            return End.TOO_LONG
    return End.EXITED if _beat(job, owner, run_dir) else End.LOST


def _beat(job: Job, owner: uuid.UUID, run_dir: RunDir) -> bool:
    """False only when the row says that the attempt is somebody else's. A database that is away proves nothing."""
    try:
        return job.renew(owner, progress.summarise(run_dir.events()))
    except DatabaseError:
        log.exception("lease not renewed", job=str(job.pk))
        connection.close()
        return True


def _cancel_requested(job: Job) -> bool:
    try:
        return type(job).objects.filter(pk=job.pk).exclude(cancel_requested_at=None).exists()
    except DatabaseError:
        connection.close()
        return False


def _size(run_dir: RunDir) -> int:
    files = (run_dir.events_file, run_dir.log, run_dir.outputs)
    return sum(file.stat().st_size for file in files if file.exists())


def _settle(kind: JobKind, job: Job, owner: uuid.UUID, *, end: End, exit_code: int | None) -> None:
    """Decide from the files what the attempt came to. The exit code alone never means success."""
    run_dir = job.run_dir()
    result = run_dir.result()
    try:
        if job.cancelled(owner):
            _forget_checkpoints(job)
        elif end in STOPPED:
            _fail(kind, job, owner, STOPPED[end], result)
        elif result is None or result.get("failure_code") == "interrupted":
            _again(kind, job, owner, end, None if result else exit_code)
        else:
            _publish(kind, job, owner, run_dir, result)
    except JobFailed as failure:
        _fail(kind, job, owner, failure, result)
    except (OSError, DatabaseError):
        # The disk is full or the database is away: the result is still there, so the reconciler tries again.
        log.exception("attempt not settled yet", job=str(job.pk))
        connection.close()
    except Exception as error:
        log.exception("attempt could not be settled", job=str(job.pk))
        _fail(kind, job, owner, JobFailed("not_published", f"The result could not be taken over: {error}"), result)
    if job.is_final and kind.ended:
        _tell_of_the_end(kind.ended, job, run_dir)


def _tell_of_the_end(ended: Callable[[Any, RunDir], None], job: Job, run_dir: RunDir) -> None:
    try:
        ended(job, run_dir)
    except Exception:
        log.exception("what comes after the end went wrong", job=str(job.pk))


def _publish(kind: JobKind, job: Job, owner: uuid.UUID, run_dir: RunDir, result: dict[str, Any]) -> None:
    kind.check(job, run_dir, result)
    with transaction.atomic():
        published = job.succeed(owner, result)
        if published:
            kind.publish(job, run_dir, result)
    if published or job.cancelled(owner):
        _forget_checkpoints(job)


def _again(kind: JobKind, job: Job, owner: uuid.UUID, end: End, exit_code: int | None) -> None:
    """No result: another attempt when a signal, its worker or the machine ended it; none when the code did."""
    if end is End.SHUTDOWN:
        job.requeue(owner, free=True)
        return
    if exit_code == NO_ROOM_TO_TELL:
        _fail(kind, job, owner, NO_ROOM, None)
    elif exit_code not in FROM_OUTSIDE:
        last = next((line for line in reversed(job.run_dir().log_tail().splitlines()) if line.strip()), "")
        _fail(kind, job, owner, JobFailed("crashed", f"The process ended with an error. {last}".strip()), None)
    elif job.attempts_used_up:
        _fail(kind, job, owner, _killed(job), None)
    elif not job.requeue(owner):
        job.cancelled(owner)


def _killed(job: Job) -> JobFailed:
    return JobFailed(
        "killed",
        f"The process was ended from outside in each of {job.attempt} attempts. Most often the machine ran out of "
        "memory: use fewer rows per step, a shorter longest row or 4-bit base weights.",
    )


def _fail(kind: JobKind, job: Job, owner: uuid.UUID, failure: JobFailed, result: dict[str, Any] | None) -> None:
    if failure.code == NO_ROOM.code and kind.needs_disk:
        if not job.attempts_used_up and job.requeue(owner):
            log.warning("disk is full", job=str(job.pk), attempt=job.attempt)
            _forget_half_written(job)
            return
        failure = JobFailed(failure.code, f"{failure.message} {kind.needs_disk(job)}")
    if job.fail(owner, failure.code, failure.message, result):
        log.warning("job failed", job=str(job.pk), code=failure.code)
        _forget_checkpoints(job)


def _forget_half_written(job: Job) -> None:
    """What was being written when the disk was full would only keep it full."""
    for checkpoint in job.run_dir().checkpoints.glob("checkpoint-*"):
        if not (checkpoint / MANIFEST).exists():
            shutil.rmtree(checkpoint, ignore_errors=True)


def _forget_checkpoints(job: Job) -> None:
    """Checkpoints and half-made files are large, and nothing resumes from a job that is over.

    What it was to publish is published by now, under the hash of its content, or never will be.
    """
    for attempt in job.root.glob("attempt-*"):
        for name in ("checkpoints", "resume", "scratch", "adapter"):
            shutil.rmtree(attempt / name, ignore_errors=True)


def resume_from(job: Job, run_dir: RunDir) -> str | None:
    """The newest checkpoint of earlier attempts that verifies, linked into this attempt's own folder.

    Linked, because an earlier attempt that only looked dead may still delete its own.
    """
    earlier = [job.run_dir(attempt).path for attempt in range(1, job.attempt)]
    newest = newest_verified_checkpoint(*earlier, skipped=partial(_tell_skipped, run_dir))
    if newest is None:
        return None
    linked = run_dir.path / "resume" / newest.name
    try:
        shutil.copytree(newest, linked, copy_function=_link)
    except OSError:
        return None
    if not verify_checkpoint(linked):
        return None
    _forget_others(earlier, newest)
    return str(linked.resolve())


def _forget_others(attempts: list[Path], newest: Path) -> None:
    """Nothing goes back further than the newest checkpoint, and one of a whole model is as large as three of it."""
    for attempt in attempts:
        for checkpoint in [*RunDir(attempt).checkpoints.glob("checkpoint-*"), attempt / "resume"]:
            if checkpoint != newest:
                shutil.rmtree(checkpoint, ignore_errors=True)


def _tell_skipped(run_dir: RunDir, checkpoint: Path, problem: str) -> None:
    name = f"{checkpoint.name} of {checkpoint.parent.parent.name}"
    log.warning("checkpoint skipped", checkpoint=str(checkpoint), problem=problem)
    run_dir.append_event("skipped", message=f"{name} {problem}, so it is not used.")
    with run_dir.log.open("a", encoding="utf-8") as file:
        file.write(f"{name} {problem}, so it is not used.\n")


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def carry_outputs(job: Job, run_dir: RunDir) -> None:
    carry(job, run_dir, run_dir.outputs.name)


def carry(job: Job, run_dir: RunDir, name: str) -> None:
    """A file that an earlier attempt has already written need not be written again."""
    for attempt in range(job.attempt - 1, 0, -1):
        written = job.run_dir(attempt).path / name
        if written.exists():
            shutil.copy2(written, run_dir.path / name)
            return


# --- Orderly shutdown -----------------------------------------------------------------------------------------
# A worker that is told to stop gives its attempts back at once, instead of leaving them to run out their leases.

_stopping = threading.Event()
_at_work: dict[threading.Thread, Job] = {}


@contextmanager
def _at_work_on(job: Job) -> Iterator[None]:
    thread = threading.current_thread()
    _at_work[thread] = job
    try:
        yield
    finally:
        _at_work.pop(thread, None)


def _give_back() -> None:
    _stopping.set()
    deadline = time.monotonic() + GRACE_SECONDS + 5
    for thread in set(_at_work) - {threading.current_thread()}:
        thread.join(max(0.0, deadline - time.monotonic()))


atexit.register(_give_back)
