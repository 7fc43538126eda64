from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.actions import Refused
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.models import Project
from evaluation import actions
from evaluation.management.blindness import table_for
from evaluation.management.finding import find_set
from evaluation.management.reviewers import add_reviewers, named_reviewers
from evaluation.models import Evaluation
from training.management.waiting import add_wait, find_adapter, refusal, wait_for, worker_note


class Command(BaseCommand):
    help = (
        "Have the base model and adapters answer an evaluation set; with --wait, print the comparison, unless people "
        "score it blind first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--set", metavar="ID", help="the evaluation set (default: the newest)")
        parser.add_argument(
            "--adapter",
            action="append",
            default=[],
            metavar="ROUND",
            help="the adapter of this round, or `latest`; may be given several times (default: every adapter)",
        )
        parser.add_argument("--no-base", action="store_true", help="leave the base model out")
        parser.add_argument("--name", default="", help="what people call the evaluation")
        parser.add_argument(
            "--reviewed-prompts", type=int, default=20, metavar="NUMBER", help="how many go to people (default: 20)"
        )
        parser.add_argument(
            "--reviews-per-output", type=int, metavar="NUMBER", help="default: as the project's settings say"
        )
        add_reviewers(parser)
        parser.add_argument("--max-new-tokens", type=int, default=256, metavar="NUMBER", help="default: 256")
        add_by(parser)
        add_wait(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        adapters = _adapters(project, options["adapter"])
        try:
            evaluation = actions.start_evaluation(
                project=project,
                evaluation_set=find_set(project, options["set"]),
                contestants=[*([] if options["no_base"] else [None]), *adapters],
                name=options["name"],
                reviewed_prompts=options["reviewed_prompts"],
                reviews_per_output=options["reviews_per_output"],
                max_new_tokens=options["max_new_tokens"],
                reviewers=named_reviewers(options),
                by=by,
            )
        except ValidationError as error:
            raise refusal(error) from error
        except Refused as refused:
            raise CommandError(str(refused)) from None
        if options["wait"]:
            self._wait(evaluation)
        said = f"{evaluation} is number {evaluation.number} ({evaluation.pk})."
        report(
            self,
            options,
            f"{said}\n\n{table_for(evaluation, by)}" if options["wait"] else f"{said}{worker_note()}",
            id=evaluation.pk,
            number=evaluation.number,
            contestants=[str(each.pk) for each in evaluation.contestants.all()],
        )

    def _wait(self, evaluation: Evaluation) -> None:
        """All of them, also when one fails: the others' answers are worth having."""
        failed = []
        for contestant in evaluation.contestants.select_related("adapter__round", "base_model"):
            self.stderr.write(f"{contestant}:")
            try:
                wait_for(self, contestant)
            except CommandError as error:
                failed.append(str(error))
        if failed:
            raise CommandError(" ".join(failed))


def _adapters(project: Project, named: list[str]) -> list[Any]:
    if named:
        return [find_adapter(project, each) for each in named]
    return list(project.adapters.writing().select_related("base_model", "round").order_by("round__number"))
