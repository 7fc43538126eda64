from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.actions import exporting
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report


class Command(BaseCommand):
    help = "Write a project's demonstrations, preference pairs, rankings or prompts as JSON Lines."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--kind", required=True, choices=list(exporting.KINDS))
        parser.add_argument("--output", required=True, metavar="FILE", help="where to; - is the standard output")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        kind, output = options["kind"], options["output"]
        exporting.record_export(project=project, kind=kind, by=by)
        lines = exporting.lines(project, kind)
        if output == "-":
            sys.stdout.writelines(lines)
            return
        rows = 0
        try:
            with Path(output).open("w", encoding="utf-8") as file:
                for line in lines:
                    file.write(line)
                    rows += 1
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from None
        report(self, options, f"{rows} {kind} written to {output}.", kind=kind, rows=rows, output=output)
