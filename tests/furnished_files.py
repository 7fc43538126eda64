"""Files on their way in and out of the furnished project, in every state that their pages show."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.utils import timezone

from annotation import parts
from annotation.actions import exporting, uploads
from annotation.exports import job
from annotation.imports import importing
from annotation.models import Export, Import, Project
from tests.furnished_work import Page
from training.actions.freezing import take_out
from training.models import DatasetVersion

NOTE = (
    "The tenant moved out on 3 March and gave the keys back; the landlord kept the deposit without a list of damages."
)
NAME = "notes-of-the-housing-clinic-first-quarter-with-responses-of-2025.jsonl"
SPLIT = {"train": 33_030, "validation": 4_129, "evaluation": 4_129}
LINES = [
    f'{{"id": "clinic-{number}", "input": "Note {number}. {NOTE}", "output": "Keys: 3 March"}}' for number in range(40)
]


def arriving(project: Project, pk: str, ada: User) -> list[Page]:
    running = _uploaded(project, ada, LINES)
    _is(running, Import.Status.RUNNING, done=41_600, total=100_000, counts={**SPLIT, "new": 41_288, "known": 312})
    checking = _uploaded(project, ada, LINES)
    _is(checking, Import.Status.RUNNING, done=8_400)
    stopped = _uploaded(project, ada, LINES)
    _is(stopped, Import.Status.STOPPED, done=62_000, total=100_000, counts={**SPLIT, "new": 62_000})
    return [
        Page("import_map", [pk, str(running.pk)], state="running"),
        Page("import_map", [pk, str(checking.pk)], state="checking"),
        Page("import_map", [pk, str(stopped.pk)], state="stopped"),
        Page("import_map", [pk, str(_ended(project, ada, LINES, skip=True).pk)], state="imported"),
        Page(
            "import_map",
            [pk, str(_ended(project, ada, [*LINES, "{broken", '{"input": "\\u0000"}']).pk)],
            state="failed",
        ),
    ]


def leaving(project: Project, pk: str, ada: User, version: DatasetVersion) -> list[Page]:
    """The page is one, with all of them on it."""
    done = exporting.start(project=project, kind="prompts", by=ada, format="csv_spreadsheet")
    parts.run(done, job.do)
    gone = exporting.start(project=project, kind="preferences", by=ada)
    parts.run(gone, job.do)
    job.delete_file(gone)
    running = exporting.start(project=project, kind="demonstrations", by=ada, format="parquet")
    _is(running, Export.Status.RUNNING, done=34_000, total=100_000)
    failed = exporting.start(project=project, kind="demonstrations", by=ada, format="hugging_face")
    _is(failed, Export.Status.FAILED, done=12, problem="There is no space left on the disk. Make some and try again.")
    frozen = take_out(version=version, by=ada)
    parts.run(frozen, job.do)
    return [Page("dataset_export", [pk, str(version.pk)], state="ready")]


def _uploaded(project: Project, ada: User, lines: list[str]) -> Import:
    row = uploads.upload(
        project=project,
        file=ContentFile("\n".join(lines).encode()),
        file_name=NAME,
        format="jsonl",
        columns=["id", "input", "output"],
        by=ada,
    )
    row.mapping = {**row.mapping, "fixed_instruction": "Summarise."}
    row.save()
    return row


def _ended(project: Project, ada: User, lines: list[str], skip: bool = False) -> Import:
    row = _uploaded(project, ada, lines)
    uploads.start(row=row, by=ada, ring=False)
    return parts.run(row, importing.do)


def _is(work: Any, status: str, **fields: Any) -> None:
    """As a worker on another machine would have it at this moment."""
    lease = timezone.now() + timedelta(days=2)
    for name, value in {"status": status, "attempt": 1, "lease_expires_at": lease, **fields}.items():
        setattr(work, name, value)
    work.save()
