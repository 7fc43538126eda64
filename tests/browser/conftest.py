"""Browser tests visit one real installation; each test brings a project of its own (scenes.py)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.house import House, copy, prepare
from tests.browser.visitor import CHROMIUM, Visitor, sign_in

Visit = Callable[..., Visitor]


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    base = tmp_path_factory.getbasetemp()
    made = House(copy(prepare(base / "prepared"), base / "house"))
    try:
        made.start("web")
        made.start("worker")
        yield made
    finally:
        made.close()


@pytest.fixture(scope="session")
def pages(house: House) -> list[dict[str, Any]]:
    """Every page of a furnished project: its name, its arguments, who opens it, and what state it shows."""
    return house.scene("pages")["pages"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of one module only: while Playwright runs, Django takes every database call for an asynchronous one."""
    path = shutil.which("chromium")
    assert path, "These tests need Chromium: apt install chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(house: House, browser: Browser) -> Iterator[Visit]:
    """visit("erin") -> a window in which Erin is signed in. Whatever goes wrong in it fails the test."""
    visitors: list[Visitor] = []

    def open_window(username: str | None, house: House = house, **options: Any) -> Visitor:
        state = sign_in(house, browser, username) if username else None
        settings = {"viewport": {"width": 1440, "height": 900}, "storage_state": state, **options}
        visitor = Visitor(house, browser.new_context(**settings))
        visitors.append(visitor)
        return visitor

    yield open_window
    found = [problem for visitor in visitors for problem in visitor.unexpected()]
    for visitor in visitors:
        visitor.context.close()
    assert not found, "\n".join(found)
