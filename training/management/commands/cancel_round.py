from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from training.actions import cancel_round
from training.management.waiting import add_round, find_round


class Command(BaseCommand):
    help = "Cancel a queued or running round. One that is over stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        add_round(parser)
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        round = find_round(project, options["round"])
        cancel_round(round=round, by=by)
        round.refresh_from_db()
        stops = "is over already" if round.is_final and not round.cancel_requested_at else "stops"
        report(self, options, f"{round} {stops}.", id=round.pk, number=round.number, status=round.status)
