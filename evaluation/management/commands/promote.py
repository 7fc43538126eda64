from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from evaluation import actions
from evaluation.actions.promoting import NeedsConfirmation
from evaluation.management.blindness import closed
from evaluation.management.finding import add_evaluation, find_evaluation
from evaluation.models import Evaluation
from evaluation.progress import progress_of, visible_to
from training.management.waiting import find_adapter, refusal


class Command(BaseCommand):
    help = "Put an adapter in use. Says what speaks against it first; --confirm promotes all the same."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--adapter", required=True, metavar="ROUND", help="of this round, or `latest`")
        add_evaluation(parser, required=False)
        parser.add_argument("--reason", required=True, help="stands in the history for those who come later")
        parser.add_argument("--confirm", action="store_true", help="promote in spite of doubts")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        named = options["evaluation"]
        evaluation = find_evaluation(project, named) if named else None
        try:
            made = actions.promote(
                adapter=find_adapter(project, options["adapter"]),
                evaluation=evaluation,
                reason=options["reason"],
                confirmed=options["confirm"],
                by=by,
            )
        except NeedsConfirmation as asked:
            doubts = "\n".join(f"  {doubt}" for doubt in _doubts(asked, evaluation, by))
            raise CommandError(
                f"Not promoted. Add --confirm if you know this and want it all the same:\n{doubts}"
            ) from asked
        except ValidationError as error:
            raise refusal(error) from error
        report(self, options, f"The {made.adapter} is in use ({made.pk}).", id=made.pk, adapter=made.adapter_id)


def _doubts(asked: NeedsConfirmation, evaluation: Evaluation | None, by: User) -> list[str]:
    """They tell what the reviews say so far: not to somebody who may still score."""
    progress = progress_of(evaluation) if evaluation else None
    if evaluation and progress and not visible_to(evaluation, by, progress):
        return [closed(progress)]
    return asked.evidence.doubts
