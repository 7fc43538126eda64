"""Naming those who score an evaluation's outputs."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandParser

from annotation.management.arguments import find_user
from annotation.models import Role


def add_reviewers(parser: CommandParser) -> None:
    only = "only they get outputs to score; repeat (default: everybody)"
    parser.add_argument("--reviewer", action="append", default=[], metavar="USERNAME", help=only)
    parser.add_argument("--reviewer-role", action="append", default=[], choices=Role.values, help=only)


def named_reviewers(options: dict[str, Any]) -> tuple[list[User], list[str]]:
    return [find_user(name) for name in options["reviewer"]], options["reviewer_role"]
