"""The doorbells. A lost or doubled one does no harm: the rows say what there is to do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import close_old_connections, transaction
from huey.contrib.djhuey import HUEY, db_task, on_startup

from annotation import likeness
from annotation import tasks as chores
from training import audits, freezing_run, swapping
from training.adapters.packaging import PACKAGE
from training.erasing import carrying_out
from training.estimating import experience
from training.freezing import index
from training.jobs import Job, Status
from training.leaks import comparing, gate
from training.models import BiasAudit, Erasure, FreezeRun, LeakCheck, Preflight, SwapRun, TrainingRound
from training.running import runner, workers
from training.running.kinds import PREFLIGHT, ROUND, SAMPLING
from training.running.runner import JobKind

log = structlog.get_logger(__name__)

HEARTBEAT_SECONDS = 5
WORKER_GONE_SECONDS = 30
TEXTS_AT_A_LOOK = 300  # a second or two of work

chores.WORKS |= {
    BiasAudit: audits.do,
    Erasure: carrying_out.do,
    FreezeRun: freezing_run.do,
    LeakCheck: comparing.do,
    SwapRun: swapping.do,
}


@db_task()
def run_round(pk: str) -> None:
    """Whichever round's bell it is: the round whose turn it is answers. Rounds too large for the disk wait."""
    in_turn = TrainingRound.objects.in_turn().select_related("base_model")
    first = next((each for each in in_turn if not experience.lacks_disk(each)), None)
    # Only who ran one rings for the next: a bell that finds the machine busy must not ring another.
    if first and _compared(first) and runner.run(ROUND, first.pk):
        runner.reconcile(ROUND, run_round)


def _compared(job: TrainingRound | Preflight) -> bool:
    """Before it is claimed, since it may take minutes. False while another worker is at it: its turn comes again."""
    return gate.settle(job.dataset_version, job.parent_adapter, job.reward_adapter)


@db_task()
def run_preflight(pk: str) -> None:
    preflight = Preflight.objects.filter(pk=pk, status=Status.QUEUED).first()
    if preflight and not _compared(preflight):
        return
    runner.run(PREFLIGHT, pk)


@db_task()
def run_sampling(pk: str) -> None:
    runner.run(SAMPLING, pk)


@db_task()
def run_package(pk: str) -> None:
    runner.run(PACKAGE, pk)


# Kinds that the worker's watch looks after; the app above adds its own.
watched: list[tuple[JobKind, Callable[[str], Any]]] = [
    (ROUND, run_round),
    (PREFLIGHT, run_preflight),
    (SAMPLING, run_sampling),
    (PACKAGE, run_package),
]


def ring_after_commit(task: Callable[[str], Any], job: Job) -> None:
    pk = str(job.pk)
    transaction.on_commit(lambda: task(pk))


def reconcile_all() -> None:
    """Bells are rung only into an empty queue: one that is still full has not been answered yet."""
    quiet = HUEY.pending_count() == 0
    if quiet:
        chores.reconcile()
    for kind, task in watched:
        runner.reconcile(kind, task if quiet else _leave_be)


def _leave_be(pk: str) -> None:
    """The bell for it is still in the queue."""


# --- The watch ------------------------------------------------------------------------------------------------
# A thread of the worker's own rather than a periodic task: three long jobs would keep a periodic task waiting.

_watch_lock = threading.Lock()
_watch: threading.Thread | None = None


@on_startup()
def start_watch() -> None:
    """Called by each of the worker's threads; the first one starts it."""
    global _watch
    with _watch_lock:
        if _watch is None:
            _watch = threading.Thread(target=_keep_watch, name="watch", daemon=True)
            _watch.start()


def _keep_watch() -> None:
    next_look = next_sign = time.monotonic()
    while True:
        try:
            heartbeat_file().touch()
            if time.monotonic() >= next_sign:
                next_sign = time.monotonic() + settings.JOB_HEARTBEAT_SECONDS
                close_old_connections()
                workers.renew()
            if time.monotonic() >= next_look:
                next_look = time.monotonic() + settings.JOB_RECONCILE_SECONDS
                close_old_connections()
                workers.forget_long_gone()
                reconcile_all()
                likeness.catch_up(TEXTS_AT_A_LOOK)
                index.catch_up()
        except Exception:
            log.exception("watch stumbled")
        time.sleep(HEARTBEAT_SECONDS)


def heartbeat_file() -> Path:
    return settings.DATA_DIR / "worker.heartbeat"


def worker_is_running() -> bool:
    """Whether a worker has shown itself lately. A page or command says so when none has."""
    try:
        return time.time() - heartbeat_file().stat().st_mtime < WORKER_GONE_SECONDS
    except OSError:
        return False
