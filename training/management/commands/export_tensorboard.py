from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.management.arguments import add_json, add_project, find_project, report
from training.management.waiting import add_round, find_round
from training.monitoring import curves


class Command(BaseCommand):
    help = "Write a round's curves as a TensorBoard event file."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        add_round(parser)
        parser.add_argument("--output", required=True, metavar="FOLDER", help="where to; made if it is not there")
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        round = find_round(find_project(options["project"]), options["round"])
        name, content = curves.event_file(round)
        if not content:
            raise CommandError(f"Nothing was measured in {round}.")
        target = Path(options["output"]) / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        except OSError as error:
            raise CommandError(f"{target} cannot be written: {error.strerror}.") from None
        report(self, options, f"Curves of {round} written to {target}.", id=round.pk, output=str(target))
