from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evaluation.actions import leave_out
from evaluation.management.contestants import act_on, add_contestant


class Command(BaseCommand):
    help = "Go on with an evaluation without one of its contestants."

    def add_arguments(self, parser: CommandParser) -> None:
        add_contestant(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        act_on(self, options, leave_out, "is left out; the others go on.")
