from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser

from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, find_user, report
from annotation.models import ConsensusRule, Project
from annotation.texts import counted
from training.actions import freeze
from training.freezing import filters
from training.freezing.choosing import rows_to_freeze
from training.freezing.filters import Filter
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
        _add_filter(parser)
        parser.add_argument("--preview", action="store_true", help="only say how many rows it would take")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        chosen = _filter(options)
        if options["preview"]:
            return self._preview(project, options, chosen)
        try:
            given = {name: options[name] for name in ("kind", "consensus", "description")}
            number = options["without_leaks_of"]
            earlier = find_version(project, options["kind"], number) if number else None
            version = freeze(project=project, by=by, chosen=chosen, without_leaks_of=earlier, **given)
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

    def _preview(self, project: Project, options: dict[str, Any], chosen: Filter) -> None:
        try:
            train, validation = rows_to_freeze(project, options["kind"], options["consensus"], chosen)
        except ValidationError as error:
            raise refusal(error) from error
        said = (
            f"{counted(len(train), 'row')} to learn from, {len(validation)} to check with: {filters.sentence(chosen)}."
        )
        report(self, options, said, train_rows=len(train), validation_rows=len(validation), filter=chosen.as_json())


def _add_filter(parser: CommandParser) -> None:
    parser.add_argument("--status", choices=list(filters.STATUSES), help="submitted: also what waits for approval")
    parser.add_argument(
        "--agreement", type=float, metavar="SHARE", help="0 to 1: at least, where several people judged"
    )
    parser.add_argument("--guidelines", type=int, metavar="VERSION", help="made by this version or a later one")
    parser.add_argument("--only-these-guidelines", action="store_true", help="by that version and no later one")
    parser.add_argument(
        "--person", action="append", default=[], metavar="USERNAME", help="what nobody else made; repeat"
    )
    parser.add_argument("--task-type", action="append", default=[], metavar="TYPE", help="may be repeated")
    parser.add_argument("--since", type=date.fromisoformat, metavar="DATE", help="made on this day or later")
    parser.add_argument("--until", type=date.fromisoformat, metavar="DATE", help="made on this day or earlier")
    parser.add_argument("--quality", type=_percent, metavar="NUMBER", help="demonstrations: 0 to 100, at least")
    parser.add_argument(
        "--best-share", type=_share, metavar="SHARE", help="demonstrations: 0 to 1, of the rows to learn from"
    )


def _filter(options: dict[str, Any]) -> Filter:
    return Filter(
        status=options["status"] or filters.APPROVED,
        agreement=options["agreement"],
        guidelines=options["guidelines"],
        guidelines_which="only" if options["only_these_guidelines"] else "from",
        people=tuple(sorted(find_user(name).pk for name in options["person"])),
        task_types=tuple(sorted(options["task_type"])),
        since=options["since"],
        until=options["until"],
        quality=options["quality"],
        best_share=options["best_share"],
    )


def _percent(given: str) -> int:
    if not 0 <= (number := int(given)) <= 100:
        raise ArgumentTypeError("Give a number from 0 to 100.")
    return number


def _share(given: str) -> float:
    if not 0 < (share := float(given)) <= 1:
        raise ArgumentTypeError("Give a share above 0, up to 1.")
    return share


def _leaks(number: int) -> str:
    return "1 of its rows is too close to" if number == 1 else f"{number} of its rows are too close to"
