"""Taking a project's data out: who takes what is part of its history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from annotation import tasks
from annotation.actions import Refused
from annotation.exports import files, job
from annotation.exports.kinds import FROZEN, KINDS, problem_with, problem_with_frozen, shapes_of
from annotation.exports.rows import rows
from annotation.models import Event, Export, Project
from annotation.shapes import Refused as LeftOut

__all__ = ["KINDS", "delete", "lines", "record_download", "resume", "start", "start_frozen", "stop"]

MOST_WAITING = 20


def start(
    *,
    project: Project,
    kind: str,
    by: User,
    shape: str = "",
    format: str = "jsonl",
    as_written: bool = False,
    ring: bool = True,
) -> Export:
    """Queue it. The usual shape where none is named; `as_written`: without what was confirmed under Cleaning; `ring`:
    for the worker, not for who runs it at once."""
    shape = shape or next(iter(shapes_of(kind)))
    if problem := problem_with(kind, shape, format):
        raise Refused(problem)
    return _queue(project, by, ring, kind=kind, shape=shape, format=format, as_written=as_written)


def start_frozen(
    *,
    project: Project,
    kind: str,
    frozen: UUID,
    name: str,
    by: User,
    shape: str = FROZEN,
    format: str = "jsonl",
    part: str = "",
    ring: bool = True,
) -> Export:
    """The same of frozen rows; `name` is what people call them, `part` one of PARTS."""
    if problem := problem_with_frozen(kind, shape, format, part):
        raise Refused(problem)
    about = {"frozen": frozen, "frozen_name": name, "frozen_part": part}
    return _queue(project, by, ring, kind=kind, shape=shape, format=format, **about)


def _queue(project: Project, by: User, ring: bool, **asked: Any) -> Export:
    with transaction.atomic():
        if project.exports.unfinished().count() >= MOST_WAITING:
            raise Refused(f"{MOST_WAITING} exports are waiting already. Let them end first.")
        work = Export.objects.create(project=project, created_by=by, **asked)
        about = {name: str(value) if isinstance(value, UUID) else value for name, value in asked.items()}
        Event.record("exported data", project, by=by, project=project, **about, export=str(work.pk))
        if ring:
            tasks.ring_after_commit(work)
    return work


def stop(*, work: Export, by: User) -> None:
    with transaction.atomic():
        if not work.ask_to_stop():
            raise Refused("It is over already.")
        Event.record("stopped an export", work.project, by=by, project=work.project, export=str(work.pk))


def resume(*, work: Export, by: User) -> None:
    with transaction.atomic():
        if not work.resume():
            raise Refused("Only what was stopped or has failed can go on.")
        Event.record("resumed an export", work.project, by=by, project=work.project, export=str(work.pk))
        tasks.ring_after_commit(work)


def delete(*, work: Export, by: User) -> None:
    """The file; that it was there, and who took it, stays."""
    if not work.file_name:
        raise Refused("There is no file to delete.")
    with transaction.atomic():
        Event.record("deleted an exported file", work.project, by=by, project=work.project, export=str(work.pk))
        transaction.on_commit(lambda: job.delete_file(work))


def record_download(*, work: Export, by: User) -> None:
    about = {"export": str(work.pk), "kind": work.kind, "sha256": work.sha256}
    Event.record("downloaded an export", work.project, by=by, project=work.project, **about)


def lines(project: Project, kind: str, shape: str = "") -> Iterator[str]:
    """The rows of a JSON Lines file, without those that the shape has no place for."""
    for row in rows(project, kind, shape):
        if not isinstance(row, LeftOut):
            yield files.line_of(row)
