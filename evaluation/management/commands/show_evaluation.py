from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.management.arguments import add_project, find_project
from evaluation import results
from evaluation.comparison import compare
from evaluation.management.finding import add_evaluation, find_evaluation
from evaluation.progress import progress_of


class Command(BaseCommand):
    help = "Print an evaluation: how far it is, the verdicts, and every number with its interval and n."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        add_evaluation(parser)
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--markdown", action="store_true", help="only the sentences and the table, in Markdown")
        form.add_argument("--json", action="store_true", help="everything, as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        evaluation = find_evaluation(find_project(options["project"]), options["evaluation"])
        progress = progress_of(evaluation)
        if options["json"]:
            found = {"id": str(evaluation.pk), "name": evaluation.name, "state": progress.word[1]}
            found |= results.as_json(compare(evaluation, progress.contestants))
            self.stdout.write(json.dumps(found, ensure_ascii=False))
            return
        if not progress.answered:
            raise CommandError(f"No contestant of {evaluation} has answered yet.")
        if not options["markdown"]:
            self.stdout.write(f"{evaluation} ({evaluation.pk}): {progress.word[1].lower()}.\n")
        self.stdout.write(results.results_table(evaluation))
