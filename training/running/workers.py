"""What a worker process says of itself, so that people see who works, on what, and with what to spare."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import socket
import subprocess
import threading
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psutil
from django.conf import settings
from django.contrib.auth.models import User
from django.db import Error as DatabaseError
from django.db.models.functions import Now
from django.utils import timezone

from annotation.models import Membership, Project, Role
from training.jobs import Job
from training.models import TrainingRound, Worker
from training.running import runner

KEPT_WHEN_GONE = timedelta(days=1)
MIB = 1024 * 1024

_this = uuid.uuid4()
_started = timezone.now()
_leaving = threading.Event()


def renew() -> None:
    """Say that this process lives. A stop in good order takes the row along; only who was killed is shown as gone."""
    if _leaving.is_set():
        return
    memory = psutil.virtual_memory()
    _row, is_new = Worker.objects.update_or_create(
        pk=_this,
        defaults={
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started_at": _started,
            "seen_at": Now(),
            "running": [_described(job) for job in runner.running_here()],
            "devices": devices(),
            "memory_bytes": memory.total,
            "memory_free_bytes": memory.available,
            "disk_free_bytes": shutil.disk_usage(settings.DATA_DIR).free,
        },
    )
    if is_new:
        atexit.register(_leave)


def _leave() -> None:
    _leaving.set()
    with contextlib.suppress(DatabaseError):
        Worker.objects.filter(pk=_this).delete()


def forget_long_gone() -> None:
    Worker.objects.filter(seen_at__lt=Now() - KEPT_WHEN_GONE).delete()


def _described(job: Job) -> dict[str, Any]:
    project = getattr(job, "project_id", None)
    return {"id": str(job.pk), "name": str(job), "project": str(project) if project else None}


def devices() -> list[dict[str, Any]]:
    """The graphics cards, or the processor where there is none; asked without torch, which a worker never loads."""
    asked = ["nvidia-smi", "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"]
    found: list[dict[str, Any]] = []
    with contextlib.suppress(OSError, subprocess.SubprocessError, ValueError):
        said = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=True).stdout
        found = [_card(line) for line in said.splitlines() if line.strip()]
    return found or [{"name": f"{os.cpu_count() or 1} CPU cores", "memory_bytes": None, "memory_free_bytes": None}]


def _card(line: str) -> dict[str, Any]:
    name, total, free = (part.strip() for part in line.rsplit(",", 2))
    return {"name": name, "memory_bytes": int(total) * MIB, "memory_free_bytes": int(free) * MIB}


@dataclass(frozen=True)
class Shown:
    """A worker as somebody may see it: what it does for projects that are not theirs has no name."""

    id: UUID
    host: str
    pid: int
    is_gone: bool
    started_at: datetime
    seen_at: datetime
    running: list[dict[str, Any]]
    devices: list[dict[str, Any]]
    memory_bytes: int
    memory_free_bytes: int
    disk_free_bytes: int


ELSEWHERE = "Work of another project"


def projects_to_name(user: User) -> list[Project] | None:
    """Those whose work somebody may see by name; None, all of them, for those who run the installation."""
    if user.is_staff:
        return None
    mine = Membership.objects.filter(user_id=user.pk, role=Role.ADMIN).select_related("project")
    return [membership.project for membership in mine]


def shown_to(projects: Collection[Project] | None) -> list[Shown]:
    """All workers; names only of the work of these projects, or of all for None."""
    rows = list(Worker.objects.with_life())
    known = {str(project.pk): project for project in projects} if projects is not None else _projects_of(rows)
    rounds = _rounds_of(rows)
    return [
        Shown(
            **{name: getattr(row, name) for name in Shown.__annotations__ if name != "running"},
            running=[] if row.is_gone else [_shown(job, known, rounds) for job in row.running],
        )
        for row in rows
    ]


def _shown(job: dict[str, Any], known: dict[str, Project], rounds: set[str]) -> dict[str, Any]:
    project = known.get(str(job["project"]))
    if project is None:
        return {"id": None, "name": ELSEWHERE, "project": None, "project_name": None, "is_round": False}
    return {**job, "project_name": project.name, "is_round": job["id"] in rounds}


def _projects_of(rows: list[Worker]) -> dict[str, Project]:
    named = {job["project"] for row in rows for job in row.running if job["project"]}
    return {str(project.pk): project for project in Project.objects.filter(pk__in=named)}


def _rounds_of(rows: list[Worker]) -> set[str]:
    """Which of the jobs are rounds: they have a page to go to."""
    named = [job["id"] for row in rows for job in row.running]
    return {str(pk) for pk in TrainingRound.objects.filter(pk__in=named).values_list("pk", flat=True)}
