from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import parts
from annotation.actions import Refused, cleaning
from annotation.cleaning import KINDS
from annotation.cleaning_runs import looking
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.models import CleaningRun, Scope


class Command(BaseCommand):
    help = "Look through a project's texts for what should not be taught, and wait until it is done."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--kind", action="append", choices=list(KINDS), help="only this kind; repeat")
        parser.add_argument("--scope", action="append", choices=Scope.values, help="only these texts; repeat")
        parser.add_argument("--stop", action="store_true", help="stop the run that is under way")
        parser.add_argument(
            "--resume", action="store_true", help="go on with the last run, which was stopped or failed"
        )
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        run = project.cleaningruns.first()
        try:
            if options["stop"] or options["resume"]:
                if run is None:
                    raise CommandError("There was no cleaning run yet.")
                if options["stop"]:
                    cleaning.stop(run=run, by=by)
                else:
                    cleaning.resume(run=run, by=by, ring=False)
            else:
                kinds, scopes = options["kind"] or list(KINDS), options["scope"] or Scope.values
                run = cleaning.start(project=project, scopes=scopes, kinds=kinds, by=by, ring=False)
        except (Refused, ValidationError) as refused:
            raise CommandError(str(refused)) from None
        if not options["stop"]:
            parts.run(run, looking.do)
        run.refresh_from_db()
        self._tell(run, options)

    def _tell(self, run: CleaningRun, options: dict[str, Any]) -> None:
        if run.status == CleaningRun.Status.FAILED:
            raise CommandError(run.problem)
        status = "stopping" if run.stop_asked else run.status
        sentence = f"{status}: {run.done:,} of {run.total or 0:,} texts read, {run.found:,} new findings."
        report(self, options, sentence, id=run.pk, status=status, done=run.done, total=run.total, found=run.found)
