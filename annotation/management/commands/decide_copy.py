from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.actions import Refused, swapped_copies
from annotation.actions.swapped_copies import Act
from annotation.forms.swapped_copies import FIELDS, form_of
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report

SAID = {Act.APPROVE: "Approved.", Act.DISMISS: "Dismissed.", Act.UNDO: "Taken back: it waits for a decision again."}


class Command(BaseCommand):
    help = "Approve a swapped copy, as it is or changed, dismiss it, or take such a decision back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=Act.values, help="what to do; undo takes back")
        add_project(parser)
        parser.add_argument("--copy", type=UUID, required=True, metavar="ID", help="which copy")
        for name in FIELDS:
            parser.add_argument(f"--{name}", metavar="TEXT", help=f"approve with this {name} instead")
        parser.add_argument("--reason", help="why it is dismissed")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project, "approve")
        copy = project.swapped_copies.select_related("project", "prompt").filter(pk=options["copy"]).first()
        if copy is None:
            raise CommandError("There is no swapped copy with this id.")
        given = {name: options[name] for name in (*FIELDS, "reason") if options[name] is not None}
        form = form_of(options["act"], copy, given)
        if not form.is_valid():
            raise CommandError(" ".join(error for errors in form.errors.values() for error in map(str, errors)))
        try:
            swapped_copies.decide(copy=copy, act=options["act"], by=by, **form.cleaned_data)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        copy.refresh_from_db()
        report(self, options, SAID[Act(options["act"])], state=copy.state, prompt=copy.prompt_id)
