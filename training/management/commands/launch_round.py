from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser

from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project
from training.actions import launch_round
from training.management.launching import add_settings, settings_from
from training.management.waiting import add_wait, refusal, report_round


class Command(BaseCommand):
    help = (
        "Launch a round: SFT from demonstrations, DPO from preference pairs, KTO from judgements, pre-training from "
        "texts, a reward model from preference pairs or RLOO from rewards."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        add_settings(parser)
        add_by(parser)
        add_wait(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        try:
            round = launch_round(**settings_from(options, project), by=by)
        except ValidationError as error:
            raise refusal(error) from error
        report_round(self, options, round)
