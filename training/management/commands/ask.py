from __future__ import annotations

import shutil
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser

from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.models import Project
from training import actions
from training.answers import Answer, answers
from training.management.columns import side_by_side
from training.management.waiting import find_adapter, refusal, wait_for
from training.models import Adapter


class Command(BaseCommand):
    help = "Ask the base model and adapters the same thing, wait, and print the answers side by side."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("instruction", help="what the models are asked to do")
        parser.add_argument("--input", default="", help="the text they are asked to do it with")
        parser.add_argument(
            "--adapter",
            action="append",
            default=[],
            metavar="ROUND",
            help="the adapter of this round, or `latest`; may be given several times (default: the newest)",
        )
        parser.add_argument("--no-base", action="store_true", help="leave the base model out")
        parser.add_argument("--temperature", type=float, default=0.0, metavar="NUMBER", help="0 to 2 (default: 0)")
        parser.add_argument(
            "--max-new-tokens", type=int, default=actions.LONGEST_ANSWER, metavar="NUMBER", help="default: 384"
        )
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        adapters = _adapters(project, options["adapter"])
        try:
            sampling = actions.ask(
                project=project,
                instruction=options["instruction"],
                input=options["input"],
                sources=[*([] if options["no_base"] else [None]), *adapters],
                temperature=options["temperature"],
                max_new_tokens=options["max_new_tokens"],
                by=by,
            )
        except ValidationError as error:
            raise refusal(error) from error
        wait_for(self, sampling)
        found = answers(sampling)
        said = side_by_side([(each.name, _text(each)) for each in found], shutil.get_terminal_size((120, 24)).columns)
        told = [{"model": each.name, "adapter": each.adapter_id, "text": _text(each)} for each in found]
        report(self, options, said, id=sampling.pk, answers=told)


def _adapters(project: Project, named: list[str]) -> list[Adapter]:
    if named:
        return [find_adapter(project, each) for each in named]
    return list(project.adapters.writing().select_related("base_model", "round")[:1])


def _text(answer: Answer) -> str:
    return answer.output["text"] if answer.output else ""
