from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.actions import Refused, exporting
from annotation.exports.kinds import FORMATS, KINDS
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.management.taking_out import make
from annotation.models import Export
from annotation.shapes import SHAPES


class Command(BaseCommand):
    help = "Write a project's demonstrations, preference pairs, rankings or prompts to a file, in a shape you choose."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--kind", required=True, choices=list(KINDS))
        parser.add_argument("--shape", default="", metavar="SHAPE", help=f"details, {', '.join(SHAPES)}")
        parser.add_argument("--format", default="jsonl", choices=list(FORMATS), help="default: jsonl")
        parser.add_argument("--as-written", action="store_true", help="without what was confirmed under Cleaning")
        parser.add_argument("--output", required=True, metavar="FILE", help="where to; - is the standard output")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        kind, output = options["kind"], options["output"]
        try:
            work = exporting.start(
                project=project,
                kind=kind,
                shape=options["shape"],
                format=options["format"],
                as_written=options["as_written"],
                by=by,
                ring=False,
            )
        except Refused as refused:
            raise CommandError(str(refused)) from None
        make(work, output)
        if output != "-":
            self._report(work, output, options)

    def _report(self, work: Export, output: str, options: dict[str, Any]) -> None:
        left = sum(work.left_out.values())
        said = f"{work.done} {work.kind} written to {output}." + (f" {left} left out." if left else "")
        values = {"id": work.pk, "shape": work.shape, "sha256": work.sha256, "left_out": work.left_out}
        report(self, options, said, kind=work.kind, rows=work.done, output=output, **values)
