from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from training.actions import start_preflight
from training.management.launching import add_settings, settings_from
from training.management.waiting import refusal, wait_for
from training.wording import findings


class Command(BaseCommand):
    help = (
        "Check a round before it is launched: wait, and print what the model would read and learn, and what it needs. "
        "Ends with code 1 when the round would be refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        add_settings(parser)
        parser.add_argument(
            "--dry", action="store_true", help="also train for real on 16 rows, two minutes at most; nothing is kept"
        )
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        try:
            preflight = start_preflight(**settings_from(options, project), dry=options["dry"], by=by)
        except ValidationError as error:
            raise refusal(error) from error
        wait_for(self, preflight)
        report(
            self,
            options,
            "\n".join(findings(preflight.report)),
            id=preflight.pk,
            passed=preflight.passed,
            report=preflight.report,
        )
        if not preflight.passed:
            raise CommandError("A round with these settings would be refused.")
