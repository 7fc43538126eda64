"""What the commands that make and change a project share: its settings as options, or in a JSON file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from django import forms
from django.core.management.base import CommandError, CommandParser

from annotation.forms.fields import field_of
from annotation.forms.projects import ProjectForm
from annotation.models import Project

TEXTS = ("objective", "success_criteria", "instruction_template", "dated_section")
CHOICES = ("language", "drafts_by_model", "reason_required", "consensus")
NUMBERS = (
    "token_limit",
    "answers_per_prompt",
    "rankings_per_comparison",
    "reviews_per_output",
    "repeat_percent",
    "gold_percent",
    "pass_mark",
)
LISTS = {
    "sections": ("section", "HEADING", "a heading of every response; repeat, in order"),
    "keywords": ("keyword", "WORDS", "what every response should contain; repeat"),
    "ranking_reasons": ("ranking_reason", "WORDS", "a reason to choose from when ranking; repeat"),
    "criteria_compared": ("criterion_compared", "NAME", "a criterion on which answers are compared by itself; repeat"),
}


def add_settings(parser: CommandParser) -> None:
    parser.add_argument("--name", help="the project's name")
    for field in TEXTS:
        parser.add_argument(f"--{field.replace('_', '-')}", metavar="TEXT", help=_help(field))
    for option, metavar, help_text in LISTS.values():
        parser.add_argument(f"--{option.replace('_', '-')}", action="append", metavar=metavar, help=help_text)
    for field in CHOICES:
        choices = [value for value, _label in _choices(field) if value]
        parser.add_argument(f"--{field.replace('_', '-')}", choices=choices, help=_help(field))
    parser.add_argument(
        "--informative-first", action=argparse.BooleanOptionalAction, default=None, help=_help("informative_first")
    )
    for field in NUMBERS:
        parser.add_argument(f"--{field.replace('_', '-')}", type=int, metavar="NUMBER", help=_help(field))
    parser.add_argument(
        "--from-json",
        type=Path,
        metavar="FILE",
        help="a JSON object with these names, sections as a list, and the rubric",
    )


def _help(field: str) -> str:
    """As the page says it."""
    return str(ProjectForm.base_fields[field].help_text)


def _choices(field: str) -> list[tuple[str, str]]:
    return list(field_of(ProjectForm(instance=Project()), field, forms.TypedChoiceField).choices)  # type: ignore[arg-type]


def given(form: ProjectForm, options: dict[str, Any]) -> dict[str, Any]:
    """The form's data: what it begins with, then the file, then the options."""
    values: dict[str, Any] = {**form.initial}
    values |= {name: field.initial for name, field in form.fields.items() if name.startswith("anchor-")}
    values |= _from_file(options["from_json"], form) if options["from_json"] else {}
    names = ("name", "guidelines", "informative_first", *TEXTS, *CHOICES, *NUMBERS)
    values |= {name: options[name] for name in names if options.get(name) is not None}
    values |= {name: options[option] for name, (option, *_said) in LISTS.items() if options[option]}
    return values


def complaint(form: ProjectForm) -> CommandError:
    problems = (f"  {field}: {' '.join(map(str, errors))}" for field, errors in form.errors.items())
    return CommandError("Nothing was saved:\n" + "\n".join(problems))


def _from_file(path: Path, form: ProjectForm) -> dict[str, Any]:
    known = {*(name for name in form.fields if not name.startswith("anchor-")), "rubric"}
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CommandError(f"{path} cannot be read as JSON: {error}") from None
    if not isinstance(values, dict) or not values.keys() <= known:
        raise CommandError(f"{path} holds one JSON object with these names: {', '.join(sorted(known))}.")
    for criterion, anchors in dict(values.pop("rubric", {})).items():
        values |= {f"anchor-{criterion}-{score}": wording for score, wording in dict(anchors).items()}
    return values
