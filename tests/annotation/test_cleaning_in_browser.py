"""What was found is decided by keyboard alone, one after the other."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotation.models import Finding
from tests import factories
from tests.annotation.cleaning_house import run
from tests.frame.conftest import chromium, visit  # noqa: F401 - fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def at(page: Page, finding: Finding) -> None:
    expect(page).to_have_url(re.compile(re.escape(str(finding.pk))))


def states() -> list[str]:
    return list(Finding.objects.order_by("pk").values_list("status", flat=True))


def test_it_confirms_dismisses_edits_goes_on_and_takes_back_by_keys(visit, project, ada, erin):  # noqa: F811
    for number in range(4):
        factories.prompt(project, input=f"Write to person{number}@gmail.com.")
    run(project, ada, ["email"])
    found = list(Finding.objects.order_by("pk"))
    page = visit(erin, f"{reverse('finding', args=[project.pk, found[0].pk])}?kind=email")
    page.keyboard.press("n")
    at(page, found[1])
    page.keyboard.press("c")
    at(page, found[2])
    assert states() == ["open", "confirmed", "open", "open"]
    page.keyboard.press("d")
    at(page, found[3])
    assert states() == ["open", "confirmed", "dismissed", "open"]
    page.keyboard.press("u")
    at(page, found[2])
    expect(page.get_by_text("Open again.")).to_be_visible()
    assert states() == ["open", "confirmed", "open", "open"]
    page.keyboard.press("e")
    expect(page.locator("#id_replacement")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("the client")
    page.keyboard.press("Control+Enter")
    at(page, found[3])
    found[2].refresh_from_db()
    assert (found[2].status, found[2].replacement) == ("confirmed", "the client")
