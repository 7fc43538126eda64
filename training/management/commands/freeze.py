from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser

from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.models import ConsensusRule
from annotation.texts import counted
from training.actions import freeze
from training.management.launching import find_version
from training.management.waiting import refusal
from training.models import DatasetVersion


class Command(BaseCommand):
    help = "Freeze demonstrations, pairs that rankings agree on, good and bad answers, or texts into a dataset version."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--kind", choices=DatasetVersion.Kind.values, required=True)
        parser.add_argument(
            "--consensus",
            choices=ConsensusRule.values,
            default="",
            help="of preferences and judgements: what counts of several people's rankings; "
            "without it, what the project's settings say",
        )
        parser.add_argument("--description", default="", help="one line that says what is in it")
        parser.add_argument(
            "--without-leaks-of",
            type=int,
            metavar="NUMBER",
            help="leave out what this version of the same kind gives away of held-out prompts",
        )
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        try:
            given = {name: options[name] for name in ("kind", "consensus", "description")}
            number = options["without_leaks_of"]
            earlier = find_version(project, options["kind"], number) if number else None
            version = freeze(project=project, by=by, without_leaks_of=earlier, **given)
        except ValidationError as error:
            raise refusal(error) from error
        rows = f"{counted(version.train_rows, 'row')} to learn from, {version.validation_rows} to check with"
        state = "is frozen" if version.is_new else "is still what there is"
        leaks = version.leaks.values("row_id").distinct().count()
        warning = f" {_leaks(leaks)} held-out prompts: no round will take it." if leaks else ""
        report(
            self,
            options,
            f"{version} {state}: {rows} ({version.pk}).{warning}",
            id=version.pk,
            number=version.number,
            sha256=version.sha256,
            train_rows=version.train_rows,
            validation_rows=version.validation_rows,
            is_new=version.is_new,
            leak_count=leaks,
            left_out=version.left_out.count(),
        )


def _leaks(number: int) -> str:
    return "1 of its rows is too close to" if number == 1 else f"{number} of its rows are too close to"
