from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser

from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project
from training.actions import retry_round
from training.management.waiting import add_round, add_wait, find_round, refusal, report_round


class Command(BaseCommand):
    help = "Launch a new round with the settings of one that failed or was cancelled."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        add_round(parser)
        add_by(parser)
        add_wait(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        try:
            round = retry_round(round=find_round(project, options["round"]), by=by)
        except ValidationError as error:
            raise refusal(error) from error
        report_round(self, options, round)
