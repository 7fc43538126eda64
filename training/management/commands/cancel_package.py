from __future__ import annotations

import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from training.actions import cancel_package


class Command(BaseCommand):
    help = "Stop packing an adapter. A package that is ready stays."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--package", type=uuid.UUID, required=True, metavar="ID", help="as the API names it")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        package = project.packages.filter(pk=options["package"]).first()
        if package is None:
            raise CommandError(f"“{project}” has no package {options['package']}.")
        cancel_package(package=package, by=by)
        package.refresh_from_db()
        stops = "is over already" if package.is_final and not package.cancel_requested_at else "stops"
        report(self, options, f"Packing the {package} {stops}.", id=package.pk, status=package.status)
