from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from annotation import queues
from annotation.actions import Refused
from annotation.models import Event, Guidelines, Project


class GuidelinesChanged(Refused):
    """Somebody else saved a version in the meantime."""


def write_guidelines(*, project: Project, text: str, by: User, after: int | None = None) -> Guidelines:
    """A new version. `after` is the version its writer started from; None: whichever is current."""
    with transaction.atomic():
        queues.lock(project)
        current = project.current_guidelines()
        number = current.version if current else 0
        if after is not None and after != number:
            raise GuidelinesChanged(f"Version {number} was saved while you were writing.")
        if current and current.text == text:
            return current
        made = Guidelines.objects.create(project=project, version=number + 1, text=text, created_by=by)
        Event.record("wrote the guidelines", made, by=by, project=project, version=made.version)
    return made
