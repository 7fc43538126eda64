from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from annotation import parts, tasks
from annotation.actions import Refused
from annotation.models import BiasLists, Event, Project
from training import audits
from training.models import BiasAudit, DatasetVersion


def start_audit(
    *, project: Project, by: User, dataset_version: DatasetVersion | None = None, wait: bool = False
) -> BiasAudit:
    """Of a frozen version, or of the project as it stands. The worker does it, unless one waits."""
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        if project.biasaudits.unfinished().filter(dataset_version=dataset_version).exists():
            raise Refused("An audit of the same rows is under way. Wait for it, or stop it.")
        own = BiasLists.of(project)
        audit = BiasAudit.objects.create(
            project=project,
            dataset_version=dataset_version,
            lists={"groups": own.groups, "outcomes": own.outcomes},
            created_by=by,
        )
        Event.record("started a bias audit", audit, by=by, project=project, dataset=str(dataset_version or ""))
        if not wait:
            tasks.ring_after_commit(audit)
    return parts.run(audit, audits.do) if wait else audit


def stop_audit(*, audit: BiasAudit, by: User) -> None:
    if not audit.ask_to_stop():
        raise Refused("This audit is over already.")
    Event.record("stopped a bias audit", audit, by=by, project=audit.project)


def resume_audit(*, audit: BiasAudit, by: User) -> None:
    with transaction.atomic():
        if not audit.resume():
            raise Refused("Only an audit that was stopped or failed can go on.")
        Event.record("resumed a bias audit", audit, by=by, project=audit.project)
        tasks.ring_after_commit(audit)
