from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.actions.importing import Counts, ImportRefused, Responses, take_records
from annotation.management.arguments import (
    add_by,
    add_json,
    add_project,
    find_actor,
    find_project,
    find_user,
    report,
)
from annotation.records import KNOWN_NAMES, Mapping, guess_columns, read_records
from annotation.rows import FORMATS, Unreadable, columns_of, format_of, read_rows
from annotation.splits import Shares
from annotation.texts import counted


class Command(BaseCommand):
    help = (
        "Import prompts and demonstrations from a JSON Lines or CSV file: all of them, or none if a line has a "
        "problem. Records the project has already are passed over."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="JSON Lines or CSV, in UTF-8")
        add_project(parser)
        parser.add_argument("--format", choices=list(FORMATS), help="default: by the file's ending")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help=f"which column a field is in, instead of the guess; fields: {', '.join(KNOWN_NAMES)}",
        )
        parser.add_argument("--instruction", default="", help="instruction of records that bring none")
        parser.add_argument("--responses", choices=Responses.values, default="approved", help="default: approved")
        parser.add_argument(
            "--split-by",
            choices=["group", "column"],
            help="group: by a hash of the group; column: as the file says (default if it has such a column)",
        )
        parser.add_argument(
            "--split-shares",
            default="0.8/0.1/0.1",
            metavar="TRAIN/VALIDATION/EVALUATION",
            help="shares of the groups, adding up to 1 (default: 0.8/0.1/0.1); with --split-by column only the "
            "validation share is used, of the prompts to train on",
        )
        parser.add_argument("--author", metavar="USERNAME", help="who wrote the responses (default: --by)")
        parser.add_argument("--skip-problems", action="store_true", help="import the other lines all the same")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        author = find_user(options["author"]) if options["author"] else by
        path: Path = options["file"]
        format = options["format"] or format_of(path.name)
        if format is None:
            raise CommandError("The file's ending tells no format: say --format jsonl or --format csv.")
        shares = _shares(options["split_shares"])
        try:
            with path.open("rb") as file:
                mapping = _mapping(columns_of(file, format), options)
                counts = take_records(
                    project=project,
                    items=read_records(read_rows(file, format), mapping),
                    shares=shares,
                    responses=options["responses"],
                    by=by,
                    author=author,
                    skip_problems=options["skip_problems"],
                    source=path.name,
                )
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
        except Unreadable as error:
            raise CommandError(str(error)) from None
        except ImportRefused as refused:
            lines = "\n".join(f"  line {p['line']}: {p['reason']}" for p in refused.counts.first_problems)
            raise CommandError(f"{refused}\n{lines}") from None
        report(self, options, _sentence(counts), **asdict(counts))


def _sentence(counts: Counts) -> str:
    return (
        f"{counted(counts.new, 'prompt')} imported ({counts.train} training, {counts.validation} validation, "
        f"{counts.evaluation} evaluation), {counts.known} known already, {counts.problems} passed over."
    )


def _shares(text: str) -> Shares:
    try:
        train, validation, evaluation = (float(part) for part in text.split("/"))
        return Shares.of_all(train, validation, evaluation)
    except ValueError as error:
        raise CommandError(f"--split-shares takes three numbers such as 0.8/0.1/0.1 ({error})") from None


def _mapping(columns: list[str], options: dict[str, Any]) -> Mapping:
    mapping = guess_columns(columns)
    for pair in options["map"]:
        field, _, column = pair.partition("=")
        if field not in KNOWN_NAMES:
            raise CommandError(f"--map {pair}: there is no field “{field}”. Fields: {', '.join(KNOWN_NAMES)}.")
        if column and column not in columns:
            raise CommandError(f"--map {pair}: the file has no column “{column}”. Columns: {', '.join(columns)}.")
        mapping[field] = column
    if options["split_by"] == "group":
        mapping.pop("split", None)
    if options["split_by"] == "column" and not mapping.get("split"):
        raise CommandError("The file has no column with the split; name it with --map split=COLUMN.")
    return Mapping({field: column for field, column in mapping.items() if column}, options["instruction"])
