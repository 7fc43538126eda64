"""Between two items, on slow connections and under quick fingers: nothing is lost, nothing is sent twice."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Route, expect

from annotation.models import Demonstration, Lease, Ranking
from tests import factories
from tests.frame.conftest import chromium, visit  # noqa: F401 - fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Held:
    """Requests to addresses that match, kept back until `let_go`."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.waiting: list[Route] = []
        self.open = False
        page.route(address, self._came)

    def _came(self, route: Route) -> None:
        if self.open:
            route.continue_()
        else:
            self.waiting.append(route)

    def arrived(self) -> None:
        for _ in range(400):
            if self.waiting:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"nothing was sent to {self.address}")

    def let_go(self) -> None:
        self.open = True
        for route in self.waiting:
            route.continue_()


def test_it_hides_insert_headings_while_none_is_missing(visit, project, erin):  # noqa: F811
    factories.prompt(project)
    page = visit(erin, reverse("write_next", args=[project.pk]))
    button = page.get_by_role("button", name="Insert headings")
    expect(button).to_be_visible()
    page.locator("#id_text").fill(factories.RESPONSE)
    expect(button).to_be_hidden()
    page.locator("#id_text").fill("Parties: two")
    expect(button).to_be_visible()
    page.locator("h1").click()
    page.keyboard.press("h")
    expect(button).to_be_hidden()
    expect(page.locator("#id_text")).to_have_value(re.compile(r"^Parties: two\nJurisdiction:\n"))
    expect(page.locator("[data-autosave-conflict]")).to_be_hidden()  # the text without headings is not missed


def test_skipping_stays_skipping_while_a_save_is_under_way(visit, project, erin):  # noqa: F811
    first = factories.prompt(project)
    second = factories.prompt(project)
    page = visit(erin, reverse("write", args=[project.pk, first.pk]))
    saving = Held(page, "**/save/")
    page.locator("#id_text").fill("Half a response")
    page.locator("h1").click()
    saving.arrived()
    page.keyboard.press("s")
    page.locator(".pane-source").click()  # the focus leaves the button before the request can go
    saving.let_go()
    expect(page).to_have_url(re.compile(str(second.pk)))
    assert Demonstration.objects.get().status == "draft"
    assert Demonstration.objects.get().text == "Half a response"


def test_a_key_hit_twice_approves_once(visit, project, erin, rita):  # noqa: F811
    for _ in range(3):
        factories.demonstration(factories.prompt(project), erin, status="submitted")
    page = visit(rita, reverse("approve_next", args=[project.pk]))
    page.evaluate(
        """() => {
            const hit = () => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true }));
            document.addEventListener("htmx:afterSettle", hit, { once: true });
            hit();
        }"""
    )
    expect(page.get_by_text("Approved.", exact=True)).to_be_visible()
    page.wait_for_timeout(1_000)
    assert Demonstration.objects.filter(status="approved").count() == 1
    page.keyboard.press("a")
    expect(page.get_by_text("Matter 3.")).to_be_visible()
    assert Demonstration.objects.filter(status="approved").count() == 2


def test_back_to_reading_waits_for_the_save(visit, project, erin, rita):  # noqa: F811
    response = factories.demonstration(factories.prompt(project), erin, status="submitted")
    page = visit(rita, reverse("approve", args=[project.pk, response.pk]) + "?do=fix")
    saving = Held(page, "**/drafts/**")
    page.locator("#id_text").fill("Fixed in a hurry")
    page.get_by_role("link", name="Back to reading").click()
    saving.arrived()
    page.keyboard.press("Escape")  # again, while it waits
    saving.let_go()
    expect(page.get_by_text("You have begun to fix this text.")).to_be_visible()
    page.keyboard.press("f")
    expect(page.locator("#id_text")).to_have_value("Fixed in a hurry")
    expect(page.locator("[data-autosave-conflict]")).to_be_hidden()


def test_the_last_item_ends_without_a_complaint(visit, project, erin):  # noqa: F811
    factories.prompt(project)
    page = visit(erin, reverse("write_next", args=[project.pk]))
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    saves: list[str] = []
    page.on("request", lambda request: saves.append(request.url) if "/save/" in request.url else None)
    page.locator("#id_text").fill(factories.RESPONSE)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Nothing left for you to write")).to_be_visible()
    assert (asked, saves) == ([], [])
    assert Demonstration.objects.get().status == "submitted"


def test_going_back_shows_the_item_and_its_keys(visit, project, erin):  # noqa: F811
    first = factories.prompt(project)
    factories.prompt(project)
    page = visit(erin, reverse("write", args=[project.pk, first.pk]))
    page.locator("#id_text").fill(factories.RESPONSE)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Matter 2.")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("A reviewer reads it next.")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("[data-key-list]")).to_contain_text("Take it back")
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    expect(page.locator("#id_text")).to_have_value(factories.RESPONSE)


def test_it_saves_what_was_typed_before_the_page_was_ready(visit, project, erin):  # noqa: F811
    prompt = factories.prompt(project)
    page = visit(erin, reverse("write", args=[project.pk, prompt.pk]))
    scripts = Held(page, "**/autosave*.js")
    page.reload(wait_until="commit")
    page.locator("#id_text").fill("Typed on a slow train")
    scripts.arrived()
    scripts.let_go()
    expect(page.locator("[data-autosave-state]")).to_contain_text("Saved")
    assert Demonstration.objects.get().text == "Typed on a slow train"


def test_it_keeps_what_was_returned_for_a_correction(visit, project, erin):  # noqa: F811
    comparison = factories.comparison(factories.prompt(project))
    page = visit(erin, reverse("rank", args=[project.pk, comparison.pk]))
    page.locator("#id_reason").fill("Both date the next step wrongly.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Choose one of the six.")).to_be_visible()
    expect(page.get_by_role("radio", name="A much better")).to_be_focused()
    expect(page.locator("[data-autosave-state]")).to_contain_text("Saved")
    assert Lease.objects.get(user=erin).draft["reason"] == "Both date the next step wrongly."
    page.keyboard.press("0")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Nothing left for you to rank")).to_be_visible()
    assert Ranking.objects.get().all_bad


def test_two_answers_do_not_take_each_others_place(visit, project, erin, rita):  # noqa: F811
    first = factories.demonstration(factories.prompt(project), erin, status="submitted")
    factories.demonstration(factories.prompt(project), erin, status="submitted")
    page = visit(rita, reverse("approve", args=[project.pk, first.pk]))
    approving = Held(page, f"**/approve/{first.pk}/")
    page.keyboard.press("a")
    approving.arrived()
    page.keyboard.press("f")  # would bring the editor of what is just being approved
    page.wait_for_timeout(300)
    approving.let_go()
    expect(page.get_by_text("Matter 2.")).to_be_visible()
    expect(page.locator("#id_text")).to_have_count(0)
