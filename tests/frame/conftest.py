"""The scripts of the pages, in a real Chromium against a server in this process."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
expect.set_options(timeout=15_000)  # the build machine has two cores, and other tests share them
Opener = Callable[[User, str], Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path, "These tests need Chromium: apt install chromium"
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        # Playwright's loop runs in this thread; Django would take its database calls for asynchronous ones.
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, live_server, client: Client) -> Iterator[Opener]:
    """visit(user, path) -> a page signed in as that user. Errors and refused styles or scripts fail the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def heard(message: str) -> None:
        if "Content Security Policy" in message:
            complaints.append(message)

    def opened(user: User, path: str) -> Page:
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        context = chromium.new_context(viewport={"width": 1440, "height": 900})
        contexts.append(context)
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: heard(message.text))
        page.goto(live_server.url + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    _let_the_server_finish()
    assert complaints == []


def _let_the_server_finish() -> None:
    """A page that is closed saves what was typed once more, which must not meet a database that is being emptied."""
    until = time.monotonic() + 10
    while time.monotonic() < until and any("process_request" in each.name for each in threading.enumerate()):
        time.sleep(0.05)
