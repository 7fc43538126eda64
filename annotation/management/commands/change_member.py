from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.actions import Refused
from annotation.actions.members import change_role, remove_member
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.models import Role


class Command(BaseCommand):
    help = "Give a member of a project another role, or remove them; what they wrote and judged stays."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("username", help="the name they sign in with")
        act = parser.add_mutually_exclusive_group(required=True)
        act.add_argument("--role", choices=Role.values, help="the new role")
        act.add_argument("--remove", action="store_true", help="end the membership")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        username, role = options["username"], options["role"]
        membership = project.memberships.filter(user__username=username).first()
        if membership is None:
            raise CommandError(f"{username} is not a member of “{project}”.")
        try:
            if options["remove"]:
                remove_member(membership=membership, by=by)
            else:
                change_role(membership=membership, role=role, by=by)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        said = f"{username} is now {role} of “{project}”." if role else f"{username} is no longer a member."
        report(self, options, said, username=username, role=role)
