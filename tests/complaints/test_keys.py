"""Everything by keyboard, and with the keys that one likes (complaint 17)."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotation.models import Demonstration, Lease, Project, Ranking
from tests import factories
from tests.frame.conftest import chromium, visit  # noqa: F401 - fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def choose(page: Page, usual: str, key: str) -> None:
    """On the sheet of keys, without a mouse: to the usual key, Enter, the new one."""
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys on this page")
    sheet.get_by_role("button", name=f"Change {usual}", exact=True).first.focus()
    page.keyboard.press("Enter")
    expect(sheet.get_by_role("status")).to_contain_text("Press the key")
    page.keyboard.press(key)


def said(page: Page) -> str:
    return page.get_by_role("dialog").get_by_role("status").inner_text()


def test_a_key_that_one_has_chosen_does_what_the_usual_one_did(visit, erin: User, project: Project) -> None:  # noqa: F811
    """label-studio#208, #9314, argilla#4221, inception#6106, phoenix#7078, langfuse-docs#3192: keys that cannot be
    reached on one's keyboard, or that the other tool has elsewhere, can be put where one likes them."""
    prompts = [factories.prompt(project) for _ in range(2)]
    page = visit(erin, reverse("write_next", args=[project.pk]))
    choose(page, "s", "j")
    assert said(page) == "Skip: j. Where j did something else, s does it now."
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Skip", exact=False).first.locator("kbd")).to_have_text("j")
    page.keyboard.press("s")
    assert not Lease.objects.exclude(release="").exists(), "the usual key does it no more"
    page.keyboard.press("j")
    expect(page.get_by_text("Matter 2.")).to_be_visible()
    assert Lease.objects.get(item_id=prompts[0].pk).release == "skipped"
    page.reload()
    expect(page.get_by_role("button", name="Skip", exact=False).first.locator("kbd")).to_have_text("j")


def test_two_acts_never_share_a_key(visit, erin: User, project: Project) -> None:  # noqa: F811
    """label-studio#9314: after a change, one key did two things."""
    factories.comparison(factories.prompt(project))
    page = visit(erin, reverse("rank_next", args=[project.pk]))
    choose(page, "s", "1")
    assert said(page) == "Skip: 1. Where 1 did something else, s does it now."
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(page.get_by_role("radio", name="A much better")).to_be_checked()
    expect(page.locator(".verdict-choice", has_text="A much better").locator("kbd")).to_have_text("s")


def test_a_key_for_use_while_typing_needs_ctrl_or_alt(visit, erin: User, project: Project) -> None:  # noqa: F811
    """argilla#4221: a letter that submits would do so in the middle of a word."""
    factories.prompt(project)
    page = visit(erin, reverse("write_next", args=[project.pk]))
    choose(page, "Ctrl+↵", "j")
    assert "together with Ctrl or Alt" in said(page)
    page.keyboard.press("Alt+s")
    assert said(page).startswith("Submit and next: Alt+s.")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.keyboard.type("Parties: two")
    page.keyboard.press("Alt+s")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing left")
    assert Demonstration.objects.get().status == "submitted"


def test_the_usual_keys_can_be_had_back(visit, erin: User, project: Project) -> None:  # noqa: F811
    """inception#6106: nobody is stuck with a choice made by mistake."""
    factories.prompt(project)
    factories.prompt(project)
    page = visit(erin, reverse("write_next", args=[project.pk]))
    choose(page, "s", "j")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.get_by_role("button", name="Back to the usual keys").click()
    assert said(page) == "All keys are the usual ones again."
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(page.get_by_text("Matter 2.")).to_be_visible()


def test_everything_is_done_without_a_mouse(visit, erin: User, project: Project) -> None:  # noqa: F811
    """label-studio#208, phoenix#7078: a thousand items a day, and each needs the mouse once."""
    factories.comparison(factories.prompt(project))
    page = visit(erin, reverse("write_next", args=[project.pk]))
    page.keyboard.press("e")
    page.keyboard.type("Parties: two")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing left")
    page.goto(page.url.replace("/write/", "/rank/"))
    page.keyboard.press("4")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing left")
    assert (Demonstration.objects.get().status, Ranking.objects.get().strength) == ("submitted", 1)
