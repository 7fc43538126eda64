"""Freezing in the background, in each of its states."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from annotation.models import Project
from tests.furnished_work import Page
from training.freezing import choosing
from training.models import DatasetVersion, FreezeRun

Status, Step = FreezeRun.Status, FreezeRun.Step
SAID = "Everything on leases and deposits that was written under the second guidelines, for the round before the audit"


def freezings(project: Project, pk: str, ada: User) -> list[Page]:
    """Comes last: while something is being frozen nothing else is."""
    version = project.dataset_versions.filter(kind="demonstrations").first()
    assert version
    narrow = {"task_types": ["Letter", "Summary"], "quality": 80, "since": "2026-01-01"}
    states = {
        "frozen": _run(project, ada, Status.DONE, version=version, is_new=True),
        "nothing new": _run(project, ada, Status.DONE, version=version),
        "counted": _run(
            project, ada, Status.DONE, only_look=True, filter=narrow, state={"train": 41_212, "validation": 4_590}
        ),
        "stopped": _run(project, ada, Status.STOPPED, filter=narrow),
        "refused": _run(project, ada, Status.FAILED, filter=narrow, problem=choosing.NOTHING_LEFT),
        "running": _run(project, ada, Status.RUNNING, step=Step.READ, done=61_500, total=96_240, filter=narrow),
    }
    return [
        Page("datasets", [pk], state="one is being frozen"),
        *(Page("freezing", [pk, str(run.pk)], state=state) for state, run in states.items()),
    ]


def _run(project: Project, ada: User, status: str, version: DatasetVersion | None = None, **more: object) -> FreezeRun:
    lease = timezone.now() + timedelta(days=1) if status == Status.RUNNING else None
    return FreezeRun.objects.create(
        project=project,
        kind=DatasetVersion.Kind.DEMONSTRATIONS,
        created_by=ada,
        status=status,
        version=version,
        description=SAID,
        lease_expires_at=lease,
        **more,
    )
