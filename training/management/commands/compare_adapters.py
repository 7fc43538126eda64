from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.management.arguments import add_json, add_project, find_project, report
from annotation.texts import counted
from training.adapters.side_by_side import Line, SideBySide, compare
from training.management.waiting import find_adapter


class Command(BaseCommand):
    help = "Print two adapters side by side: settings that differ, rows added and removed, results."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--first", required=True, metavar="ROUND", help="the adapter of this round, or `latest`")
        parser.add_argument("--second", required=True, metavar="ROUND", help="the adapter of this round, or `latest`")
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        first, second = (find_adapter(project, options[name]) for name in ("first", "second"))
        if first == second:
            raise CommandError("Name two different adapters.")
        seen = compare(first, second)
        report(self, options, "\n".join(_lines(seen)), **seen.as_json())


def _lines(seen: SideBySide) -> Iterator[str]:
    yield f"First: {seen.first}. Second: {seen.second}."
    for title, lines in (("Results", seen.results), ("Settings that differ", seen.different), ("Data", seen.data)):
        yield f"{title}:"
        yield from (_line(line) for line in lines)
        if not lines:
            yield "  none"
    if not seen.measured_alike:
        yield "The results were measured on different rows or in different ways, so they do not compare."
    if seen.rows is None:
        yield seen.no_rows
    else:
        rows = seen.rows
        yield (
            f"{counted(rows.both, 'row')} in both, {len(rows.added)} only in the second, {len(rows.removed)} only in "
            f"the first, {len(rows.changed)} with another text. --json lists their ids."
        )
    for evaluation in seen.evaluations:
        yield f"Both are in the evaluation “{evaluation['name']}” ({evaluation['id']})."


def _line(line: Line) -> str:
    return f"  {line.label}: {line.first or '–'} | {line.second or '–'}"
