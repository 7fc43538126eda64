from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from annotation.demo import loader
from annotation.management.arguments import add_json, report


class Command(BaseCommand):
    help = "Load the demo project with its three people (erin, rita, ada). Loading it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project, made = loader.load()
        done = "is loaded" if made else "was here already"
        report(self, options, f"“{project.name}” {done} (project {project.pk}).", project=project.pk, created=made)
