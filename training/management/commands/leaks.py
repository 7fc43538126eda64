from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.texts import counted
from training.leaks import gate
from training.management.launching import find_version
from training.models import DatasetVersion, Leak


class Command(BaseCommand):
    help = "Compare a dataset version with all that is held out, and name the rows that give something away."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--kind", choices=DatasetVersion.Kind.values, required=True)
        parser.add_argument("--number", type=int, metavar="NUMBER", help="the version (default: the newest)")
        parser.add_argument("--most", type=int, default=20, metavar="NUMBER", help="rows to name (default: 20)")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        find_actor(options["by"], project)
        version = find_version(project, options["kind"], options["number"])
        if not gate.settle(version):
            raise CommandError(f"{version} is being compared at this moment. Ask again in a while.")
        waiting = gate.waits_for(version)
        if waiting:
            raise CommandError(waiting[0].problem)
        leaks = version.leaks.worst_first().select_related("held_out")[: options["most"]]
        rows = version.leaks.values("row_id").distinct().count()
        texts = project.held_out_texts.count()
        said = f"{version}: {counted(rows, 'row')} too close to {counted(texts, 'held-out text')}."
        lines = [f"  {gate.sentence(leak).removesuffix(':')}" for leak in leaks]
        found = [_as_json(leak) for leak in leaks]
        report(self, options, "\n".join([said, *lines]), id=version.pk, rows=rows, held_out=texts, leaks=found)


def _as_json(leak: Leak) -> dict[str, Any]:
    names = ("row_id", "name", "place", "against", "kind", "similarity", "passage")
    return {**{name: getattr(leak, name) for name in names}, "held_out": leak.held_out.name}
