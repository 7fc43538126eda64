from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser

from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from training.actions import drop_suspects, send_suspects
from training.management.waiting import add_round, find_round, refusal
from training.suspects import found


class Command(BaseCommand):
    help = "List the responses or pairs that a round found hard to believe, or have people look at them again."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        add_round(parser)
        add_by(parser)
        parser.add_argument(
            "--send", type=int, metavar="COUNT", help="ask people about the first so many that are open"
        )
        parser.add_argument(
            "--to",
            action="append",
            default=[],
            metavar="USERNAME",
            help="who looks at responses, repeatable; without it authors, and experts in turn for what a file brought",
        )
        parser.add_argument("--drop", action="store_true", help="ask about the open ones no longer")
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        round = find_round(project, options["round"])
        by = find_actor(options["by"], project)
        people = [find_actor(name, project, "write") for name in options["to"]]
        try:
            asked = send_suspects(round=round, by=by, first=options["send"], people=people) if options["send"] else 0
        except ValidationError as error:
            raise refusal(error) from None
        dropped = drop_suspects(round=round, by=by) if options["drop"] else 0
        rows = found.with_states(round, found.rows_of(round))
        lines = [f"{each.row.place:4}  {each.row.times:6}  {each.state:9}  {each.prompt}" for each in rows]
        listed = [
            {
                "place": each.row.place,
                "row": each.row.id,
                "response": each.response.pk if each.response else None,
                "times": each.row.times,
                "state": each.state,
            }
            for each in rows
        ]
        said = "\n".join(lines) or "Nothing stands out."
        report(self, options, said, asked=asked, dropped=dropped, suspects=listed)
