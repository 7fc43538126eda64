from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.actions.guidelines import write_guidelines
from annotation.forms.projects import GuidelinesForm
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report


class Command(BaseCommand):
    help = "Make a Markdown file the next version of a project's guidelines; the same text again makes none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="Markdown, in UTF-8")
        add_project(parser)
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        try:
            text = options["file"].read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} cannot be read as UTF-8 text: {error}") from None
        form = GuidelinesForm({"text": text, "after": 0})
        if not form.is_valid():
            raise CommandError(" ".join(str(error) for error in form.errors["text"]))
        made = write_guidelines(project=project, text=form.cleaned_data["text"], by=by)
        report(self, options, f"Version {made.version} is what everybody reads.", version=made.version)
