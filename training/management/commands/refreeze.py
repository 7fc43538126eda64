from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser

from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from training.actions.freezing import asked_again, freeze
from training.management.versions import add_kind, find_version
from training.management.waiting import refusal


class Command(BaseCommand):
    help = "Freeze again what a dataset version asked for, without what was erased since."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        add_kind(parser)
        parser.add_argument("--number", type=int, required=True, help="the version's number")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        version = find_version(project, options["kind"], options["number"])
        try:
            made = freeze(by=by, **asked_again(version))
        except ValidationError as error:
            raise refusal(error) from error
        state = "is frozen" if made.is_new else "is still what there is"
        report(self, options, f"{made} {state} ({made.pk}).", id=made.pk, number=made.number, is_new=made.is_new)
