from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.actions import Refused
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.models import Project
from annotation.texts import counted
from training import actions
from training.models import BiasAudit, DatasetVersion
from training.monitoring import audit_report


class Command(BaseCommand):
    help = "Audit whom a project's texts, or those of a dataset version, speak of, and how responses differ with it."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--kind", choices=DatasetVersion.Kind.values, help="of a dataset version of this kind")
        parser.add_argument("--number", type=int, help="which one; without it the newest of its kind")
        parser.add_argument("--csv", type=Path, metavar="FILE", help="also write the figures into this file")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        try:
            version = _version(project, options["kind"], options["number"])
            audit = actions.start_audit(project=project, by=by, dataset_version=version, wait=True)
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        if audit.status != BiasAudit.Status.DONE:
            raise CommandError(audit.problem or "It was stopped.")
        if options["csv"]:
            options["csv"].write_text(audit_report.as_csv(audit.report), encoding="utf-8")
        standing = sum(bool(each.get("stands")) for each in audit.report["outcomes"])
        named = sum(bool(group["quality"]) for each in audit.report["attributes"] for group in each["groups"])
        report(
            self,
            options,
            f"{counted(audit.report['prompts'], 'prompt')} and {counted(audit.report['responses'], 'response')} read: "
            f"{counted(named, 'group')} named, {counted(standing, 'outcome')} standing out ({audit.pk}).",
            id=audit.pk,
            report=audit.report,
        )


def _version(project: Project, kind: str | None, number: int | None) -> DatasetVersion | None:
    if kind is None:
        if number is not None:
            raise CommandError("--number goes with --kind.")
        return None
    versions = project.dataset_versions.filter(kind=kind).order_by("-number")
    version = versions.first() if number is None else versions.filter(number=number).first()
    if version is None:
        raise CommandError("There is no such dataset version.")
    return version
