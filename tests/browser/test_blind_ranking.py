"""What a ranker's browser receives before their judgements are locked: none of it tells which model wrote what.

tests/annotation/test_blindness.py asks every address with every id that one might guess. Here somebody works through
forty comparisons, and what is looked at is what Chromium really got: every byte of every answer but static files,
headers, addresses, cookies and what scripts have stored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.conftest import Visit
from tests.browser.house import House

pytestmark = pytest.mark.browser

COMPARISONS = 40
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
STORED = "() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])"
SHOWN = ".candidate .reading"


@dataclass
class Ear:
    """Hears every answer that the browser gets. Bodies are read once the page is still."""

    told: list[str] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)

    def hear(self, response: Response) -> None:
        if "/static/" not in response.url:
            self.answers.append(response)

    def read(self) -> None:
        for answer in self.answers:
            headers = "\n".join(f"{each['name']}: {each['value']}" for each in answer.headers_array())
            leads_on = 300 <= answer.status < 400 or answer.header_value("hx-redirect")
            body = "" if leads_on else answer.body().decode(errors="replace")  # such an answer has none
            self.told.append(f"{answer.request.method} {answer.url}\n{headers}\n{body}")
        self.answers.clear()


def work_through(page: Page, ear: Ear, number: int) -> list[tuple[str, str]]:
    """Ranks so many, and tells for each its id and what stood at A."""
    seen = []
    for at in range(number):
        expect(page.locator(".work-meta")).to_contain_text(f"prompt {at + 1}", timeout=10_000)
        seen.append((page.url.rstrip("/").rsplit("/", 1)[1], page.locator(SHOWN).first.inner_text()))
        if at % 4 == 0:
            page.keyboard.press("d")  # the differences come from the server
        page.keyboard.press(str(1 + at % 5))
        if at % 20 == 0:
            expect(page.locator("[data-autosave-state]")).to_contain_text("Saved")
        page.keyboard.press("Control+Enter")
        ear.read()
    return seen


def rank_correlation(ids: list[str], first: list[bool]) -> float:
    """How often an id of those with the one model at A is above one of the others: a half where neither tells."""
    with_first = [each for each, is_first in zip(ids, first, strict=True) if is_first]
    others = [each for each, is_first in zip(ids, first, strict=True) if not is_first]
    return sum(one > other for one in with_first for other in others) / (len(with_first) * len(others))


def test_nothing_that_arrives_tells_which_model_wrote_what(house: House, visit: Visit) -> None:
    made = house.scene("sampled", name="Blind", comparisons=COMPARISONS)
    visitor, ear = visit("erin"), Ear()
    visitor.page.on("response", ear.hear)
    for name in ("project", "guidelines", "my_ranking", "rank_next"):
        page = visitor.open(name, made["project"])
        ear.read()
    seen = work_through(page, ear, COMPARISONS)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing left")
    ear.read()
    ear.told.append(page.evaluate(STORED) + str(visitor.context.cookies()))

    assert len(ear.told) > 1.25 * COMPARISONS, "each in the answer to the last, and what was asked for beside it"
    leaks = {secret: told[:120] for told in ear.told for secret in made["telling"] if secret.lower() in told.lower()}
    assert leaks == {}
    versions = {version for told in ear.told for version in ID.findall(told)}
    assert versions == {"4"}, "ids are drawn, not counted nor timed"

    first = [made["word"] in text for _id, text in seen]
    assert 17 <= sum(first) <= 23, "each model stands at A as often as the other"
    followed = sum(one == other for one, other in pairwise(first))
    assert 5 < followed < 34, "and neither always in turn nor in one run"
    assert 0.15 < rank_correlation([pk for pk, _text in seen], first) < 0.85
