from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from django.core.management.base import BaseCommand, CommandParser
from django.urls import reverse

from annotation.actions.members import new_link
from annotation.management.arguments import add_json, find_user, report


class Command(BaseCommand):
    help = "Print a link that signs one person in once. Earlier unused links of the same person stop working."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="the name they sign in with")
        parser.add_argument("--base-url", default="http://localhost:8000", help="where Preceptor is reached")
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        user = find_user(options["username"])
        path = reverse("sign_in_link", args=[new_link(user=user, by=None)])
        url = urljoin(options["base_url"], path)
        report(self, options, url, username=user.username, url=url)
