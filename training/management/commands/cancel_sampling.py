from __future__ import annotations

import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from training.actions import cancel_sampling


class Command(BaseCommand):
    help = "Cancel a queued or running sampling. One that is over stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--sampling", type=uuid.UUID, required=True, metavar="ID", help="as sample prints it")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        sampling = project.samplings.filter(pk=options["sampling"]).first()
        if sampling is None:
            raise CommandError(f"“{project}” has no sampling {options['sampling']}.")
        cancel_sampling(sampling=sampling, by=by)
        sampling.refresh_from_db()
        stops = "is over already" if sampling.is_final and not sampling.cancel_requested_at else "stops"
        report(self, options, f"The {sampling} {stops}.", id=sampling.pk, status=sampling.status)
