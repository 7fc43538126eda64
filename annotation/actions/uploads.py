"""An uploaded file's way: stored, mapped, previewed, then imported by the worker, or discarded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import File
from django.db import models, transaction

from annotation import tasks
from annotation.actions import Refused
from annotation.actions.importing import Judgements, Responses
from annotation.imports import importing
from annotation.imports.files import read_rows
from annotation.imports.items import stretches
from annotation.imports.planning import PROBLEMS_KEPT, Counts, Planned
from annotation.imports.records import guess_columns
from annotation.imports.rows import Problem
from annotation.models import Event, Import, Project

SETTLED = "This file has been imported or discarded already."
OVER = "This import is over already."
PREVIEWED = 2_000  # rows a page reads; the worker reads all of them before it takes any
Status = Import.Status
WAITING = (Status.UPLOADED, Status.FAILED, Status.STOPPED)


@dataclass(frozen=True)
class Preview:
    """`whole`: the counts are of the whole file, not of its beginning only."""

    first: list[Planned]
    counts: Counts
    whole: bool


NOTHING = Preview([], Counts(), whole=True)


def upload(
    *,
    project: Project,
    file: File,
    file_name: str,
    format: str,
    columns: list[str],
    by: User,
    author: User | None = None,
    shape: str = "",
) -> Import:
    """Keep the file under a name of our own, with the mapping its columns suggest, or the shape its rows are in."""
    row = Import(project=project, file_name=file_name, format=format, created_by=by, author=author)
    row.mapping = {**default_choices(guess_columns(columns)), "shape": shape}
    if not is_mapped(row):
        row.mapping["fixed_instruction"] = _usual_instruction(project)
    row.sha256 = _sha256(file)
    with transaction.atomic():
        row.file.save(f"{row.pk}.{format}", file, save=False)
        row.save()
        Event.record("uploaded a file", row, by=by, project=project, name=file_name)
    return row


def _sha256(file: File) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _usual_instruction(project: Project) -> str:
    """What the last prompt was asked: files of one project mostly ask the same."""
    return project.prompts.order_by("-position").values_list("instruction", flat=True).first() or ""


def default_choices(columns: dict[str, str]) -> dict[str, Any]:
    return {
        "shape": "",
        "columns": columns,
        "fixed_instruction": "",
        "judgements": Judgements.DECIDE.value,
        "responses": Responses.APPROVED.value,
        "split_by": "column" if columns.get("split") else "group",
        "evaluation_share": 10,
        "validation_share": 10,
    }


def is_mapped(row: Import) -> bool:
    """Whether the mapping says where the question is: without it there is nothing to preview."""
    columns = row.mapping["columns"]
    return bool(row.mapping.get("shape")) or bool(
        columns.get("conversation") or columns.get("instruction") or row.mapping["fixed_instruction"].strip()
    )


def choose(*, row: Import, choices: dict[str, Any]) -> None:
    """Keep the choices, so that the preview shows them and they survive a closed tab."""
    if choices == row.mapping:
        return
    row.mapping, row.counts = choices, {}
    if _open(row).update(mapping=choices, counts={}):
        row.problems.all().delete()


def same_file(row: Import) -> Import | None:
    """An earlier import of the very same file."""
    earlier = row.project.imports.filter(status=Status.DONE, sha256=row.sha256).exclude(sha256="")
    return earlier.order_by("-created_at").first()


def planned(row: Import) -> Iterator[list[Planned | Problem]]:
    """What would become of each line, in order."""
    reader, planner = importing.reader_of(row), importing.planner_of(row)
    with importing.opened(row) as file:
        for stretch in stretches(read_rows(file, row.format)):
            yield planner.planned(reader.items(stretch))


def preview(row: Import, show: int) -> Preview:
    """The first records and the counts of the file's beginning, which are remembered until a choice changes."""
    if row.counts:
        if "first_problems" not in row.counts:  # the worker has looked
            told = row.problems.filter(differs=False).values("line", "reason")[:PROBLEMS_KEPT]
            return Preview(_first(row, show), Counts.of({**row.counts, "first_problems": list(told)}), whole=True)
        return Preview(_first(row, show), Counts.of(row.counts), row.counts.get("whole", True))
    counts, read, whole = Counts(), 0, True
    first: list[Planned] = []
    for stretch in planned(row):
        if read >= PREVIEWED:
            whole = False
            break
        read += len(stretch)
        for item in stretch:
            counts.add(item)
            if isinstance(item, Planned) and len(first) < show:
                first.append(item)
    row.counts = {**counts.numbers(), "first_problems": counts.first_problems, "whole": whole}
    _open(row).filter(mapping=row.mapping).update(counts=row.counts)
    return Preview(first, counts, whole)


def _first(row: Import, show: int) -> list[Planned]:
    arriving = (item for stretch in planned(row) for item in stretch)
    return list(islice((item for item in arriving if isinstance(item, Planned)), show))


def start(*, row: Import, by: User, skip_problems: bool = False, ring: bool = True) -> None:
    """Queue it, once: a second click or tab is refused. Who does not ring does it at once."""
    with transaction.atomic():
        begun = {"status": Status.QUEUED, "skip_problems": skip_problems, "problem": "", "finished_at": None}
        if not _open(row).update(**begun, mapping=row.mapping, stop_asked=False):
            raise Refused(SETTLED)
        row.refresh_from_db()
        Event.record("started an import", row, by=by, project=row.project, name=row.file_name)
        if ring:
            tasks.ring_after_commit(row)


def stop(*, row: Import, by: User) -> None:
    """After the part under way. What is in the project stays, and it can go on from there."""
    with transaction.atomic():
        if not row.ask_to_stop():
            raise Refused(OVER)
        Event.record("stopped an import", row, by=by, project=row.project, name=row.file_name)


def resume(*, row: Import, by: User) -> None:
    with transaction.atomic():
        if not row.resume():
            raise Refused("Only what was stopped, or could not go on, is taken up again.")
        Event.record("resumed an import", row, by=by, project=row.project, name=row.file_name)
        tasks.ring_after_commit(row)


def discard(*, row: Import, by: User) -> None:
    """The file goes; what of it is in the project stays."""
    with transaction.atomic():
        if not Import.objects.filter(pk=row.pk, status__in=WAITING).update(status=Status.DISCARDED):
            raise Refused(SETTLED)
        row.status = Status.DISCARDED
        Event.record("discarded a file", row, by=by, project=row.project, name=row.file_name)
    row.file.delete(save=False)


def _open(row: Import) -> models.QuerySet[Import]:
    """The row, as long as nothing of it is in the project and nobody works on it."""
    return Import.objects.filter(pk=row.pk, status__in=WAITING, total=None)
