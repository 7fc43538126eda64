from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.actions import Refused
from annotation.bias.swapping import KINDS
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.texts import counted
from training import actions
from training.actions.swapping import MOST_COPIES
from training.models import SwapRun


class Command(BaseCommand):
    help = "Propose swapped copies of the approved responses that the newest bias audit read, for people to decide on."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--kind", choices=list(KINDS), required=True, help="what is exchanged")
        parser.add_argument(
            "--group", action="append", default=[], metavar="KEY", help="only rows that name it, such as gender/women"
        )
        parser.add_argument("--origins", nargs=2, default=[], metavar="KEY", help="whose names are exchanged")
        parser.add_argument("--most", type=int, default=100, help="how many at most; 100 unless told")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        audit = project.biasaudits.exclude(report={}).first()
        if audit is None:
            raise CommandError("No audit of this project has a report. Run audit_bias first.")
        if not 1 <= options["most"] <= MOST_COPIES:
            raise CommandError(f"--most is from 1 to {MOST_COPIES:,}.")
        try:
            run = actions.propose_copies(
                audit=audit,
                by=by,
                kind=options["kind"],
                groups=options["group"],
                origins=options["origins"],
                most=options["most"],
                wait=True,
            )
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        if run.status != SwapRun.Status.DONE:
            raise CommandError(run.problem or "It was stopped.")
        said = f"{counted(run.proposed, 'copy', 'copies')} proposed, of {counted(run.done, 'response')} read."
        report(self, options, said, id=run.pk, proposed=run.proposed, read=run.done)
