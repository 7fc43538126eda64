from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evaluation.actions import retry_contestant
from evaluation.management.contestants import act_on, add_contestant
from training.management.waiting import worker_note


class Command(BaseCommand):
    help = "Queue a contestant that has failed again; what it has written already is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        add_contestant(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        act_on(self, options, retry_contestant, f"is queued again.{worker_note()}")
