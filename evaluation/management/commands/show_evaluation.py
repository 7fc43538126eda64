from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.management.arguments import add_project, find_actor, find_project
from annotation.models import AnyUser, Project
from evaluation import actions, results
from evaluation.comparison import compare
from evaluation.management.blindness import NOBODY, closed
from evaluation.management.finding import add_evaluation, find_evaluation
from evaluation.models import Evaluation
from evaluation.progress import Progress, progress_of, visible_to


class Command(BaseCommand):
    help = (
        "Print an evaluation: how far it is, the verdicts, and every number with its interval and n. "
        "Closed while people score blind, as on the page."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        add_evaluation(parser)
        parser.add_argument("--by", metavar="USERNAME", help="who reads it; not needed once the last review is in")
        parser.add_argument(
            "--open",
            action="store_true",
            help="show --by the results before that; recorded, and they score no more of its outputs",
        )
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--markdown", action="store_true", help="only the sentences and the table, in Markdown")
        form.add_argument("--json", action="store_true", help="everything, as JSON; results are null while closed")

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        evaluation = find_evaluation(project, options["evaluation"])
        person = _reader(project, options["by"], opens=options["open"])
        progress = progress_of(evaluation)
        visible = visible_to(evaluation, person, progress)
        if not visible and options["open"] and isinstance(person, User):
            actions.open_results(evaluation=evaluation, by=person)
            visible = True
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(evaluation, progress, visible), ensure_ascii=False))
            return
        if not progress.answered:
            raise CommandError(f"No contestant of {evaluation} has answered yet.")
        if not visible:
            raise CommandError(f"{evaluation}: {closed(progress)}")
        if not options["markdown"]:
            self.stdout.write(f"{evaluation} ({evaluation.pk}): {progress.word[1].lower()}.\n")
        self.stdout.write(results.results_table(evaluation))


def _reader(project: Project, username: str | None, *, opens: bool) -> AnyUser:
    if username:
        return find_actor(username, project, "manage" if opens else "read results")
    if opens:
        raise CommandError("--open needs --by: it is recorded who has seen the results early.")
    return NOBODY


def _as_json(evaluation: Evaluation, progress: Progress, visible: bool) -> dict[str, Any]:
    """As the API gives it."""
    found = results.as_json(compare(evaluation, progress.contestants)) if visible and progress.answered else None
    return {
        "id": str(evaluation.pk),
        "number": evaluation.number,
        "name": evaluation.name,
        "state": progress.word[1],
        "reviews_wanted": progress.reviews_wanted,
        "reviews_in": progress.reviews_in,
        "results": found,
    }
