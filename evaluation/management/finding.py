"""What the commands of evaluation share: naming a set, an evaluation and a contestant."""

from __future__ import annotations

import uuid

from django.core.management.base import CommandError, CommandParser

from annotation.models import Project
from evaluation.models import Contestant, Evaluation, EvaluationSet


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
        found = evaluations.filter(pk=_uuid(named)).first()
    if found is None:
        raise CommandError(f"“{project}” has no evaluation {named}.")
    return found


def find_set(project: Project, named: str | None) -> EvaluationSet:
    """By id; the newest where none is named."""
    sets = project.evaluation_sets
    found = sets.filter(pk=_uuid(named)).first() if named else sets.first()
    if found is None:
        raise CommandError(f"There is no evaluation set {named or 'yet: freeze one first'}.")
    return found


def add_contestant(parser: CommandParser) -> None:
    parser.add_argument(
        "--contestant", type=uuid.UUID, required=True, metavar="ID", help="as `evaluate --json` prints it"
    )


def find_contestant(project: Project, pk: uuid.UUID) -> Contestant:
    contestants = Contestant.objects.filter(evaluation__project=project)
    found = contestants.select_related("evaluation__project", "adapter__round", "base_model").filter(pk=pk).first()
    if found is None:
        raise CommandError(f"“{project}” has no contestant {pk}.")
    return found


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
