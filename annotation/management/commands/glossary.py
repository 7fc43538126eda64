from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.actions import cleaning
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project


class Command(BaseCommand):
    help = "List a project's glossary and patterns, add to them, or remove from them."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--term", metavar="FORM", help="add or change a term by its preferred form")
        parser.add_argument("--variant", action="append", default=[], metavar="FORM", help="replaced by it; repeat")
        parser.add_argument("--note", default="", help="kept with the term")
        parser.add_argument("--pattern", metavar="NAME", help="add or change a pattern")
        parser.add_argument("--expression", default="", help="its regular expression")
        parser.add_argument("--remove-term", metavar="FORM", help="remove this term")
        parser.add_argument("--remove-pattern", metavar="NAME", help="remove this pattern")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        try:
            if options["term"]:
                cleaning.add_term(
                    project=project, preferred=options["term"], variants=options["variant"], note=options["note"], by=by
                )
            if options["pattern"]:
                cleaning.add_pattern(project=project, name=options["pattern"], expression=options["expression"], by=by)
        except ValidationError as refused:
            raise CommandError(refused.messages[0]) from None
        if options["remove_term"]:
            for term in project.glossary.filter(preferred=options["remove_term"]):
                cleaning.remove_term(term=term, by=by)
        if options["remove_pattern"]:
            for pattern in project.text_patterns.filter(name=options["remove_pattern"]):
                cleaning.remove_pattern(pattern=pattern, by=by)
        terms = {term.preferred: term.variants for term in project.glossary.all()}
        patterns = {pattern.name: pattern.expression for pattern in project.text_patterns.all()}
        if options["json"]:
            self.stdout.write(json.dumps({"terms": terms, "patterns": patterns}, ensure_ascii=False))
            return
        for preferred, variants in terms.items():
            self.stdout.write(f"{preferred}: {', '.join(variants)}")
        for name, expression in patterns.items():
            self.stdout.write(f"{name}: {expression}")
