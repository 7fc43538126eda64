from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import IO, Any

from django.contrib.auth.models import User
from django.core.files.base import File
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import parts
from annotation.actions import Refused, uploads
from annotation.actions.importing import Judgements, Responses
from annotation.imports import importing
from annotation.imports.files import FORMATS, columns_of, format_of, samples
from annotation.imports.items import detected, says_more
from annotation.imports.planning import PROBLEMS_KEPT, Counts
from annotation.imports.records import KNOWN_NAMES, Mapping, guess_columns
from annotation.imports.rows import Unreadable
from annotation.management.arguments import (
    add_by,
    add_json,
    add_project,
    find_actor,
    find_project,
    find_user,
    report,
)
from annotation.models import Import, Project
from annotation.shapes import SHAPES
from annotation.splits import Shares
from annotation.texts import counted

SHOWN = 10


class Command(BaseCommand):
    help = (
        "Import prompts and demonstrations from a file: all of them, or none if a line has a problem. Records the "
        "project has already are passed over. It waits for the end; what is interrupted, the worker goes on with."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", type=Path, help="JSON Lines, a JSON list, CSV, TSV, Parquet, a text or a Markdown document"
        )
        add_project(parser)
        parser.add_argument("--format", choices=list(FORMATS), help="default: by what the file holds")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help=f"which column a field is in, instead of the guess; fields: {', '.join(KNOWN_NAMES)}",
        )
        parser.add_argument("--instruction", default="", help="instruction of records that bring none")
        parser.add_argument(
            "--shape",
            choices=["", *SHAPES],
            help="default: as the rows are, unless --map says which column is what; empty: plain columns",
        )
        parser.add_argument(
            "--judgements",
            choices=Judgements.values,
            default="decide",
            help="what the file says of answers to compare stands as decisions (default), or your people are asked",
        )
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
        parser.add_argument("--preview", action="store_true", help="say what would arrive, and import nothing")
        parser.add_argument("--skip-problems", action="store_true", help="import the other lines all the same")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        author = find_user(options["author"]) if options["author"] else by
        path: Path = options["file"]
        shares = _shares(options["split_shares"])
        try:
            with path.open("rb") as file:
                row = self._uploaded(project, file, path.name, by, author, shares, options)
            if options["preview"]:
                return self._preview(row, by, options)
            return self._import(row, by, options)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
        except (Unreadable, Refused) as error:
            raise CommandError(str(error)) from None

    def _uploaded(
        self,
        project: Project,
        file: IO[bytes],
        name: str,
        by: User,
        author: User,
        shares: Shares,
        options: dict[str, Any],
    ) -> Import:
        format = options["format"] or format_of(name, file)
        if format is None:
            raise CommandError(f"The file's ending tells no format: say --format {' or '.join(FORMATS)}.")
        rows = samples(file, format)
        columns = columns_of(rows)
        mapping = _mapping(columns, options)
        shape = options["shape"]
        if shape is None:
            shape = detected(rows) if not options["map"] and says_more(detected(rows), rows) else ""
        file.seek(0)
        row = uploads.upload(
            project=project, file=File(file), file_name=name, format=format, columns=columns, by=by, author=author
        )
        choices = {
            "shape": shape,
            "columns": mapping.columns,
            "judgements": options["judgements"],
            "fixed_instruction": mapping.instruction,
            "responses": options["responses"],
            "split_by": "column" if mapping.columns.get("split") else "group",
            "evaluation_share": 100 * shares.evaluation,
            "validation_share": 100 * shares.validation,
        }
        uploads.choose(row=row, choices=choices)
        return row

    def _preview(self, row: Import, by: User, options: dict[str, Any]) -> None:
        try:
            preview = uploads.preview(row, SHOWN)
        finally:
            uploads.discard(row=row, by=by)
        first = [asdict(item) for item in preview.first]
        whole = "" if preview.whole else " in the beginning of the file"
        shape = SHAPES.get(row.mapping["shape"])
        kind = f"{FORMATS[row.format]}, {shape.title}" if shape else FORMATS[row.format]
        told = f"{kind}{whole}: {_seen(preview.counts)}"
        report(
            self,
            options,
            told,
            format=row.format,
            shape=row.mapping["shape"],
            whole=preview.whole,
            first=first,
            **asdict(preview.counts),
        )

    def _import(self, row: Import, by: User, options: dict[str, Any]) -> None:
        """Done here, part by part; should this end in the middle, the worker goes on with it."""
        uploads.start(row=row, by=by, skip_problems=options["skip_problems"], ring=False)
        parts.run(row, partial(importing.do, told=self._tell if self.stderr.isatty() else importing.nothing))
        if row.status != Import.Status.DONE:
            problems = row.problems.filter(differs=False)[:PROBLEMS_KEPT]
            lines = "".join(f"\n  line {each.line}: {each.reason}" for each in problems)
            if row.is_open:
                uploads.discard(row=row, by=by)
            raise CommandError(f"{row.problem or 'It was stopped.'}{lines}")
        counts = Counts.of(row.counts)
        report(self, options, _sentence(counts), **asdict(counts))

    def _tell(self, work: Import) -> None:
        what = f"{work.progress} taken" if work.has_begun else f"{work.done:,} checked"
        self.stderr.write(f"\r{what}", ending="")


def _seen(counts: Counts) -> str:
    return (
        f"{counted(counts.records, 'record')}, {counts.new:,} new, {counts.known:,} known already, "
        f"{counted(counts.problems, 'line')} with a problem."
    )


def _sentence(counts: Counts) -> str:
    return (
        f"{counted(counts.new, 'prompt')} imported ({counts.train} training, {counts.validation} validation, "
        f"{counts.evaluation} evaluation), {counts.known} known already, {counts.problems} passed over."
        + (f" {counts.comparisons} comparisons made." if counts.comparisons else "")
        + (f" {counts.differs} known ones differ from the file and stay as they are." if counts.differs else "")
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
