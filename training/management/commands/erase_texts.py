from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import parts
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.texts import counted
from training.actions import erasing
from training.erasing import carrying_out
from training.management.waiting import refusal
from training.models import DatasetVersion, Erasure


class Command(BaseCommand):
    help = "Print what somebody's texts are in, and with --confirm erase them from the project and all that came of it."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument(
            "--kind",
            choices=Erasure.Kind.values,
            required=True,
            help="a client, matter or other group; somebody whom texts name; somebody who wrote or judged here",
        )
        parser.add_argument("--name", required=True, help="of the group or the person, or a user name")
        parser.add_argument("--confirm", metavar="NAME", default="", help="the name once more: erase, for good")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        if options["confirm"] and options["confirm"] != options["name"]:
            raise CommandError("--confirm is not the same name, so nothing was erased.")
        try:
            erasure = erasing.look_for(project=project, kind=options["kind"], name=options["name"], by=by)
        except ValidationError as error:
            raise refusal(error) from error
        self._finish(erasure)
        if options["confirm"]:
            erasing.erase(erasure=erasure, typed=options["confirm"], by=by)
            self._finish(erasure)
        told = "\n".join([*_lines(erasure), "Erased." if options["confirm"] else "Nothing was erased."])
        report(self, options, told, id=erasure.pk, erased=bool(options["confirm"]), **erasure.found)

    def _finish(self, erasure: Erasure) -> None:
        """Here and now, unless a worker has taken it up: then when that is done."""
        parts.run(erasure, carrying_out.do)
        while erasure.is_unfinished:
            parts.run(erasure, carrying_out.do)
            erasure.refresh_from_db()
        erasure.refresh_from_db()
        if erasure.status != Erasure.Status.DONE:
            raise CommandError(erasure.problem or "It was stopped.")


def _lines(erasure: Erasure) -> list[str]:
    found = erasure.found
    versions = DatasetVersion.objects.filter(pk__in=found["versions"]).order_by("created_at")
    return [
        f"{counted(found['prompts'], 'prompt')}, {counted(found['documents'], 'text')} of the corpus, "
        f"{counted(found['responses'], 'own response')}, {counted(found['comparisons'], 'own judgement')}.",
        *(f"{version}: {counted(found['versions'][str(version.pk)], 'row')}" for version in versions),
        f"{counted(len(found['rounds']), 'round')}, {counted(len(found['adapters']), 'adapter')}, "
        f"{counted(len(found['evaluations']), 'evaluation')}, {counted(found['exports'], 'export')} until now.",
    ]
