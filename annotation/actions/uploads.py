"""An uploaded file's way: stored, mapped, previewed, then imported whole or discarded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import File
from django.db import transaction

from annotation.actions import Refused
from annotation.actions.importing import Counts, Planned, Responses, plan, take_records
from annotation.models import Event, Import, Project
from annotation.records import Mapping, Record, guess_columns, read_records
from annotation.rows import Problem, read_rows
from annotation.splits import Shares

SETTLED = "This file has been imported or discarded already."


def upload(*, project: Project, file: File, file_name: str, format: str, columns: list[str], by: User) -> Import:
    """Keep the file under a name of our own, with the mapping its columns suggest."""
    row = Import(project=project, file_name=file_name, format=format, created_by=by)
    row.mapping = default_choices(guess_columns(columns))
    if not is_mapped(row):
        row.mapping["fixed_instruction"] = _usual_instruction(project)
    with transaction.atomic():
        row.file.save(f"{row.pk}.{format}", file, save=False)
        row.save()
        Event.record("uploaded a file", row, by=by, project=project, name=file_name)
    return row


def _usual_instruction(project: Project) -> str:
    """What the last prompt was asked: files of one project mostly ask the same."""
    return project.prompts.order_by("-position").values_list("instruction", flat=True).first() or ""


def default_choices(columns: dict[str, str]) -> dict[str, Any]:
    return {
        "columns": columns,
        "fixed_instruction": "",
        "responses": Responses.APPROVED.value,
        "split_by": "column" if columns.get("split") else "group",
        "evaluation_share": 10,
        "validation_share": 10,
    }


def is_mapped(row: Import) -> bool:
    """Whether the mapping says where the question is: without it there is nothing to preview."""
    columns = row.mapping["columns"]
    return bool(columns.get("conversation") or columns.get("instruction") or row.mapping["fixed_instruction"].strip())


def choose(*, row: Import, choices: dict[str, Any]) -> None:
    """Keep the choices, so that the preview shows them and they survive a closed tab."""
    if choices != row.mapping:
        row.mapping, row.counts = choices, {}
        Import.objects.filter(pk=row.pk, status=Import.Status.UPLOADED).update(mapping=choices, counts={})


def planned(row: Import) -> Iterator[Planned | Problem]:
    """What would become of each line, in order."""
    with row.file.open("rb") as file:
        yield from plan(row.project, _records(row, file), _shares(row))


def preview(row: Import, show: int) -> tuple[list[Planned], Counts]:
    """The first records and the counts of the whole file, which are remembered until a choice changes."""
    if row.counts:
        with row.file.open("rb") as file:
            few = islice((item for item in _records(row, file) if isinstance(item, Record)), show)
            first = [item for item in plan(row.project, few, _shares(row)) if isinstance(item, Planned)]
        return first, Counts(**row.counts)
    counts = Counts()
    first = []
    for item in planned(row):
        counts.add(item)
        if isinstance(item, Planned) and len(first) < show:
            first.append(item)
    row.counts = counts.numbers() | {"first_problems": counts.first_problems}
    Import.objects.filter(pk=row.pk, status=Import.Status.UPLOADED, mapping=row.mapping).update(counts=row.counts)
    return first, counts


def run(*, row: Import, by: User, skip_problems: bool = False) -> Counts:
    """Import the file, once: a second click or tab is refused. Its records are in the project then, so it goes."""
    with transaction.atomic():
        _settle(row, Import.Status.DONE)
        with row.file.open("rb") as file:
            row.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            counts = take_records(
                project=row.project,
                items=_records(row, file),
                shares=_shares(row),
                responses=row.mapping["responses"],
                by=by,
                skip_problems=skip_problems,
                source=row.file_name,
            )
        row.counts = counts.numbers()
        row.save(update_fields=["counts", "sha256"])
    row.file.delete(save=False)
    return counts


def discard(*, row: Import, by: User) -> None:
    with transaction.atomic():
        _settle(row, Import.Status.DISCARDED)
        Event.record("discarded a file", row, by=by, project=row.project, name=row.file_name)
    row.file.delete(save=False)


def _settle(row: Import, status: str) -> None:
    if not Import.objects.filter(pk=row.pk, status=Import.Status.UPLOADED).update(status=status):
        raise Refused(SETTLED)
    row.status = status


def _records(row: Import, file: Any) -> Iterator[Record | Problem]:
    columns = dict(row.mapping["columns"])
    if row.mapping["split_by"] == "group":
        columns.pop("split", None)
    mapping = Mapping(columns, row.mapping["fixed_instruction"].strip())
    return read_records(read_rows(file, row.format), mapping)


def _shares(row: Import) -> Shares:
    return Shares(row.mapping["evaluation_share"] / 100, row.mapping["validation_share"] / 100)
