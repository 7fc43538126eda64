from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from annotation.cleaning.kinds import KINDS
from annotation.cleaning.planted import SETS
from annotation.cleaning.planted.measuring import Score, measure
from annotation.intervals import wilson
from annotation.management.arguments import add_json

TEXTS = 600


class Command(BaseCommand):
    help = "Say how much of what is planted in made-up texts cleaning finds, and how much of what it finds is right."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--texts", type=int, default=TEXTS, help=f"how many texts are made; {TEXTS} unless told")
        parser.add_argument(
            "--set",
            default="measured",
            choices=list(SETS),
            help="measured: the texts that nothing was tuned with; development: those it was tuned with",
        )
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        scores = measure(options["set"], max(1, options["texts"]))
        if options["json"]:
            self.stdout.write(json.dumps({kind: vars(score) for kind, score in scores.items()}))
            return
        self.stdout.write(f"{'':24} {'planted':>7} {'recall':>22} {'found':>7} {'precision':>22}")
        for kind, score in scores.items():
            self.stdout.write(_line(KINDS[kind].title, score))


def _line(title: str, score: Score) -> str:
    recall, precision = _share(score.recalled, score.planted), _share(score.right, score.found)
    return f"{title:24} {score.planted:7,} {recall:>22} {score.found:7,} {precision:>22}"


def _share(part: int, whole: int) -> str:
    """With its 95 % interval."""
    if not whole:
        return "none"
    low, high = wilson(part, whole)
    return f"{part / whole:.3f} ({low:.3f} to {high:.3f})"
