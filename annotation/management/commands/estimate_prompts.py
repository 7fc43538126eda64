from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.actions.assigning import estimate
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.models import Chore


class Command(BaseCommand):
    help = "Estimate from whose answers the model would learn most, for the order in which prompts are handed out."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        chore = estimate(project=project, by=find_actor(options["by"], project), wait=True)
        if chore.status != Chore.Status.DONE:
            raise CommandError(chore.problem or "The worker is at it already.")
        used = "" if project.informative_first else " The order follows them once the settings say so."
        report(self, options, f"{chore.changed} estimates changed.{used}", changed=chore.changed)
