"""What the web server needs after it has shown every page: the model libraries are elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.house import House
from tests.browser.visitor import Visitor, sign_in

pytestmark = pytest.mark.browser
MOST_MB = 150
PEOPLE = ("erin", "rita", "ada")


def test_each_web_process_stays_small(house: House, browser: Browser, pages: list[dict[str, Any]]) -> None:
    """Several times over, so that each of the worker processes has shown most pages."""
    windows = {who: Visitor(house, browser.new_context(storage_state=sign_in(house, browser, who))) for who in PEOPLE}
    for _time in range(3):
        for page in pages:
            visitor = windows[page["who"]]
            answer = visitor.context.request.get(visitor.at(page["name"], *page["arguments"]))
            assert answer.status == 200, page
    for visitor in windows.values():
        visitor.context.close()
    sizes = {pid: _resident_mb(pid) for pid in house.web_processes()}
    assert len(sizes) == 3
    assert max(sizes.values()) < MOST_MB, sizes


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return int(found[1]) / 1024
