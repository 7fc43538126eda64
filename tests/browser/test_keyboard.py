"""Whole pieces of work with the keyboard alone, and the focus in sight after every key."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.hands import Hands
from tests.browser.house import House

pytestmark = pytest.mark.browser


def title(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)


def saved(page: Page) -> None:
    expect(page.locator("[data-autosave-state]")).to_contain_text("Saved")


def test_an_expert_writes_ranks_corrects_and_scores(house: House, visit: Visit) -> None:
    project = house.scene("workday", name="A day by keyboard")["project"]
    page = visit("erin").open("project", project)
    hands = Hands(page)
    hands.go_to("Write")
    hands.sees("Matter 1.")
    hands.press("e")
    hands.type("Parties: two")
    saved(page)
    hands.send()
    title(page, "Nothing left")
    hands.go_to("Rank")

    hands.sees("One pays $10.")
    hands.press("5", "r", "Space")  # B much better, to the reasons, the first of them
    expect(page.get_by_role("radio", name="B much better")).to_be_checked()
    hands.send()
    hands.sees("Three.")
    hands.press("2", "n", "n")  # A better; into the second answer
    hands.send("w")
    title(page, "Edit B into a usable answer")
    hands.press("Control+End")
    hands.type(" And a half.")
    saved(page)
    hands.send()
    expect(page.get_by_role("radio", name="A better", exact=True)).to_be_checked()
    hands.send()
    hands.sees("Seven.")
    hands.press("n", "2", "n", "1", "n", "3")  # a place for each
    expect(page.locator("[data-ranking-summary]")).to_contain_text("Best first: B, then A, then C.")
    hands.press("l", "ArrowLeft")
    expect(page.locator("[data-ranking-summary]")).to_contain_text("C is not good enough.")
    hands.send()
    title(page, "Nothing left")
    hands.go_to("Score")

    expect(page.locator(".criterion").first).to_be_visible()
    hands.press("5", "4", "3", "2", "8")
    expect(page.locator(".criterion input:checked")).to_have_count(5)
    hands.send()
    title(page, "Nothing left")

    texts = {row["text"] for row in house.scene("texts_of", project=project)["texts"]}
    assert "Parties: two" in texts
    assert any(text.endswith("And a half.") for text in texts)
    pair, corrected, three = house.scene("rankings_of", project=project)["rankings"]
    assert (pair["strength"], len(pair["chips"])) == (2, 1)
    assert corrected["strength"] == 1
    assert len(three["order"]) == 3
    assert house.scene("reviews_of", project=project)["reviews"] == [[5, 4, 3, 2, 8]]


def test_a_reviewer_settles_disagreements_and_marks_what_is_known(house: House, visit: Visit) -> None:
    made = house.scene("disputed", name="Decided by keyboard")
    project = made["project"]
    page = visit("rita").open("agreement", project)
    hands = Hands(page)
    hands.go_to("Disagreements")
    title(page, "Disagreements")
    hands.go_to("prompt 1")
    title(page, "What should stand?")
    hands.press("1", "e")
    hands.type("The deadline decides.")
    hands.send()
    hands.sees("What people said")
    expect(page.locator("#id_reason")).to_have_value("")
    hands.go_to("Make it a known answer")
    hands.sees("What this does")
    hands.press("2", "e")
    hands.type("It is dated.")
    hands.send()
    expect(page.get_by_text(re.compile("known answer", re.I)).first).to_be_visible()
    stored = house.scene("decisions_of", project=project)
    assert stored["reasons"] == ["The deadline decides."]
    assert stored["explanations"] == ["It is dated."]
    Hands(visit("rita").open("ranker", project, made["erin"])).press(*["Tab"] * 12)


def test_somebody_new_learns_to_rank_and_looks_at_how_they_do(house: House, visit: Visit) -> None:
    project = house.scene("disputed", name="Learned by keyboard")["project"]
    page = visit("rita").open("rank_next", project)  # Rita has not ranked yet
    hands = Hands(page)
    title(page, "Before you rank")
    hands.send()
    for _ in range(2):
        expect(page.get_by_role("group", name="Which answer is better?")).to_be_visible()
        right = page.locator(".candidate", has_text=re.compile(r"It has \d")).locator(".candidate-name").inner_text()
        hands.press("1" if right.strip().startswith("A") else "5")
        hands.send()
        title(page, "As expected")
        hands.sees("It is dated.")
        hands.send()
    title(page, "You are ready to rank")
    assert "rita" in house.scene("decisions_of", project=project)["admitted"]
    Hands(visit("rita").open("my_ranking", project)).press(*["Tab"] * 12)


def test_a_reviewer_decides_on_swapped_copies(house: House, visit: Visit) -> None:
    project = house.scene("swapped", name="Copies by keyboard")["project"]
    page = visit("rita").open("swapped_copy_next", project)
    hands = Hands(page)
    title(page, "Is this copy as good")
    hands.sees("2 left")
    hands.press("d")
    hands.type("Untrue then.")
    hands.send("Enter")
    hands.sees("1 left")
    hands.send("a")
    title(page, "No swapped copy waits")
    hands.go_to("Women and men")
    title(page, "Is this copy as good")
    hands.send("u")
    hands.sees("1 left")
    hands.press("e", "Tab", "Tab", "Control+End")
    hands.type(" Mine.")
    hands.go_to("Approve with these changes")
    title(page, "No swapped copy waits")
    stored = house.scene("copies_of", project=project)["copies"]
    assert sorted(each["state"] for each in stored) == ["approved", "dismissed"]
    assert [each["reason"] for each in stored if each["reason"]] == ["Untrue then."]
    assert [each["text"].endswith(" Mine.") for each in stored if each["state"] == "approved"] == [True]
