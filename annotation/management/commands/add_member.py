from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.actions import Refused
from annotation.actions.members import add_member, invite
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.models import Role


class Command(BaseCommand):
    help = "Make somebody a member of a project. With --name a person who has no account yet gets one."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("username", help="the name they sign in with")
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--name", default="", help="first and last name of a new person")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        username, role = options["username"], options["role"]
        user = User.objects.filter(username=username).first()
        if user is None and not options["name"]:
            raise CommandError(f"There is nobody with the user name “{username}”; --name makes a new person.")
        try:
            if user is None:
                invite(project=project, username=username, name=options["name"], role=role, by=by)
            else:
                add_member(project=project, user=user, role=role, by=by)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        report(self, options, f"{username} is now {role} of “{project}”.", username=username, role=role)
