"""Naming a dataset version in a command."""

from __future__ import annotations

from django.core.management.base import CommandError, CommandParser

from annotation.models import Project
from training.models import DatasetVersion


def add_kind(parser: CommandParser) -> None:
    parser.add_argument("--kind", choices=DatasetVersion.Kind.values, required=True)


def find_version(project: Project, kind: str, number: int) -> DatasetVersion:
    version = project.dataset_versions.filter(kind=kind, number=number).select_related("project").first()
    if version is None:
        raise CommandError(f"“{project}” has no {DatasetVersion.Kind(kind).label.lower()} v{number}.")
    return version
