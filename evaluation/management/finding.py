"""What the commands of evaluation share: naming a set and an evaluation."""

from __future__ import annotations

import uuid

from django.core.management.base import CommandError, CommandParser

from annotation.models import Project
from evaluation.models import Evaluation, EvaluationSet


def add_evaluation(parser: CommandParser, *, required: bool = True) -> None:
    help = "the evaluation's number or id, or `latest`"
    parser.add_argument("--evaluation", required=required, metavar="NUMBER_OR_ID", help=help)


def find_evaluation(project: Project, named: str) -> Evaluation:
    evaluations = project.evaluations.select_related("project")
    if named == "latest":
        found = evaluations.first()
    elif named.isdigit():
        found = evaluations.filter(number=int(named)).first()
    else:
        found = evaluations.filter(pk__in=_uuids(named)).first()
    if found is None:
        raise CommandError(f"“{project}” has no evaluation {named}.")
    return found


def find_set(project: Project, named: str | None) -> EvaluationSet:
    """By id; the newest where none is named."""
    sets = project.evaluation_sets
    found = sets.filter(pk__in=_uuids(named)).first() if named else sets.first()
    if found is None:
        raise CommandError(f"There is no evaluation set {named or 'yet: freeze one first'}.")
    return found


def _uuids(text: str) -> list[uuid.UUID]:
    """The one that the text is, or none."""
    try:
        return [uuid.UUID(text)]
    except ValueError:
        return []
