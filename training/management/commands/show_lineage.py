from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandParser

from annotation.management.arguments import add_json, add_project, find_project, report
from annotation.models import Project
from annotation.texts import counted
from training import lineage
from training.lineage import Source, Use
from training.management.waiting import find_adapter


class Command(BaseCommand):
    help = "Print in which versions, rounds and adapters a text is, or from which rows and people an adapter comes."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        what = parser.add_mutually_exclusive_group(required=True)
        for kind in lineage.KINDS:
            what.add_argument(f"--{kind}", type=UUID, metavar="ID", help=f"where this {kind} went")
        what.add_argument(
            "--adapter", metavar="ROUND", help="what the adapter of this round, or `latest`, learned from"
        )
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        if options["adapter"]:
            sources = lineage.of_adapter(find_adapter(project, options["adapter"]))
            said = "\n".join(map(_source, sources))
            return report(self, options, said, sources=[source.as_json() for source in sources])
        uses = _uses(project, options)
        said = "\n".join(map(_use, uses)) or "It was never frozen, so no model has learned from it."
        report(self, options, said, uses=[use.as_json() for use in uses])


def _uses(project: Project, options: dict[str, Any]) -> list[Use]:
    kind = next(kind for kind in lineage.KINDS if options[kind])
    return lineage.of_text(project, kind, options[kind])


def _use(use: Use) -> str:
    rounds = ", ".join(f"round {round.number}" for round in use.rounds) or "no round"
    adapters = ", ".join(map(str, use.adapters)) or "no adapter"
    erased = f", {use.erased} of them erased" if use.erased else ""
    return f"{use.version}: {counted(use.rows, 'row')}{erased}; {rounds}; {adapters}"


def _source(source: Source) -> str:
    people = ", ".join(f"{name} ({counted(rows, 'row')})" for name, rows in source.people) or "nobody recorded"
    return f"{source.adapter}: {source.version}, {counted(source.version.train_rows, 'row')} to learn from; {people}"
