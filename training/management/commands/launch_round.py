from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project
from annotation.models import Project
from training import actions, choosing
from training.management.waiting import add_wait, find_adapter, refusal, report_round
from training.models import BaseModel, DatasetVersion, TrainingRound


class Command(BaseCommand):
    help = "Launch a round: SFT from demonstrations or DPO from preference pairs."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--method", choices=TrainingRound.Method.values, required=True)
        parser.add_argument("--dataset", type=int, metavar="NUMBER", help="version to learn from (default: the newest)")
        parser.add_argument(
            "--preset", choices=["standard", "quick", "careful"], default="standard", help="default: standard"
        )
        parser.add_argument(
            "--param",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="replaces a value of the preset, such as learning_rate=0.0005; may be given several times",
        )
        parser.add_argument("--parent", metavar="ROUND", help="start from the adapter of this round, or `latest`")
        parser.add_argument("--base-model", metavar="NAME", help="default: the default one, or that of the parent")
        parser.add_argument("--start-from-base", action="store_true", help="DPO without a parent adapter")
        parser.add_argument("--note", default="", help="what this round is meant to find out")
        add_by(parser)
        add_wait(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        method = options["method"]
        params = choosing.preset_params(method, options["preset"]) | dict(map(_param, options["param"]))
        try:
            round = actions.launch_round(
                project=project,
                method=method,
                dataset_version=_dataset(project, method, options["dataset"]),
                params=params,
                parent_adapter=find_adapter(project, options["parent"]) if options["parent"] else None,
                base_model=_base_model(options["base_model"]),
                start_from_base=options["start_from_base"],
                note=options["note"],
                by=by,
            )
        except ValidationError as error:
            raise refusal(error) from error
        report_round(self, options, round)


def _param(given: str) -> tuple[str, Any]:
    name, separator, value = given.partition("=")
    if not separator:
        raise CommandError(f"--param takes NAME=VALUE, not “{given}”.")
    try:
        return name.strip(), json.loads(value)
    except ValueError:
        return name.strip(), value.strip()


def _dataset(project: Project, method: str, number: int | None) -> DatasetVersion:
    versions = choosing.dataset_versions(project, method)
    found = versions.first() if number is None else versions.filter(number=number).first()
    if found is None:
        named = f"version {number}" if number else "dataset version"
        raise CommandError(f"“{project}” has no {named} that {method.upper()} learns from: freeze one first.")
    return found


def _base_model(name: str | None) -> BaseModel | None:
    if name is None:
        return None
    found = BaseModel.objects.filter(name=name).first()
    if found is None:
        raise CommandError(f"There is no base model called “{name}”.")
    return found
