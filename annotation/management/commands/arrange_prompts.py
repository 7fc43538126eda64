from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.actions import Refused
from annotation.actions.assigning import arrange
from annotation.arranging import APPROVE, RANK, WRITE
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, find_user, report
from annotation.models import Chore, Demonstration, Priority, Role, Split

PRIORITIES = {name.lower(): value for value, name in Priority.choices}


class Command(BaseCommand):
    help = "Keep prompts for people or roles, set when they come, and how many people each needs."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument(
            "--work", choices=[WRITE, RANK, APPROVE], default=WRITE, help="for writing, ranking, or approving responses"
        )
        parser.add_argument("--search", default="", help="only prompts with these words")
        parser.add_argument("--split", choices=Split.values, default="", help="only these")
        parser.add_argument("--status", choices=["none", *Demonstration.Status.values], default="", help="only these")
        parser.add_argument("--task-type", default="", help="only these")
        parser.add_argument("--assigned", choices=["yes", "no"], default="", help="only these")
        parser.add_argument("--person", action="append", default=[], metavar="USERNAME", help="keep for them; repeat")
        parser.add_argument("--role", action="append", default=[], choices=Role.values, help="keep for them; repeat")
        parser.add_argument("--everybody", action="store_true", help="keep for nobody in particular")
        parser.add_argument("--priority", choices=list(PRIORITIES), help="when they come")
        parser.add_argument("--needed", type=int, metavar="NUMBER", help="how many people write for each, or rank it")
        parser.add_argument("--open-only", action="store_true", help="the number only where more is needed still")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        named = [find_user(name) for name in options["person"]]
        if options["everybody"] and (named or options["role"]):
            raise CommandError("Either --everybody, or people and roles.")
        if options["needed"] is not None and not 1 <= options["needed"] <= 9:
            raise CommandError("--needed is a number from 1 to 9.")
        filters = {
            "q": options["search"],
            **{name: options[name] for name in ("split", "status", "task_type", "assigned")},
        }
        try:
            chore = arrange(
                project=project,
                by=by,
                work=options["work"],
                filter=filters,
                priority=PRIORITIES.get(options["priority"]),
                people=options["needed"],
                of_open=options["open_only"],
                assign=(named, options["role"]) if named or options["role"] or options["everybody"] else None,
                wait=True,
            )
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        if chore.status != Chore.Status.DONE:
            raise CommandError(f"It stopped at prompt {chore.after}: {chore.problem}")
        report(self, options, f"{chore.changed} changed.", changed=chore.changed)
