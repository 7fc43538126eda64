"""What is worked out of many judgements, for whoever looks at it."""

from __future__ import annotations

from django.db import transaction

from annotation import tasks
from annotation.models import AgreementReport, Project
from annotation.quality import reports


def agreement(*, project: Project, waiting: bool = False) -> reports.Kept:
    """As it stands; the worker is told where it is time to work it out anew. `waiting`: somebody who has asked before
    asks whether it is done, so that what failed is not begun again and again."""
    found = reports.kept(project)
    if not found.due or (waiting and found.problem):
        return found
    with transaction.atomic():
        row, _ = AgreementReport.objects.get_or_create(project=project)
        if row.ask():
            transaction.on_commit(lambda: tasks.work_out_agreement(str(project.pk)))
    return found
