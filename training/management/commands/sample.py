from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser

from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.texts import counted
from training import actions, choosing
from training.jobs import Status
from training.management.waiting import add_wait, find_adapter, refusal, wait_for, worker_note
from training.params import GenerateParams, to_json
from training.wording import standing


class Command(BaseCommand):
    help = "Have models answer the next unranked prompts; the answers become comparisons for people to rank."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument(
            "--adapter",
            action="append",
            default=[],
            metavar="ROUND",
            help="the adapter of this round, or `latest`; may be given several times",
        )
        parser.add_argument("--base", action="store_true", help="the base model writes as well")
        parser.add_argument("--prompts", type=int, default=20, metavar="NUMBER", help="how many (default: 20)")
        parser.add_argument("--candidates", type=int, default=4, metavar="NUMBER", help="from each model (default: 4)")
        parser.add_argument("--temperature", type=float, default=0.8, metavar="NUMBER", help="0 to 2 (default: 0.8)")
        parser.add_argument("--max-new-tokens", type=int, default=256, metavar="NUMBER", help="default: 256")
        parser.add_argument("--seed", type=int, default=17, metavar="NUMBER", help="default: 17")
        add_by(parser)
        add_wait(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        adapters = [find_adapter(project, named) for named in options["adapter"]]
        params = to_json(GenerateParams()) | {
            "num_candidates": options["candidates"],
            "temperature": options["temperature"],
            "max_new_tokens": options["max_new_tokens"],
            "seed": options["seed"],
        }
        try:
            sampling = actions.start_sampling(
                project=project,
                sources=[*([None] if options["base"] else []), *adapters],
                prompts=choosing.prompts_to_sample(project, options["prompts"]),
                params=params,
                by=by,
            )
        except ValidationError as error:
            raise refusal(error) from error
        if options["wait"]:
            wait_for(self, sampling)
        done = sampling.status == Status.SUCCEEDED
        made = f" {counted(sampling.result['comparisons'], 'comparison')} to rank." if done else ""
        said = f"The {sampling} {standing(sampling)} ({sampling.pk}).{made}"
        note = "" if options["wait"] else worker_note()
        report(
            self,
            options,
            f"{said}{note}",
            id=sampling.pk,
            status=sampling.status,
            comparisons=sampling.result.get("comparisons"),
        )
