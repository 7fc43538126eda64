from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.actions.projects import create_project
from annotation.forms.projects import NewProjectForm
from annotation.management.arguments import add_by, add_json, find_user, report
from annotation.models import Project

FIELDS = ("objective", "success_criteria", "instruction_template", "dated_section", "guidelines")


class Command(BaseCommand):
    help = "Make a project; --by becomes its first admin. Values come from options or from a JSON file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", help="the project's name")
        for field in FIELDS:
            parser.add_argument(f"--{field.replace('_', '-')}", help="text")
        parser.add_argument("--section", action="append", help="a heading of every response; repeat, in order")
        parser.add_argument("--rankings-per-comparison", type=int)
        parser.add_argument("--reviews-per-output", type=int)
        parser.add_argument(
            "--from-json", type=Path, metavar="FILE", help="a JSON object with these names (sections: a list)"
        )
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        by = find_user(options["by"])
        form = NewProjectForm(_values(options))
        if not form.is_valid():
            problems = (f"  {field}: {' '.join(map(str, errors))}" for field, errors in form.errors.items())
            raise CommandError("The project was not made:\n" + "\n".join(problems))
        project = create_project(by=by, guidelines=form.cleaned_data["guidelines"], **form.values())
        report(self, options, f"“{project.name}” is made (project {project.pk}).", project=project.pk)


def _values(options: dict[str, Any]) -> dict[str, Any]:
    """The form's data: what a new project has anyway, then the file, then the options."""
    values: dict[str, Any] = {**NewProjectForm(instance=Project()).initial}
    values |= {name: field.initial for name, field in NewProjectForm().fields.items() if name.startswith("anchor-")}
    values |= _from_file(options["from_json"]) if options["from_json"] else {}
    names = ("name", *FIELDS, "rankings_per_comparison", "reviews_per_output")
    values |= {name: options[name] for name in names if options[name] is not None}
    if options["section"]:
        values["sections"] = "\n".join(options["section"])
    return values


def _from_file(path: Path) -> dict[str, Any]:
    known = {*FIELDS, "name", "sections", "rankings_per_comparison", "reviews_per_output", "rubric"}
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CommandError(f"{path} cannot be read as JSON: {error}") from None
    if not isinstance(values, dict) or not values.keys() <= known:
        raise CommandError(f"{path} holds one JSON object with these names: {', '.join(sorted(known))}.")
    sections = values.get("sections")
    if isinstance(sections, list):
        values["sections"] = "\n".join(str(heading) for heading in sections)
    for criterion, anchors in dict(values.pop("rubric", {})).items():
        values |= {f"anchor-{criterion}-{score}": wording for score, wording in dict(anchors).items()}
    return values
