from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from annotation.forms.swapped_copies import texts_of
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project
from annotation.models import SwappedCopy


class Command(BaseCommand):
    help = "List the swapped copies that were proposed, in the order in which they are to be decided on."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--state", choices=SwappedCopy.State.values, default="open", help="in which state")
        parser.add_argument("--most", type=int, default=100, metavar="NUMBER", help="list no more than these")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        find_actor(options["by"], project, "approve")
        rows = project.swapped_copies.filter(state=options["state"]).select_related("original")
        for copy in rows[: max(0, options["most"])]:
            self.stdout.write(_told(copy) if options["json"] else f"{copy.pk}  {copy.kind}  {copy.text[:80]!r}")


def _told(copy: SwappedCopy) -> str:
    about = {"id": str(copy.pk), "kind": copy.kind, "original": str(copy.original.prompt_id), "doubts": copy.doubts}
    return json.dumps({**about, **texts_of(copy), "reason": copy.reason}, ensure_ascii=False)
