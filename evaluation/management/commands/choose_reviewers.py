from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.actions import Refused
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from evaluation import actions
from evaluation.management.finding import add_evaluation, find_evaluation
from evaluation.management.reviewers import add_reviewers, named_reviewers


class Command(BaseCommand):
    help = "Choose who gets the outputs of an evaluation to score from now on; without names: everybody."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        add_evaluation(parser)
        add_reviewers(parser)
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        evaluation = find_evaluation(project, options["evaluation"])
        people, roles = named_reviewers(options)
        try:
            actions.choose_reviewers(evaluation=evaluation, by=by, people=people, roles=roles)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        named = [*roles, *(user.username for user in people)]
        said = f"The outputs of {evaluation} go to {', '.join(named) or 'everybody'}."
        report(self, options, said, id=evaluation.pk, people=[user.username for user in people], roles=roles)
