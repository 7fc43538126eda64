from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import Count

from annotation.actions import cleaning
from annotation.cleaning import KINDS
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project
from annotation.models import Finding


class Command(BaseCommand):
    help = "List what cleaning found, or count it by kind and state."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--kind", choices=list(KINDS), help="only this kind; without it the numbers of each kind")
        parser.add_argument("--status", choices=Finding.Status.values, default="open", help="in which state")
        parser.add_argument("--most", type=int, default=100, metavar="NUMBER", help="list no more than these")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project, "clean")
        rows = cleaning.visible(project, by, project.role_of(by))
        if not options["kind"]:
            self._count(rows, options["json"])
            return
        listed = rows.filter(kind=options["kind"], status=options["status"]).order_by("id")[: max(0, options["most"])]
        for row in listed:
            told = {"id": str(row.pk), "field": row.field, "words": row.words, "replacement": row.replacement}
            sentence = f"{row.pk}  {row.field}  {row.words!r} -> {row.replacement!r}"
            self.stdout.write(json.dumps(told, ensure_ascii=False) if options["json"] else sentence)

    def _count(self, rows: Any, as_json: bool) -> None:
        for kind, status, number in (
            rows.order_by("kind", "status").values_list("kind", "status").annotate(number=Count("pk"))
        ):
            told = {"kind": kind, "status": status, "number": number}
            self.stdout.write(json.dumps(told) if as_json else f"{kind}: {number:,} {status}")
