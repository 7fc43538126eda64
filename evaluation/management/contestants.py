"""What the commands that go on after a contestant has failed share: naming it and doing it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.models import Project
from evaluation.models import Contestant
from training.management.waiting import refusal


def add_contestant(parser: CommandParser) -> None:
    """It, and everything else that `act_on` reads."""
    add_project(parser)
    parser.add_argument(
        "--contestant", type=uuid.UUID, required=True, metavar="ID", help="as `evaluate --json` prints it"
    )
    add_by(parser)
    add_json(parser)


def act_on(command: BaseCommand, options: dict[str, Any], act: Callable[..., None], said: str) -> None:
    """`said` comes after the contestant's name."""
    project = find_project(options["project"])
    by = find_actor(options["by"], project)
    contestant = _find(project, options["contestant"])
    try:
        act(contestant=contestant, by=by)
    except ValidationError as error:
        raise refusal(error) from error
    contestant.refresh_from_db()
    report(command, options, f"{contestant} {said}", id=contestant.pk, status=contestant.status)


def _find(project: Project, pk: uuid.UUID) -> Contestant:
    contestants = Contestant.objects.filter(evaluation__project=project)
    found = contestants.select_related("evaluation__project", "adapter__round", "base_model").filter(pk=pk).first()
    if found is None:
        raise CommandError(f"“{project}” has no contestant {pk}.")
    return found
