"""One person's browser window, which notices whatever must never happen in one."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request, Response, expect

from tests.browser.house import House

CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(timeout=15_000)  # the build machine has two cores, and the worker shares them
OWN = ("data:", "blob:", "about:")


class Visitor:
    """`problems` collects console errors (violations of the Content-Security-Policy are such), dialogs, server
    errors and requests to other hosts; a test ends by finding it empty. `expect` names one that the test provokes.
    """

    def __init__(self, house: House, context: BrowserContext) -> None:
        self.house = house
        self.context = context
        self.problems: list[str] = []
        self.expected: list[str] = []
        self.warned = 0  # how often the page asked whether to leave unsaved text behind
        context.on("page", self._watch)
        self.page = context.new_page()
        self.page.set_default_timeout(30_000)

    def _watch(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._note(f"script error: {error}"))
        page.on("request", self._request)
        page.on("response", self._response)
        page.on("dialog", self._dialog)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            where = message.page.url if message.page else ""
            self._note(f"console: {message.text} ({message.location.get('url', '')}) on {where}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.house.url, *OWN)):
            self._note(f"asked another host: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self._note(f"{response.status} of {response.url}")

    def _dialog(self, dialog: Dialog) -> None:
        if dialog.type == "beforeunload":
            self.warned += 1
            dialog.accept()
            return
        self._note(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _note(self, problem: str) -> None:
        self.problems.append(problem)

    def expect(self, *words: str) -> None:
        self.expected.extend(words)

    def unexpected(self) -> list[str]:
        return [problem for problem in self.problems if not any(words in problem for words in self.expected)]

    def at(self, name: str, *arguments: Any) -> str:
        return self.house.url + reverse(name, args=arguments)

    def open(self, name: str, *arguments: Any, query: str = "") -> Page:
        answer = self.page.goto(self.at(name, *arguments) + query)
        assert answer is not None
        assert answer.status == 200, f"{name}: {answer.status}"
        return self.page


def sign_in(house: House, browser: Browser, username: str) -> Any:
    """Use a one-time link as a person would, once; later windows of the same person share the session."""
    if username not in house.sessions:
        context = browser.new_context()
        page = context.new_page()
        page.goto(house.sign_in_link(username))
        page.get_by_role("button", name="Sign in as").click()
        page.get_by_role("heading", level=1).wait_for()
        house.sessions[username] = context.storage_state()
        context.close()
    return house.sessions[username]
