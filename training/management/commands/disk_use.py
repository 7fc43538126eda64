from __future__ import annotations

import dataclasses
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from annotation.management.arguments import add_json, report
from training import disk


class Command(BaseCommand):
    help = "Print what runs, packages, adapters, dataset versions and base models take on disk, and what is free."

    def add_arguments(self, parser: CommandParser) -> None:
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        found = disk.use()
        report(self, options, f"{found.sentence} {disk.KEPT}", **dataclasses.asdict(found))
