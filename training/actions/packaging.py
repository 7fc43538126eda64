from __future__ import annotations

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from annotation.models import Event, Project
from training import tasks
from training.adapters import packaging, publishing
from training.models import Adapter, Package


def start_package(*, adapter: Adapter, format: str, by: User) -> Package:
    """Pack an adapter to be taken elsewhere. The package there is, or is being made, serves again."""
    if format not in Package.Format.values:
        raise ValidationError({"format": [f"Choose one of: {', '.join(Package.Format.values)}."]})
    refused = packaging.refusal(adapter, format)
    if refused:
        raise ValidationError({"format": [refused]})
    if not publishing.intact(adapter):
        raise ValidationError(f"The files of the {adapter} are missing on this machine or have changed.")
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=adapter.project_id)
        usable = adapter.packages.filter(format=format).usable()
        if usable:
            return usable[0]
        package = Package.objects.create(project=adapter.project, adapter=adapter, format=format, created_by=by)
        Event.record("packed", package, by=by, project=adapter.project, format=format, sha256=adapter.sha256)
        tasks.ring_after_commit(tasks.run_package, package)
    return package


def cancel_package(*, package: Package, by: User) -> None:
    with transaction.atomic():
        if package.request_cancel():
            Event.record("cancelled packing", package, by=by, project=package.project)


def record_download(*, package: Package, by: User) -> None:
    """Who took what out is part of the history."""
    Event.record("downloaded", package, by=by, project=package.project, format=package.format)
