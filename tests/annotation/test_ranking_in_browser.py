"""Ranking with hands on it: dragging, the line, marks, differences, points and better answers, without a mouse too."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotation.models import Correction, Demonstration, Lease, Mark, Project, Ranking
from tests import factories
from tests.frame.conftest import chromium, visit  # noqa: F401 - fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FOUR = ["One 😀 pays $10.", "Two pays $20.", "Three pays $30.", "Four pays $40."]
LONG = ["One. " * 900, "Two is longer. " * 900]


def opened(visit, user, project: Project, texts: list[str]) -> Page:  # noqa: F811
    comparison = factories.comparison(factories.prompt(project), texts)
    return visit(user, reverse("rank", args=[project.pk, comparison.pk]))


def said(page: Page):
    return page.locator("[data-ranking-summary]")


def chip(page: Page, letter: str):
    return page.locator(f"[data-chip='{letter}']")


def drag(page: Page, what, where) -> None:
    start, end = what.bounding_box(), where.bounding_box()
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2 - 9, end["y"] + end["height"] / 2, steps=4)
    middle = where.bounding_box()  # the gaps have opened meanwhile
    page.mouse.move(middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2, steps=3)
    page.mouse.up()


def test_it_orders_by_dragging_with_ties_and_a_line(visit, erin, project):  # noqa: F811
    page = opened(visit, erin, project, FOUR)
    order = page.locator("[data-order]")
    drag(page, chip(page, "B"), order.locator("[data-drop='gap:0']"))
    drag(page, chip(page, "A"), order.locator("[data-drop='gap:1']"))
    drag(page, page.locator("#cand-d"), order.locator("[data-drop='gap:2']"))
    drag(page, chip(page, "C"), order.locator("[data-drop='at:0']"))
    expect(said(page)).to_contain_text("Best first: B and C, then A, then D.")
    drag(page, order.locator("[data-line-handle]"), order.locator("[data-drop='gap:1']"))
    expect(said(page)).to_contain_text("A and D are not good enough.")
    expect(said(page)).to_contain_text("You say: B over A, B over D, C over A, C over D.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Nothing left for you to rank")).to_be_visible()
    ranking = Ranking.objects.get()
    a, b, c, d = ranking.shown
    assert ([set(group) for group in ranking.order], ranking.acceptable) == ([{b, c}, {a}, {d}], 1)


def test_it_orders_with_keys_alone(visit, erin, project):  # noqa: F811
    page = opened(visit, erin, project, FOUR)
    page.keyboard.press("n")
    expect(page.get_by_role("region", name="Answer A")).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    expect(said(page)).to_contain_text("Best first: B, then A, then C, then D.")
    for _ in range(3):
        page.keyboard.press("n")
    expect(page.get_by_role("region", name="Answer D")).to_be_focused()
    page.keyboard.press("1")
    expect(said(page)).to_contain_text("Best first: B and D, then A, then C.")
    page.keyboard.press("l")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-line-handle]")).to_be_focused()
    expect(said(page)).to_contain_text("C is not good enough.")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(said(page)).to_contain_text("All are bad.")
    page.keyboard.press("ArrowRight")
    expect(said(page)).to_contain_text("A and C are not good enough.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Nothing left for you to rank")).to_be_visible()
    assert (Ranking.objects.get().acceptable, Ranking.objects.get().all_bad) == (1, False)


def test_it_marks_words_selected_with_the_mouse_and_keeps_them_in_the_draft(visit, erin, project):  # noqa: F811
    page = opened(visit, erin, project, FOUR)
    boxes = page.locator("[data-text]")
    letter = next(at for at in range(4) if "One" in boxes.nth(at).inner_text())
    name = "ABCD"[letter]
    box = boxes.nth(letter)
    box.evaluate("(box) => getSelection().setBaseAndExtent(box.firstChild, 12, box.firstChild, 15)")
    box.dispatch_event("pointerup", {"bubbles": True})
    page.get_by_role("button", name="Wrong number").click()
    marked = page.get_by_role("list", name=f"Errors marked in {name}")
    expect(marked).to_contain_text("Wrong number “$10”")
    expect(box.locator("mark")).to_have_text("$10")
    expect(page.locator("[data-autosave-state]")).to_contain_text("Saved")
    assert Lease.objects.get(user=erin).draft["marks"] == f"{name} number 11 14"
    page.reload()
    expect(marked).to_contain_text("“$10”")
    page.get_by_role("checkbox", name="All are bad").check()
    page.get_by_label("Why").fill("Sums.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Nothing left for you to rank")).to_be_visible()
    mark = Mark.objects.get()
    assert mark.candidate.text[mark.start : mark.end] == "$10"


def test_it_marks_and_unmarks_with_keys_alone(visit, erin, project):  # noqa: F811
    page = opened(visit, erin, project, FOUR)
    page.keyboard.press("n")
    page.keyboard.press("n")
    page.keyboard.press("m")
    expect(page.get_by_role("toolbar", name="What is wrong")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("2")
    marked = page.get_by_role("list", name="Errors marked in B")
    expect(marked).to_contain_text("Missing fact")
    words = page.get_by_role("region", name="Answer B").inner_text().split()
    expect(marked).to_contain_text(f"{words[1]} {words[2]}")
    page.get_by_role("button", name="Remove the mark").press("Enter")
    expect(marked).to_be_hidden()
    page.keyboard.press("m")
    page.keyboard.press("Escape")
    expect(page.get_by_role("toolbar", name="What is wrong")).to_be_hidden()


def test_it_shows_differences_only_when_asked(visit, erin, project):  # noqa: F811
    page = opened(visit, erin, project, ["Pay $10 by May.", "Pay $20 by early May."])
    second = factories.comparison(factories.prompt(project), ["Left.", "Right."])
    expect(page.locator(".differs")).to_have_count(0)
    page.keyboard.press("d")
    expect(page.locator(".differs").first).to_be_visible()
    assert sorted(page.locator(".differs").all_inner_texts()) == ["10", "20", "early"]
    page.keyboard.press("d")
    expect(page.locator(".differs")).to_have_count(0)
    page.keyboard.press("d")
    page.keyboard.press("3")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Left.")).to_be_visible()
    expect(page.locator(".differs")).to_have_count(0)
    assert second.rankings_done == 0


def test_it_scrolls_long_answers_together_until_told_not_to(visit, erin, project):  # noqa: F811
    page = opened(visit, erin, project, LONG)
    boxes = page.locator("[data-text]")
    widths = [boxes.nth(at).bounding_box()["width"] for at in range(2)]
    assert widths[0] == pytest.approx(widths[1], abs=1)
    share = "(box) => box.scrollTop / (box.scrollHeight - box.clientHeight)"
    boxes.first.evaluate("(box) => { box.scrollTop = (box.scrollHeight - box.clientHeight) / 2; }")
    page.wait_for_timeout(200)
    assert boxes.nth(1).evaluate(share) == pytest.approx(0.5, abs=0.02)
    page.keyboard.press("y")
    boxes.nth(1).evaluate("(box) => { box.scrollTop = 0; }")
    page.wait_for_timeout(200)
    assert boxes.first.evaluate(share) == pytest.approx(0.5, abs=0.02)
    page.reload()
    expect(page.get_by_role("button", name="Scroll together")).to_have_attribute("aria-pressed", "false")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("button", name="Scroll together")).to_be_hidden()
    tops = [boxes.nth(at).bounding_box() for at in range(2)]
    assert tops[1]["y"] > tops[0]["y"] + tops[0]["height"] - 1, "below each other on a narrow screen"


def test_it_judges_point_by_point_with_digits(visit, erin, project):  # noqa: F811
    project.criteria_compared = ["accuracy", "utility"]
    project.save()
    page = opened(visit, erin, project, FOUR[:2])
    expect(page.locator("[data-aspect]").first).to_be_hidden()
    page.keyboard.press("c")
    expect(page.locator("[data-aspect]").first).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("3")
    page.keyboard.press("4")
    expect(said(page)).to_contain_text("You say: B over A.")
    page.keyboard.press("r")
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Nothing left for you to rank")).to_be_visible()
    ranking = Ranking.objects.get()
    a, b = ranking.shown
    assert ranking.criteria["accuracy"] == {"order": [[a], [b]], "strength": 2}
    assert ranking.criteria["utility"] == {"order": [[a, b]], "strength": None}
    assert (ranking.order, ranking.strength, ranking.chips) == ([[b], [a]], 1, ["More accurate"])


def test_it_writes_the_better_answer_and_takes_a_judgement_back_with_keys(visit, erin, project):  # noqa: F811
    page = opened(visit, erin, project, FOUR[:2])
    factories.comparison(factories.prompt(project), ["Left.", "Right."])
    page.keyboard.press("0")
    page.keyboard.press("e")
    page.keyboard.type("Neither says who pays.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Left.")).to_be_visible()
    page.keyboard.press("b")
    expect(page.get_by_role("heading", name="Write the better answer")).to_be_visible()
    page.keyboard.type("The tenant pays $10.")
    expect(page.locator("[data-autosave-state]")).to_contain_text("Saved")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Handed in.")).to_be_visible()
    assert Correction.objects.get().demonstration.text == "The tenant pays $10."
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Nothing left for you to rank")).to_be_visible()
    page.go_back()
    page.keyboard.press("u")
    expect(page.get_by_text("Taken back.")).to_be_visible()
    expect(page.get_by_role("radio", name="A much better")).to_be_checked()


def test_it_edits_the_answer_in_focus(visit, erin, project):  # noqa: F811
    page = opened(visit, erin, project, FOUR[:2])
    page.keyboard.press("2")
    page.keyboard.press("n")
    page.keyboard.press("n")
    text = page.get_by_role("region", name="Answer B").inner_text()
    page.keyboard.press("w")
    expect(page.get_by_role("heading", name="Edit B into a usable answer")).to_be_visible()
    expect(page.locator("#id_text")).to_have_value(text)
    page.keyboard.press("Control+End")
    page.keyboard.type(" By May.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("radio", name="A better", exact=True)).to_be_checked()
    assert Demonstration.objects.get().text == f"{text} By May."
