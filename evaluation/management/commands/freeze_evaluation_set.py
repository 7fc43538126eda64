from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser

from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.texts import counted
from evaluation import actions
from training.management.waiting import refusal


class Command(BaseCommand):
    help = "Freeze the held-out prompts that have a reference as an evaluation set; unchanged content makes no new one."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--name", default="", help="what people call the set")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        known = set(project.evaluation_sets.values_list("pk", flat=True))
        try:
            made = actions.freeze_evaluation_set(project=project, by=by, name=options["name"])
        except ValidationError as error:
            raise refusal(error) from error
        new = made.pk not in known
        prompts = made.prompts.count()
        said = f"{made}: {counted(prompts, 'prompt')} {'frozen' if new else 'as frozen before'} ({made.pk})."
        report(self, options, said, id=made.pk, new=new, prompts=prompts, sha256=made.sha256)
