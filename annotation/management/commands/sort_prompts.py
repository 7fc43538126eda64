from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.actions import Refused
from annotation.actions.sorting import accept, propose, set_kind
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.models import Chore, Demonstration, Difficulty, Split

DIFFICULTIES = {"estimated": 0, **{name.lower(): value for value, name in Difficulty.choices}}


class Command(BaseCommand):
    help = "Say of which type and how hard prompts are, estimate it, or accept what was estimated."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--search", default="", help="only prompts with these words")
        parser.add_argument("--split", choices=Split.values, default="", help="only these")
        parser.add_argument("--status", choices=["none", *Demonstration.Status.values], default="", help="only these")
        parser.add_argument("--of-type", default="", metavar="TYPE", help="only these")
        parser.add_argument("--task-type", metavar="TYPE", help="say that they are of this type")
        parser.add_argument("--difficulty", choices=list(DIFFICULTIES), help="say how hard they are")
        parser.add_argument("--estimate", action="store_true", help="estimate types and difficulty of all prompts")
        parser.add_argument("--accept", default="", metavar="TYPE", help="take over this type where it is proposed")
        parser.add_argument(
            "--certainty", type=float, default=0.0, metavar="NUMBER", help="... and at least so certain, from 0 to 1"
        )
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        said = options["task_type"] is not None or options["difficulty"] is not None
        if said + options["estimate"] + bool(options["accept"]) != 1:
            raise CommandError("Say a type or a difficulty, or --estimate, or --accept a type: one of the three.")
        try:
            changed = self._changed(project, by, options)
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        report(self, options, f"{changed} changed.", changed=changed)

    def _changed(self, project: Any, by: Any, options: dict[str, Any]) -> int:
        if options["accept"]:
            return accept(project=project, by=by, task_type=options["accept"], certainty=options["certainty"])
        if options["estimate"]:
            chore = propose(project=project, by=by, wait=True)
        else:
            names = {"q": "search", "split": "split", "status": "status", "task_type": "of_type"}
            chore = set_kind(
                project=project,
                by=by,
                filter={name: options[option] for name, option in names.items()},
                task_type=options["task_type"],
                difficulty=DIFFICULTIES[options["difficulty"]] if options["difficulty"] else None,
                wait=True,
            )
        if chore.status != Chore.Status.DONE:
            raise CommandError(chore.problem or "The worker is at it already.")
        return chore.changed
