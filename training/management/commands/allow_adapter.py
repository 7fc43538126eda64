from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.actions import Refused
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from training.actions import erasing
from training.management.waiting import find_adapter, refusal


class Command(BaseCommand):
    help = "Decide that an adapter may be used although rows that it learned from were erased."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--adapter", required=True, metavar="ROUND", help="of this round, or `latest`")
        parser.add_argument("--because", required=True, help="why, for those who come later")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        adapter = find_adapter(project, options["adapter"])
        try:
            erasing.allow_adapter(adapter=adapter, because=options["because"], by=by)
        except ValidationError as error:
            raise refusal(error) from error
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        report(self, options, f"The {adapter} may be used again.", id=adapter.pk)
