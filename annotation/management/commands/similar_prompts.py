from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import alike
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report


class Command(BaseCommand):
    help = "Name the prompts that are most like one, by their words."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--prompt", type=UUID, required=True, metavar="ID", help="like which prompt")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        find_actor(options["by"], project, "read results")
        prompt = project.prompts.filter(pk=options["prompt"]).first()
        if prompt is None:
            raise CommandError("There is no such prompt in this project.")
        found = alike.to(prompt)
        lines = [f"{each.percent} %  {each.prompt} ({each.prompt.pk})" for each in found]
        told = [{"prompt": each.prompt.pk, "shared": round(each.shared, 4)} for each in found]
        report(self, options, "\n".join(lines) or "No other prompt is like it.", similar=told)
