from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser

from annotation.management.arguments import add_json, find_user, report
from training.actions import register_base_model
from training.management.waiting import refusal


class Command(BaseCommand):
    help = "Make a prepared base model folder known (safetensors, tokenizer, chat template and base_model.json)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path, help="the folder")
        parser.add_argument("--default", action="store_true", help="new rounds start from it unless told otherwise")
        parser.add_argument("--by", metavar="USERNAME", help="who does this; recorded in the history")
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        by = find_user(options["by"]) if options["by"] else None
        try:
            base = register_base_model(directory=options["directory"], by=by, make_default=options["default"])
        except ValidationError as error:
            raise refusal(error) from error
        report(self, options, f"Base model {base} is registered ({base.pk}).", id=base.pk, name=base.name)
