from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import parts
from annotation.actions import Refused, cleaning
from annotation.cleaning import KINDS
from annotation.cleaning_runs import deciding_all
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.models import Decision


class Command(BaseCommand):
    help = "Confirm or dismiss one finding or all open ones of a kind, or take such a decision back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=Decision.values, help="what to do; undo takes back")
        add_project(parser)
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--finding", type=UUID, metavar="ID", help="this one")
        which.add_argument("--kind", choices=list(KINDS), help="all open ones of it; undo: the last decision about it")
        parser.add_argument("--replacement", help="put this there instead of what is proposed")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project, "clean")
        try:
            number = (self._one if options["finding"] else self._all)(project, by, options)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        except ValidationError as refused:
            raise CommandError(refused.messages[0]) from None
        report(
            self,
            options,
            f"{number:,} decided." if options["act"] != "undo" else f"{number:,} open again.",
            number=number,
        )

    def _one(self, project: Any, by: Any, options: dict[str, Any]) -> int:
        rows = cleaning.visible(project, by, project.role_of(by))
        found = rows.filter(pk=options["finding"]).first()
        if found is None:
            raise CommandError("There is no finding with this id.")
        if options["act"] == Decision.UNDO:
            cleaning.undo(finding=found, by=by)
        else:
            cleaning.decide(finding=found, act=options["act"], by=by, replacement=options["replacement"])
        return 1

    def _all(self, project: Any, by: Any, options: dict[str, Any]) -> int:
        if options["act"] == Decision.UNDO:
            done = project.bulkdecisions.filter(undoes=None, undone=None, kind=options["kind"], created_by=by).first()
            if done is None:
                raise CommandError("You have decided nothing about all of this kind that could be taken back.")
            bulk = cleaning.undo_all(bulk=done, by=by)
        else:
            bulk = cleaning.decide_all(project=project, kind=options["kind"], act=options["act"], by=by)
        parts.run(bulk, deciding_all.do)
        bulk.refresh_from_db()
        return int(bulk.done)
