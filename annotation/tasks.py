"""The doorbells of work in parts. A lost or doubled one does no harm: the rows say what there is to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from huey.contrib.djhuey import db_task

from annotation import chores, parts
from annotation.cleaning_runs import deciding_all, looking
from annotation.exports import job as exports
from annotation.imports import importing
from annotation.models import BulkDecision, Chore, CleaningRun, Demonstration, Export, Import, Project
from annotation.models.in_parts import InParts
from annotation.quality import reports

ESTIMATE_AGAIN = timedelta(minutes=10)


# What is done in parts, and by what.
WORKS: dict[type[InParts], Callable[[Any], None]] = {
    Chore: chores.do,
    Import: importing.do,
    Export: exports.do,
    CleaningRun: looking.do,
    BulkDecision: deciding_all.do,
}


@db_task()
def run_in_parts(kind: str, pk: str) -> None:
    model, do = next((model, do) for model, do in WORKS.items() if model.__name__ == kind)
    work = model.objects.select_related("project").filter(pk=pk).first()
    if work:
        parts.run(work, do)


def ring_after_commit(work: InParts) -> None:
    kind, pk = type(work).__name__, str(work.pk)
    transaction.on_commit(lambda: run_in_parts(kind, pk))


@db_task()
def work_out_agreement(project_pk: str) -> None:
    """Told by whoever looks at it; a page that waits tells again."""
    project = Project.objects.filter(pk=project_pk).first()
    if project:
        reports.work_out(project)


def reconcile() -> None:
    """Called by the worker's watch: take up what was left behind, delete old files, estimate anew."""
    for model in WORKS:
        for pk in model.objects.waiting().values_list("pk", flat=True):
            run_in_parts(model.__name__, str(pk))
    exports.delete_old()
    for project in Project.objects.filter(informative_first=True):
        if estimate_is_due(project):
            ring_after_commit(Chore.objects.create(project=project, kind=Chore.Kind.ESTIMATE, spec=seen(project)))


def estimate_is_due(project: Project) -> bool:
    """Never estimated, or something was answered or arrived since, and the last time is a while ago."""
    last = project.chores.filter(kind=Chore.Kind.ESTIMATE).first()
    if last is None:
        return True
    if last.finished_at is None or last.finished_at > timezone.now() - ESTIMATE_AGAIN:
        return False
    return last.spec != seen(project)


def seen(project: Project) -> dict[str, int]:
    """What the estimate depends on, in numbers that any new answer, prompt or comparison changes."""
    return {
        "answers": project.demonstrations.exclude(status=Demonstration.Status.DRAFT).count(),
        "prompts": project.prompts.count(),
        "comparisons": project.comparisons.count(),
    }
