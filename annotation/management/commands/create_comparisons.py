from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from annotation.actions import Refused
from annotation.actions.knowing import create_known, read_known
from annotation.actions.ranking import create_comparison
from annotation.forms.projects import MOST_PER_ITEM
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.models import Priority, Project, Split
from annotation.rows import Problem, Row, Unreadable, read_rows

PRIORITIES = {name.lower(): value for value, name in Priority.choices}


class Command(BaseCommand):
    help = (
        "Make comparisons to rank from a JSON Lines file: "
        '{"id": "the prompt\'s id", "candidates": ["text", {"text": "…", "source": "model x"}]}. All or none. '
        'Where the answer is known: "known": [2, 1], the numbers of the candidates, best first, and [1, 2] in brackets '
        'for a tie, or "all_bad": true; with "explanation", and "for_training": true to have it explained to newcomers.'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="JSON Lines, in UTF-8")
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
        made = []
        try:
            with options["file"].open("rb") as file, transaction.atomic():
                for row in read_rows(file, "jsonl"):
                    made.append(_made(project, row, by, options))
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from None
        except Unreadable as error:
            raise CommandError(str(error)) from None
        report(self, options, f"{len(made)} comparisons made.", comparisons=made)


def _made(project: Project, row: Row | Problem, by: Any, options: dict[str, Any]) -> str:
    """The id of the comparison made from one line."""
    if isinstance(row, Problem):
        raise CommandError(f"Line {row.line}: {row.reason} Nothing was made.")
    name = row.values.get("id", row.values.get("prompt"))
    prompt = project.prompts.named(str(name))
    if prompt is None:
        raise CommandError(f"Line {row.line}: the project has no prompt “{name}”. Nothing was made.")
    if prompt.split == Split.EVALUATION:
        raise CommandError(f"Line {row.line}: the prompt “{name}” is held out. Nothing was made.")
    try:
        candidates = _candidates(row, options["source"])
        if known := read_known(row.values, len(candidates)):
            made = create_known(prompt=prompt, candidates=candidates, known=known, by=by, source=options["source"])
            return str(made.pk)
        comparison = create_comparison(
            prompt=prompt,
            candidates=candidates,
            by=by,
            source=options["source"],
            rankings_needed=_needed(row, options["needed"]),
            priority=PRIORITIES[options["priority"]],
        )
    except Refused as refused:
        raise CommandError(f"Line {row.line}: {refused} Nothing was made.") from None
    if comparison is None:
        raise CommandError(f"Line {row.line}: fewer than two of the texts differ. Nothing was made.")
    return str(comparison.pk)


def _needed(row: Row, otherwise: int | None) -> int | None:
    needed = row.values.get("rankings_needed", otherwise)
    if needed is not None and (not isinstance(needed, int) or not 1 <= needed <= MOST_PER_ITEM):
        raise CommandError(f"Line {row.line}: each needs from 1 to {MOST_PER_ITEM} rankings. Nothing was made.")
    return needed


def _candidates(row: Row, source: str) -> list[tuple[str, str]]:
    candidates = row.values.get("candidates")
    if not isinstance(candidates, list):
        raise CommandError(f"Line {row.line}: “candidates” is not a list. Nothing was made.")
    found = [(one, source) if isinstance(one, str) else _labelled(one, source) for one in candidates]
    if None in found:
        raise CommandError(f"Line {row.line}: a candidate is a text, or an object with a text. Nothing was made.")
    return [candidate for candidate in found if candidate]


def _labelled(candidate: Any, source: str) -> tuple[str, str] | None:
    if not isinstance(candidate, dict) or not isinstance(candidate.get("text"), str):
        return None
    return candidate["text"], str(candidate.get("source", source))[:200]
