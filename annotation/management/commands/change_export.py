from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.actions import Refused, exporting
from annotation.management.arguments import add_by, add_json, find_actor, report
from annotation.models import Export

ACTS = {"stop": exporting.stop, "resume": exporting.resume, "delete": exporting.delete}


class Command(BaseCommand):
    help = "Stop an export after the rows it has in hand, have it made again, or delete its file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("export", type=UUID, help="its id, as the API has it")
        parser.add_argument("act", choices=list(ACTS), help="what to do; the worker makes what is resumed")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        work = Export.objects.select_related("project").filter(pk=options["export"]).first()
        if work is None:
            raise CommandError("There is no export with this id.")
        by = find_actor(options["by"], work.project)
        try:
            ACTS[options["act"]](work=work, by=by)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        work.refresh_from_db()
        status = "stopping" if work.stop_asked else work.status
        report(self, options, f"{work}: {status}.", id=work.pk, status=status, file=bool(work.file_name))
