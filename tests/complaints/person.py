"""Somebody at a browser, without the browser: opens addresses, sends forms, goes where these lead."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve, reverse

TAG = re.compile(r"<(\"[^\"]*\"|'[^']*'|[^'\">])*>")
IN_PLACE = {"HX-Request": "true"}  # what htmx says when it puts the answer into the page that is open


class Person:
    def __init__(self, user: User) -> None:
        self.user = user
        self.client = Client()
        self.client.force_login(user)

    def get(self, name: str, /, *arguments: Any, **query: Any) -> HttpResponse:
        return self.client.get(reverse(name, args=arguments), query)

    def read(self, name: str, /, *arguments: Any, **query: Any) -> str:
        """The page, wherever the address leads, as the text that it is."""
        response = self.client.get(reverse(name, args=arguments), query, follow=True)
        assert response.status_code == 200, f"{name}: {response.status_code}"
        return unescape(response.content.decode())

    def words(self, name: str, /, *arguments: Any, **query: Any) -> str:
        """What is to be read on the page itself, without the marks around it."""
        main = self.read(name, *arguments, **query).split('id="main"')[1].split("</main>")[0]
        return re.sub(r"\s+", " ", TAG.sub("", main))

    def send(self, name: str, /, *arguments: Any, in_place: bool = False, **fields: Any) -> HttpResponse:
        fields = {"version": 0, "guidelines": 1, **fields}
        return self.client.post(reverse(name, args=arguments), fields, headers=IN_PLACE if in_place else {})

    def tell(self, name: str, /, *arguments: Any, **data: Any) -> Any:
        """To the API, which answers in JSON."""
        response = self.client.post(reverse(name, args=arguments), data, content_type="application/json")
        assert response.status_code < 300, response.content
        return response.json()

    def next_to(self, work: str, project: Any) -> str | None:
        """The id of what the queue hands out; None where it says that nothing is left."""
        response = self.get(f"{work}_next", project.pk)
        shown = response.url if response.status_code == 302 else response.get("Content-Location")
        return id_in(shown) if shown else None


def id_in(address: str) -> str:
    """Of the item: the last id in an address."""
    return str(list(resolve(urlsplit(address).path).kwargs.values())[-1])


def brought(response: HttpResponse) -> str:
    """The item that came in the answer to a form."""
    assert response.status_code == 200, response.status_code
    return id_in(response["HX-Push-Url"])
