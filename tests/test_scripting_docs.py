"""docs/scripting.md names every command with every option, and every API call with its methods."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand
from django.urls import URLPattern, URLResolver, get_resolver

OURS = ("annotation", "training", "evaluation", "config")
DOCUMENT = (Path(__file__).resolve().parent.parent / "docs" / "scripting.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^#### (\w+)\n(.*?)(?=^##)", DOCUMENT, re.MULTILINE | re.DOTALL))
COMMANDS = sorted(name for name, app in get_commands().items() if app in OURS)
# What every command of Django has.
STANDARD = {action.dest for action in BaseCommand().create_parser("manage.py", "x")._actions}


def test_it_names_every_command() -> None:
    assert sorted(SECTIONS) == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_it_tells_of_a_command_what_its_help_says(name: str) -> None:
    command = load_command_class(get_commands()[name], name)
    actions = [one for one in command.create_parser("manage.py", name)._actions if one.dest not in STANDARD]
    named = [one.option_strings[-1] if one.option_strings else one.dest.upper() for one in actions]
    assert command.help in SECTIONS[name]
    assert [each for each in named if not re.search(rf"`{each}[` ]", SECTIONS[name])] == []


def endpoints(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    """As the document writes them: `path` | METHODS."""
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from endpoints(pattern.url_patterns, path)
        elif path.startswith("api/v1/"):
            view = getattr(pattern.callback, "view_class", None) or pattern.callback.cls  # type: ignore[attr-defined]
            methods = [name.upper() for name in ("get", "post", "patch", "delete") if hasattr(view, name)]
            shown = re.sub(r"<\w+:(\w+?)(?:_pk)?>", r"{\1}", path.removeprefix("api/v1/")).replace("{pk}", "{project}")
            yield f"| `{shown}` | {', '.join(methods)} |"


def test_it_names_every_api_call_with_its_methods() -> None:
    found = list(endpoints(get_resolver().url_patterns))
    assert len(found) > 30
    assert [each for each in found if each not in DOCUMENT] == []


def test_its_example_calls_commands_that_exist() -> None:
    called = set(re.findall(r"^    preceptor (\w+)", DOCUMENT, re.MULTILINE))
    assert called <= {*COMMANDS, "createsuperuser"}
