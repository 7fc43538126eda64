from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from annotation.models import Event, Guidelines, Membership, Project, Role


def create_project(*, by: User, guidelines: str = "", **fields: Any) -> Project:
    """A new project; its creator becomes its first admin."""
    with transaction.atomic():
        project = Project.objects.create(created_by=by, **fields)
        Membership.objects.create(project=project, user=by, role=Role.ADMIN)
        if guidelines:
            Guidelines.objects.create(project=project, version=1, text=guidelines, created_by=by)
        Event.record("created the project", project, by=by, project=project)
    return project


def change_project(*, project: Project, by: User, **fields: Any) -> list[str]:
    """Set what differs and say which fields those were. The audit event keeps the old values."""
    with transaction.atomic():
        row = Project.objects.select_for_update().get(pk=project.pk)
        before = {name: getattr(row, name) for name, value in fields.items() if getattr(row, name) != value}
        if not before:
            return []
        for name in before:
            setattr(row, name, fields[name])
        row.save(update_fields=list(before))
        Event.record("changed the settings", row, by=by, project=row, before=before)
    return list(before)
