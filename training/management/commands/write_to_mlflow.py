from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from training.actions import write_to_mlflow
from training.management.waiting import add_round, find_round, refusal
from training.monitoring import tracking
from training.monitoring.mlflow_server import NotWritten


class Command(BaseCommand):
    help = "Write a round that is over to the MLflow server that MLFLOW_TRACKING_URI names."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        add_round(parser)
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        round = find_round(project, options["round"])
        try:
            write_to_mlflow(round=round, by=find_actor(options["by"], project), here=True)
        except ValidationError as error:
            raise refusal(error) from error
        except NotWritten as problem:
            raise CommandError(str(problem)) from None
        known = tracking.told(round)
        names = {name: known[name] for name in ("address", "experiment_id", "run_id")}
        report(self, options, f"{round} is run {known['run_id']} at {known['address']}.", id=round.pk, **names)
