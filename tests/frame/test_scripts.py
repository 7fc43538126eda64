"""Saving while typing, keys, ranking and the theme, on the real work screens."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from annotation import queues
from annotation.models import Demonstration, Lease, Project, Ranking
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WHERE = (
    "[...document.querySelectorAll('.pane-work, .candidates, .candidate .reading, html')].map((each) => each.scrollTop)"
)
COPIES = "Object.keys(sessionStorage).filter((key) => key.startsWith('draft:')).length"


@pytest.fixture
def write_path(project: Project) -> str:
    return reverse("write", args=[project.pk, factories.prompt(project).pk])


def _state(page: Page):
    return page.locator("[data-autosave-state]")


def test_it_saves_while_one_types_and_says_so(visit, erin, write_path):
    page = visit(erin, write_path)
    page.locator("#id_text").click()
    page.keyboard.type("Parties: not stated")
    assert page.evaluate(COPIES) == 1
    expect(_state(page)).to_contain_text("Saved")
    assert page.evaluate(COPIES) == 0
    assert Demonstration.objects.get(author=erin).text == "Parties: not stated"


def test_it_keeps_what_could_not_be_saved_over_a_reload(visit, erin, write_path):
    page = visit(erin, write_path)
    page.on("dialog", lambda dialog: dialog.accept())
    page.route("**/save/", lambda route: route.abort())
    page.locator("#id_text").fill("Words without a connection")
    expect(_state(page)).to_contain_text("retrying")
    page.reload()
    expect(page.locator("#id_text")).to_have_value("Words without a connection")
    page.unroute("**/save/")
    expect(_state(page)).to_contain_text("Saved")
    assert Demonstration.objects.get(author=erin).text == "Words without a connection"


def test_it_never_overwrites_what_another_tab_saved(visit, erin, write_path):
    first, second = visit(erin, write_path), visit(erin, write_path)
    second.locator("#id_text").fill("From the second tab")
    expect(_state(second)).to_contain_text("Saved")
    first.locator("#id_text").fill("From the first tab")
    conflict = first.locator("[data-autosave-conflict]")
    expect(conflict).to_be_visible(timeout=5000)
    assert Demonstration.objects.get(author=erin).text == "From the second tab"
    conflict.get_by_role("button", name="Take the newer one").click()
    expect(first.locator("#id_text")).to_have_value("From the second tab")


@pytest.mark.parametrize("kind", ["write", "rank"])
def test_it_says_when_the_item_has_passed_to_somebody_else(visit, erin, eve, project, kind):
    prompt = factories.prompt(project)
    item = prompt if kind == "write" else factories.comparison(prompt)
    page = visit(erin, reverse(kind, args=[project.pk, item.pk]))
    Lease.objects.filter(user=erin).update(expires_at=timezone.now() - timedelta(minutes=1))
    assert (queues.next_to_write if kind == "write" else queues.next_to_rank)(project, eve).item_id == item.pk
    text = page.locator("form[data-autosave] :is([name=text], [name=reason])")
    text.fill("Typed over lunch")
    expect(_state(page)).to_have_text("Somebody else has this item now; your text is kept")
    expect(text).to_have_value("Typed over lunch")
    assert page.evaluate(COPIES) == 0
    if kind == "write":
        assert Demonstration.objects.get(author=erin).text == "Typed over lunch"
    else:
        assert Lease.objects.get(user=erin).draft["reason"] == "Typed over lunch"


def test_it_forgets_local_copies_when_one_signs_out(visit, erin, write_path):
    page = visit(erin, write_path)
    page.route("**/save/", lambda route: route.abort())
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("#id_text").fill("Confidential words")
    assert page.evaluate(COPIES) == 1
    page.locator(".person-dropdown summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/**")
    assert page.evaluate(COPIES) == 0


def test_it_lets_keys_sleep_while_one_types(visit, erin, write_path):
    page = visit(erin, write_path)
    page.locator("#id_text").click()
    page.keyboard.type("s ? g")
    expect(page.locator("#id_text")).to_have_value("s ? g")
    expect(page.locator("#keys")).to_be_hidden()
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    expect(page.locator("[data-key-list]")).to_contain_text("Submit and next")


def test_it_stops_single_keys_when_one_does_not_want_them(visit, erin, write_path):
    page = visit(erin, write_path)
    page.get_by_role("button", name="Keyboard keys").click()
    page.get_by_label("Use single keys").uncheck()
    page.get_by_role("button", name="Close").click()
    page.reload()
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()


def test_it_submits_by_key_and_brings_the_next_one(visit, erin, project, write_path):
    following = factories.prompt(project)
    page = visit(erin, write_path)
    page.locator("#id_text").fill(factories.RESPONSE)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".work-meta")).to_contain_text(str(following))
    assert Demonstration.objects.get(author=erin, prompt__position=1).status == "submitted"


def test_it_ranks_a_pair_by_keys(visit, erin, project):
    comparison = factories.comparison(factories.prompt(project))
    page = visit(erin, reverse("rank", args=[project.pk, comparison.pk]))
    choices = [("5", "B much better"), ("0", "Both are bad"), ("3", "Tie"), ("4", "B better"), ("1", "A much better")]
    for key, words in [*choices, ("2", "A better")]:
        page.keyboard.press(key)
        expect(page.get_by_role("radio", name=words, exact=True)).to_be_checked()
        expect(page.get_by_role("radio", checked=True)).to_have_count(1)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("radio")).to_have_count(0)
    assert [len(group) for group in Ranking.objects.get(ranker=erin).order] == [1, 1]


@pytest.mark.parametrize("size", [{"width": 1440, "height": 700}, {"width": 390, "height": 844}])
def test_it_keeps_the_choices_in_sight_and_the_answers_still(visit, erin, project, size):
    answers = [f"{word}. " * 600 for word in ("One", "Two")]
    comparison = factories.comparison(factories.prompt(project), answers)
    page = visit(erin, reverse("rank", args=[project.pk, comparison.pk]))
    page.set_viewport_size(size)
    page.evaluate("document.querySelector('.candidate .reading').scrollTop = 400; window.scrollTo(0, 900)")
    page.wait_for_timeout(100)  # the other answer scrolls along
    still = page.evaluate(WHERE)
    assert max(still) > 300
    bar = [page.get_by_role("radio"), page.get_by_label("Why"), page.get_by_role("button", name="Submit and next")]
    for each in bar:
        expect(each.first).to_be_in_viewport(ratio=1)
    page.keyboard.press("4")
    page.get_by_role("radio", name="Both are bad").click()
    page.get_by_role("radio", name="Both are bad").press("ArrowLeft")
    expect(page.get_by_role("radio", name="B much better")).to_be_checked()
    page.keyboard.press("e")
    expect(page.get_by_label("Why")).to_be_focused()
    page.keyboard.type("It dates the next step.")
    assert page.evaluate(WHERE) == still
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]


def test_it_brings_back_what_one_had_chosen(visit, erin, project):
    comparison = factories.comparison(factories.prompt(project))
    page = visit(erin, reverse("rank", args=[project.pk, comparison.pk]))
    page.keyboard.press("3")
    expect(_state(page)).to_contain_text("Saved")
    page.reload()
    expect(page.get_by_role("radio", name="Tie")).to_be_checked()


def test_it_ranks_several_by_moving_them(visit, erin, project):
    comparison = factories.comparison(factories.prompt(project), ["One.", "Two.", "Three."])
    page = visit(erin, reverse("rank", args=[project.pk, comparison.pk]))
    page.get_by_role("button", name="Move C up").click()
    expect(page.locator("[data-ranking-summary] strong")).to_have_text("Best first: A, then C, then B.")
    page.get_by_role("region", name="Answer B").focus()
    page.keyboard.press("1")
    expect(page.locator("[data-ranking-summary] strong")).to_have_text("A and B are better than C.")
    page.keyboard.press("0")
    expect(page.locator("[data-ranking-summary] strong")).to_have_text("All are bad.")


def test_it_remembers_the_theme(visit, erin, project):
    page = visit(erin, "/")
    page.get_by_role("button", name="Light or dark").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(19, 23, 22)"
