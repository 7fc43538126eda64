"""One item after the other without loading a page: what htmx swaps in saves, ranks and complains like the first."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotation.models import Demonstration, Ranking
from tests import factories
from tests.frame.conftest import chromium, visit  # noqa: F401 - fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def at(page: Page, name: str, project, item) -> None:
    expect(page).to_have_url(re.compile(re.escape(reverse(name, args=[project.pk, item.pk])) + "$"))


def test_it_writes_prompt_after_prompt(visit, project, erin):  # noqa: F811
    prompts = [factories.prompt(project) for _ in range(3)]
    page = visit(erin, reverse("write_next", args=[project.pk]))
    page.evaluate("window.stillHere = true")
    for number, (prompt, following) in enumerate(pairwise(prompts)):
        at(page, "write", project, prompt)
        page.locator("#id_text").fill(f"Response {number}")
        expect(page.locator("[data-autosave-state]")).to_contain_text("Saved")
        page.locator("#id_text").press_sequentially(", longer")
        page.keyboard.press("Control+Enter")  # while what was just typed is not saved yet
        at(page, "write", project, following)
        expect(page.locator("#main")).to_be_focused()
    assert page.evaluate("window.stillHere"), "no page was loaded in between"
    texts = Demonstration.objects.filter(status="submitted").order_by("submitted_at").values_list("text", flat=True)
    assert list(texts) == ["Response 0, longer", "Response 1, longer"]
    assert page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('draft:')).length") == 0


def test_it_says_what_is_missing_without_losing_the_place(visit, project, erin):  # noqa: F811
    factories.prompt(project)
    page = visit(erin, reverse("write_next", args=[project.pk]))
    page.locator("#id_text").fill("   ")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Write a response before you submit.")).to_be_visible()
    expect(page.locator("#id_text")).to_be_focused()
    page.keyboard.type("Parties: two")
    expect(page.locator("#hints")).to_contain_text("Still missing: Jurisdiction")
    expect(page.locator("[data-autosave-state]")).to_contain_text("Saved")


def test_it_ranks_comparison_after_comparison_by_keys(visit, project, erin):  # noqa: F811
    first = factories.comparison(factories.prompt(project))
    second = factories.comparison(factories.prompt(project), ["One.", "Two.", "Three."])
    page = visit(erin, reverse("rank_next", args=[project.pk]))
    page.keyboard.press("4")
    page.keyboard.press("Control+Enter")
    at(page, "rank", project, second)
    page.get_by_role("button", name="Move C up").click()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Nothing left for you to rank")).to_be_visible()
    assert [len(group) for group in Ranking.objects.get(comparison=first).order] == [1, 1]
    assert [len(group) for group in Ranking.objects.get(comparison=second).order] == [1, 1, 1]


def test_it_approves_fixes_and_returns_by_keys(visit, project, erin, rita):  # noqa: F811
    for _ in range(3):
        factories.demonstration(factories.prompt(project), erin, status="submitted")
    page = visit(rita, reverse("approve_next", args=[project.pk]))
    page.keyboard.press("a")
    expect(page.get_by_text("Approved.", exact=True)).to_be_visible()
    page.keyboard.press("f")
    expect(page.locator("#id_text")).to_be_focused()
    page.keyboard.press("Control+Home")
    page.keyboard.type("Matter 7. ")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Fixed and approved.", exact=True)).to_be_visible()
    page.keyboard.press("r")
    expect(page.locator("#id_note")).to_be_focused()
    page.keyboard.type("Add the date.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Nothing left for you to approve")).to_be_visible()
    done = Demonstration.objects.order_by("reviewed_at")
    assert [each.status for each in done] == ["approved", "approved", "returned"]
    assert done[1].text == f"Matter 7. {factories.RESPONSE}"
    assert done[2].note == "Add the date."


def test_it_says_when_an_answer_does_not_arrive_and_keeps_the_text(visit, project, erin):  # noqa: F811
    prompt = factories.prompt(project)
    factories.prompt(project)
    page = visit(erin, reverse("write_next", args=[project.pk]))
    page.locator("#id_text").fill("Words on a train")
    page.route(f"**/write/{prompt.pk}/", lambda route: route.abort())
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-autosave-state]")).to_contain_text(re.compile("Not sent|Saved"))
    expect(page.locator("#id_text")).to_have_value("Words on a train")
    page.unroute(f"**/write/{prompt.pk}/")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#id_text")).to_have_value("")
    assert Demonstration.objects.get().text == "Words on a train"
