from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from annotation.actions.members import new_token
from annotation.management.arguments import add_json, find_user, report


class Command(BaseCommand):
    help = "Print a new API token of one person: the only time it can be seen."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="the name they sign in with")
        parser.add_argument("--days", type=int, default=90, metavar="NUMBER", help="how long it is valid (default: 90)")
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        token = new_token(user=find_user(options["username"]), valid_for=timedelta(days=options["days"]))
        report(self, options, token, token=token)
