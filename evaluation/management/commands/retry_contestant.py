from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser

from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from evaluation import actions
from evaluation.management.finding import add_contestant, find_contestant
from training.management.waiting import refusal, worker_note


class Command(BaseCommand):
    help = "Queue a contestant that has failed again; what it has written already is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        add_contestant(parser)
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        contestant = find_contestant(project, options["contestant"])
        try:
            actions.retry_contestant(contestant=contestant, by=by)
        except ValidationError as error:
            raise refusal(error) from error
        contestant.refresh_from_db()
        report(
            self,
            options,
            f"The {contestant} is queued again.{worker_note()}",
            id=contestant.pk,
            status=contestant.status,
        )
