from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser

from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from evaluation import actions
from training.management.waiting import refusal


class Command(BaseCommand):
    help = "End the current promotion and bring back the one before it, or else the base model."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--reason", required=True, help="stands in the history for those who come later")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        try:
            restored = actions.rollback(project=project, reason=options["reason"], by=by)
        except ValidationError as error:
            raise refusal(error) from error
        said = f"The {restored.adapter} is in use again." if restored else "The base model is in use again."
        report(self, options, said, id=restored and restored.pk, adapter=restored and restored.adapter_id)
