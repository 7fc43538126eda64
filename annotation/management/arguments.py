"""What the commands of all apps share: naming a project and a person, and printing results for people or programs."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.access import ALLOWED
from annotation.models import Project


def add_project(parser: CommandParser) -> None:
    parser.add_argument("--project", required=True, metavar="NAME_OR_ID", help="the project's name or id")


def add_by(parser: CommandParser) -> None:
    parser.add_argument("--by", required=True, metavar="USERNAME", help="who does this; recorded in the history")


def add_json(parser: CommandParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def find_project(name_or_id: str) -> Project:
    try:
        matching = list(Project.objects.filter(pk=uuid.UUID(name_or_id)))
    except ValueError:
        matching = list(Project.objects.filter(name=name_or_id))
    if not matching:
        raise CommandError(f"There is no project called “{name_or_id}”.")
    if len(matching) > 1:
        raise CommandError(f"Several projects are called “{name_or_id}”: name one by its id.")
    return matching[0]


def find_user(username: str) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"There is nobody with the user name “{username}”.")
    return user


def find_actor(username: str, project: Project, act: str = "manage") -> User:
    """The user who does it, if their role allows it: commands obey the same table as the pages."""
    user = find_user(username)
    role = project.role_of(user)
    if role not in ALLOWED[act]:
        raise CommandError(f"{username} may not do this in “{project}”: role {role or 'none'}.")
    return user


def report(command: BaseCommand, options: dict[str, Any], sentence: str, **values: Any) -> None:
    """One line: the sentence for people, or the values for programs."""
    command.stdout.write(json.dumps(values, ensure_ascii=False, default=str) if options.get("json") else sentence)
