from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from annotation.actions import Refused
from annotation.actions.knowing import create_known, read_known
from annotation.actions.ranking import create_comparison
from annotation.forms.projects import MOST_PER_ITEM
from annotation.imports.files import format_of, read_rows
from annotation.imports.rows import Problem, Row, Unreadable
from annotation.imports.spreadsheet import as_said
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.models import Priority, Project, Split

MOST_TOLD = 20
PRIORITIES = {name.lower(): value for value, name in Priority.choices}


class Command(BaseCommand):
    help = (
        "Make comparisons to rank from a JSON Lines or CSV file. A line of JSON: "
        '{"id": "the prompt\'s id", "candidates": ["text", {"text": "…", "source": "model x"}]}. All or none. '
        'Where the answer is known: "known": [2, 1], the numbers of the candidates, best first, and [1, 2] in brackets '
        'for a tie, or "all_bad": true; with "explanation", and "for_training": true to explain it to newcomers. '
        "Columns of a spreadsheet: id, candidate 1, candidate 2 and so on; and source 1, known (2 > 1, or 3 > 1 = 2), "
        "all bad, explanation, for training, rankings needed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="JSON Lines, or CSV where its name ends so; in UTF-8")
        add_project(parser)
        parser.add_argument("--source", default="file", help="what wrote the candidates; hidden while ranking")
        parser.add_argument(
            "--needed",
            type=int,
            metavar="NUMBER",
            help="how many people rank each; in a line, “rankings_needed” says so",
        )
        parser.add_argument("--priority", choices=list(PRIORITIES), default="usual", help="when they come")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        made, problems = [], []
        try:
            with options["file"].open("rb") as file, transaction.atomic():
                kind = format_of(options["file"].name, file) or "jsonl"
                for row in read_rows(file, kind):
                    try:
                        made.append(_made(project, _said(row, kind), by, options))
                    except (Refused, ValueError) as wrong:
                        problems.append(f"Line {row.line}: {wrong}")
                if problems:
                    raise CommandError(_told(problems))
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from None
        except Unreadable as error:
            raise CommandError(str(error)) from None
        report(self, options, f"{len(made)} comparisons made.", comparisons=made)


def _told(problems: list[str]) -> str:
    left = len(problems) - MOST_TOLD
    more = [f"And {left} more."] if left > 0 else []
    return "\n".join([*problems[:MOST_TOLD], *more, "Nothing was made."])


def _said(row: Row | Problem, kind: str) -> dict[str, Any]:
    """As a line of JSON says it."""
    if isinstance(row, Problem):
        raise Refused(row.reason)
    return as_said(row.values) if kind in ("csv", "tsv") else row.values


def _made(project: Project, values: dict[str, Any], by: Any, options: dict[str, Any]) -> str:
    """The id of the comparison made from one line."""
    name = values.get("id", values.get("prompt"))
    prompt = project.prompts.named(str(name))
    if prompt is None:
        raise Refused(f"the project has no prompt “{name}”.")
    if prompt.split == Split.EVALUATION:
        raise Refused(f"the prompt “{name}” is held out.")
    candidates = _candidates(values, options["source"])
    if known := read_known(values, len(candidates)):
        made = create_known(prompt=prompt, candidates=candidates, known=known, by=by, source=options["source"])
        return str(made.pk)
    comparison = create_comparison(
        prompt=prompt,
        candidates=candidates,
        by=by,
        source=options["source"],
        rankings_needed=_needed(values, options["needed"]),
        priority=PRIORITIES[options["priority"]],
    )
    if comparison is None:
        raise Refused("fewer than two of the texts differ.")
    return str(comparison.pk)


def _needed(values: dict[str, Any], otherwise: int | None) -> int | None:
    needed = values.get("rankings_needed", otherwise)
    if needed is not None and (not isinstance(needed, int) or not 1 <= needed <= MOST_PER_ITEM):
        raise Refused(f"each needs from 1 to {MOST_PER_ITEM} rankings.")
    return needed


def _candidates(values: dict[str, Any], source: str) -> list[tuple[str, str]]:
    candidates = values.get("candidates")
    if not isinstance(candidates, list):
        raise Refused("“candidates” is not a list.")
    found = [(one, source) if isinstance(one, str) else _labelled(one, source) for one in candidates]
    if None in found:
        raise Refused("a candidate is a text, or an object with a text.")
    return [candidate for candidate in found if candidate]


def _labelled(candidate: Any, source: str) -> tuple[str, str] | None:
    if not isinstance(candidate, dict) or not isinstance(candidate.get("text"), str):
        return None
    return candidate["text"], str(candidate.get("source", source))[:200]
