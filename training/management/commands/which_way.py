from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.management.arguments import add_json, add_project, find_project, report
from training.advice import advising
from training.management.launching import find_base_model, find_dataset
from training.methods import METHODS, SFT
from training.models import BaseModel


class Command(BaseCommand):
    help = "Say which of LoRA, rsLoRA, DoRA, QLoRA and full fine-tuning fits a base model, its rows and this machine."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--method", choices=METHODS, default=SFT.key, help="default: sft")
        parser.add_argument("--dataset", type=int, metavar="NUMBER", help="version to learn from (default: the newest)")
        parser.add_argument("--base-model", metavar="NAME", help="default: the default one")
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        version = find_dataset(project, options["method"], options["dataset"])
        base = find_base_model(options["base_model"]) or BaseModel.objects.default()
        if base is None:
            raise CommandError("There is no base model yet.")
        said = advising.which_way(base, version)
        report(self, options, _sentence(said), **said)


def _sentence(said: dict[str, Any]) -> str:
    place = "{base_model}, {dataset_version} with {rows} rows, {machine}".format(**said)
    return f"{place}: {said['way'] or 'none fits'}. {said['why']} {said['settings']}".rstrip()
