from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.actions import Refused, uploads
from annotation.management.arguments import add_by, add_json, find_actor, report
from annotation.models import Import

ACTS = {"stop": uploads.stop, "resume": uploads.resume, "discard": uploads.discard}


class Command(BaseCommand):
    help = "Stop an import after the records it has in hand, go on with it from there, or discard what is left of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("import", type=UUID, help="its id, as its address has it")
        parser.add_argument("act", choices=list(ACTS), help="what to do; the worker goes on with what is resumed")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        row = Import.objects.filter(pk=options["import"]).first()
        if row is None:
            raise CommandError("There is no import with this id.")
        by = find_actor(options["by"], row.project)
        try:
            ACTS[options["act"]](row=row, by=by)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        row.refresh_from_db()
        status = "stopping" if row.stop_asked else row.status
        report(self, options, f"{row.file_name}: {status}, {row.progress} records.", id=row.pk, status=status)
