from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from annotation.management.arguments import add_json, add_project, find_project, report
from training.estimating.estimate_words import sentences
from training.estimating.experience import said
from training.management.waiting import add_round, find_round
from training.wording import lessons_of, measured, sentence, standing


class Command(BaseCommand):
    help = "Say where a round stands."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        add_round(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        round = find_round(find_project(options["project"]), options["round"])
        lessons = lessons_of(round)
        estimate = round.estimate | {"said": said(round)}
        standing_line = f"{round} {standing(round)}. {sentence(round)}"
        report(
            self,
            options,
            "\n".join([standing_line, *sentences(estimate), *measured(round), *lessons]),
            id=round.pk,
            number=round.number,
            status=round.status,
            attempt=round.attempt,
            progress=round.progress,
            result=round.result,
            estimate=estimate,
            lessons=lessons,
            failure_code=round.failure_code,
            failure_message=round.failure_message,
        )
