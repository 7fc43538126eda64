from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.actions.bias_lists import set_bias_lists
from annotation.forms.bias import named_from, pairs_from
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report

OPTIONS = {
    "--group": "a group, such as “Tenants: tenant, renter”",
    "--outcome": "an outcome, such as “Refused: refused, denied”",
    "--roles": "a pair, such as “landlord, tenant”",
}


class Command(BaseCommand):
    help = "Set the groups and outcomes that bias audits look for besides the usual lists, and the roles copies swap."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument(
            "--group",
            action="append",
            metavar="LINE",
            help="a group, such as “Tenants: tenant, renter”; all of them anew",
        )
        parser.add_argument(
            "--outcome", action="append", metavar="LINE", help="an outcome, written likewise; all of them anew"
        )
        parser.add_argument(
            "--roles", action="append", metavar="LINE", help="a pair, such as “landlord, tenant”; all of them anew"
        )
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        try:
            lists = set_bias_lists(
                project=project,
                by=by,
                groups=None if options["group"] is None else named_from(options["group"]),
                outcomes=None if options["outcome"] is None else named_from(options["outcome"]),
                roles=None if options["roles"] is None else pairs_from(options["roles"]),
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        said = f"{len(lists.groups)} groups, {len(lists.outcomes)} outcomes, {len(lists.roles)} pairs of roles."
        report(self, options, said, groups=lists.groups, outcomes=lists.outcomes, roles=lists.roles)
