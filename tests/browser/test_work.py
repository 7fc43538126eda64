"""What experts and reviewers do all day, by keyboard, with the connection they have."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.house import House, eventually

pytestmark = pytest.mark.browser

OFFLINE = "ERR_INTERNET_DISCONNECTED"
CONFLICT = "409"


def state(page: Page) -> Any:
    return expect(page.locator("[data-autosave-state]"))


def text(page: Page) -> Any:
    return page.get_by_label("Your response").and_(page.locator("textarea"))


def stay(page: Page) -> None:
    """Marks the page: the mark is gone when the browser loads another."""
    page.evaluate("window.marked = true")


def stayed(page: Page) -> bool:
    return bool(page.evaluate("window.marked === true"))


# --- Writing ------------------------------------------------------------------------------------------------


def test_an_expert_writes_with_keys_alone(house: House, visit: Visit) -> None:
    project = house.scene("writing", name="By keyboard", prompts=2)["project"]
    visitor = visit("erin")
    page = visitor.open("write_next", project)
    expect(page.get_by_text("Matter 1.")).to_be_visible()
    page.keyboard.press("e")
    page.keyboard.type("Parties: Denise Okafor? (tenant) - 100 % sure")
    state(page).to_contain_text("Saved")
    page.reload()
    expect(text(page)).to_have_value("Parties: Denise Okafor? (tenant) - 100 % sure")
    stay(page)
    page.keyboard.press("e")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Matter 2.")).to_be_visible()
    assert stayed(page)
    expect(text(page)).to_have_value("")
    page.keyboard.press("s")
    expect(page.get_by_text("Matter 2.")).to_be_visible()  # the only one left comes back
    stored = house.scene("texts_of", project=project)["texts"]
    assert [row["status"] for row in stored] == ["submitted"]
    assert stored[0]["text"] == "Parties: Denise Okafor? (tenant) - 100 % sure"


def test_it_saves_soon_after_the_last_key_at_once_on_blur_and_on_leaving(house: House, visit: Visit) -> None:
    project = house.scene("writing", name="Saved when")["project"]
    page = visit("erin").open("write_next", project)
    page.evaluate("addEventListener('keydown', () => { window.lastKey = performance.now(); }, true)")
    saves = page.evaluate("new URL(document.querySelector('[data-autosave]').dataset.autosave, location).href")
    page.keyboard.press("e")
    page.keyboard.type("After a while.")
    state(page).to_contain_text("Saved")
    waited = page.evaluate("address => performance.getEntriesByName(address).at(-1).startTime - lastKey", saves)
    assert 1_400 < waited < 3_000, "a second and a half after the last key, and not while one types"
    page.keyboard.type(" At once.")
    with page.expect_request(saves, timeout=1_000):
        text(page).blur()
    state(page).to_contain_text("Saved")
    page.keyboard.press("e")
    page.keyboard.type(" By habit.")
    with page.expect_request(saves, timeout=1_000):
        page.keyboard.press("Control+s")
    state(page).to_contain_text("Saved")
    page.keyboard.type(" And gone.")
    page.goto(house.url)
    written = ["After a while. At once. By habit. And gone."]
    eventually(lambda: [row["text"] for row in house.scene("texts_of", project=project)["texts"]] == written, 10)


def test_an_expert_loses_nothing_while_offline(house: House, visit: Visit) -> None:
    project = house.scene("writing", name="Offline")["project"]
    visitor = visit("erin")
    visitor.expect(OFFLINE, "htmx:")
    page = visitor.open("write_next", project)
    page.keyboard.press("e")
    page.keyboard.type("One. ")
    state(page).to_contain_text("Saved")
    visitor.context.set_offline(True)
    page.keyboard.type("Two. ")
    state(page).to_have_text("Not saved, retrying")
    page.wait_for_timeout(5_000)
    page.keyboard.type("Three.")
    visitor.context.set_offline(False)
    state(page).to_contain_text("Saved")
    expect(text(page)).to_have_value("One. Two. Three.")
    assert [row["text"] for row in house.scene("texts_of", project=project)["texts"]] == ["One. Two. Three."]
    page.reload()
    expect(text(page)).to_have_value("One. Two. Three.")


def test_a_judgement_made_while_offline_is_not_lost(house: House, visit: Visit) -> None:
    project = house.scene("comparing", name="Judged offline", comparisons=1)["project"]
    visitor = visit("erin")
    visitor.expect(OFFLINE, "htmx:")
    page = visitor.open("rank_next", project)
    page.keyboard.press("2")
    state(page).to_contain_text("Saved")
    visitor.context.set_offline(True)
    page.keyboard.press("4")
    page.keyboard.press("e")
    page.keyboard.type("B names the deadline.")
    state(page).to_have_text("Not saved, retrying")
    page.keyboard.press("Control+Enter")  # does not arrive, and takes nothing with it
    expect(page.get_by_label("Why")).to_have_value("B names the deadline.")
    visitor.context.set_offline(False)
    state(page).to_contain_text("Saved", timeout=20_000)
    page.reload()
    expect(page.get_by_role("radio", name="B better", exact=True)).to_be_checked()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing left")
    (stored,) = house.scene("rankings_of", project=project)["rankings"]
    assert (stored["strength"], stored["reason"]) == (1, "B names the deadline.")


def test_a_stale_tab_asks_and_keeps_its_text(house: House, visit: Visit) -> None:
    made = house.scene("writing", name="Two tabs", prompts=1)
    visitor = visit("erin")
    visitor.expect(CONFLICT)
    first = visitor.open("write", made["project"], made["prompts"][0])
    second = visitor.context.new_page()
    second.goto(first.url)
    text(first).fill("Written in the first tab.")
    state(first).to_contain_text("Saved")
    text(second).fill("Written in the second tab.")
    question = second.locator("[data-autosave-conflict]")
    expect(question).to_be_visible(timeout=10_000)
    expect(question.locator("del").last).to_have_text("first")  # word by word
    expect(question.locator("ins").last).to_have_text("second")
    expect(text(second)).to_have_value("Written in the second tab.")
    assert house.scene("texts_of", project=made["project"])["texts"][0]["text"] == "Written in the first tab."
    question.get_by_role("button", name="Keep what is here").click()
    state(second).to_contain_text("Saved")
    assert house.scene("texts_of", project=made["project"])["texts"][0]["text"] == "Written in the second tab."
    text(first).fill("Written in the first tab, again.")
    first.locator("[data-autosave-conflict]").get_by_role("button", name="Take the newer one").click(timeout=10_000)
    expect(text(first)).to_have_value("Written in the second tab.")


# --- Returning ----------------------------------------------------------------------------------------------


def test_a_returned_response_comes_first(house: House, visit: Visit) -> None:
    made = house.scene("submitted", name="Returned")
    reviewer = visit("rita").open("approve_next", made["project"])
    reviewer.keyboard.press("r")
    expect(reviewer.get_by_label("What should the author change?")).to_be_focused()
    reviewer.keyboard.type("Name the deadline.")
    reviewer.keyboard.press("Control+Enter")
    expect(reviewer.get_by_role("heading", level=1)).to_contain_text("Nothing left")
    page = visit("erin").open("write_next", made["project"])
    expect(page.get_by_text("Name the deadline.")).to_be_visible()
    expect(text(page)).to_contain_text("Denise Okafor")
    text(page).press("End")
    page.keyboard.type(" At noon.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Matter 2.")).to_be_visible()
    assert house.scene("texts_of", project=made["project"])["texts"][0]["status"] == "submitted"


# --- Judging ------------------------------------------------------------------------------------------------


def test_an_expert_ranks_with_keys_alone(house: House, visit: Visit) -> None:
    project = house.scene("comparing", name="Ranking", comparisons=3)["project"]
    visitor = visit("erin")
    visitor.expect("422")
    page = visitor.open("rank_next", project)
    stay(page)
    for matter, key, said in [(1, "1", "A much better"), (2, "3", "Tie")]:
        expect(page.get_by_text(f"Matter {matter}.")).to_be_visible()
        expect(page.get_by_role("group", name="Which answer is better?")).to_be_visible()
        expect(page.get_by_role("radio", checked=True)).to_have_count(0)
        page.keyboard.press(key)
        expect(page.get_by_role("radio", name=said)).to_be_checked()
        page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Matter 3.")).to_be_visible()
    page.keyboard.press("0")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Say why both are bad.")).to_be_visible()
    expect(page.get_by_label("Why")).to_be_focused()
    assert stayed(page)
    page.keyboard.type("Both invent a date.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing left")
    stored = house.scene("rankings_of", project=project)["rankings"]
    assert [(len(row["order"]), row["all_bad"]) for row in stored] == [(2, False), (1, False), (1, True)]


def test_an_expert_scores_blind_with_keys_alone(house: House, visit: Visit) -> None:
    made = house.scene("judging", name="Scoring")
    page = visit("erin").open("score_next", made["project"])
    stay(page)
    for place in range(4):
        seen = page.content() + page.url
        for telling in (made["evaluation"], *made["telling"]):
            assert telling not in seen
        for digit in "5432":
            page.keyboard.press(digit)
        page.keyboard.press("8")
        expect(page.locator(".criterion input:checked")).to_have_count(5)
        page.keyboard.press("Control+Enter")
        if place < 3:
            expect(page.locator(".criterion input:checked")).to_have_count(0)
            assert stayed(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing left")
    stored = house.scene("reviews_of", project=made["project"])["reviews"]
    assert stored == [[5, 4, 3, 2, 8]] * 4


# --- The frame ----------------------------------------------------------------------------------------------


def test_it_shows_the_keys_of_the_page(house: House, visit: Visit) -> None:
    project = house.scene("writing", name="Keys")["project"]
    page = visit("erin").open("write_next", project)
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys on this page")
    expect(sheet.get_by_text("Submit and next")).to_be_visible()
    expect(sheet.get_by_text("Go to the text")).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()


def test_it_works_without_javascript(house: House, visit: Visit) -> None:
    project = house.scene("writing", name="Plain forms", prompts=2)["project"]
    visitor = visit("erin", java_script_enabled=False)
    page = visitor.open("write_next", project)
    page.get_by_label("Your response").and_(page.locator("textarea")).fill("Without a script.")
    page.get_by_role("button", name="Submit and next").click()
    expect(page.get_by_text("Matter 2.")).to_be_visible()
    assert house.scene("texts_of", project=project)["texts"][0]["status"] == "submitted"


def test_it_ranks_without_javascript(house: House, visit: Visit) -> None:
    project = house.scene("comparing", name="Plain choices", comparisons=1)["project"]
    page = visit("erin", java_script_enabled=False).open("rank_next", project)
    page.get_by_role("radio", name="B better", exact=True).check()
    page.get_by_role("button", name="Submit and next").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing left")
    assert [len(row["order"]) for row in house.scene("rankings_of", project=project)["rankings"]] == [2]
