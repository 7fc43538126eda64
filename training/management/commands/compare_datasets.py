from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from annotation.diff import Piece
from annotation.management.arguments import add_json, add_project, find_project, report
from training.freezing import comparing
from training.freezing.comparing import Difference
from training.management.versions import add_kind, find_version
from training.models import DatasetVersion

SIGNS = {"added": "[+{}+]", "removed": "[-{}-]", "same": "{}"}


class Command(BaseCommand):
    help = "Print what differs between two dataset versions: rows added, removed, changed and moved, and the figures."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        add_kind(parser)
        parser.add_argument("--first", type=int, required=True, metavar="NUMBER", help="the version's number")
        parser.add_argument("--second", type=int, required=True, metavar="NUMBER", help="the version's number")
        parser.add_argument("--show", choices=list(comparing.KINDS), help="also the rows of this kind, word by word")
        parser.add_argument("--limit", type=int, default=20, help="how many of them; default: 20")
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        first, second = (find_version(project, options["kind"], options[name]) for name in ("first", "second"))
        counts = comparing.counts(first, second)
        shown = options["show"]
        rows = comparing.differences(first, second, shown, 0, options["limit"]) if shown else []
        said = "\n".join(_lines(first, second, counts, rows))
        figures = [
            {"label": each.label, "first": each.first, "second": each.second}
            for each in comparing.figures(first, second)
        ]
        report(self, options, said, counts=counts, figures=figures, rows=[row.as_json() for row in rows])


def _lines(
    first: DatasetVersion, second: DatasetVersion, counts: dict[str, int], rows: list[Difference]
) -> Iterator[str]:
    yield f"First: {first}. Second: {second}."
    for name, label in comparing.KINDS.items():
        yield f"{label}: {counts[name]:,}"
    for figure in comparing.figures(first, second):
        yield f"{'* ' if figure.differs else '  '}{figure.label}: {figure.first} | {figure.second}"
    for row in rows:
        yield f"\n{row.row}{' (erased)' if row.erased else ''}"
        for label, pieces in row.texts:
            yield f"{label}: {_marked(pieces)}"


def _marked(pieces: list[Piece]) -> str:
    return "".join(SIGNS[piece.kind].format(piece.text) for piece in pieces)
