"""The working pages on a telephone and at twice the size of letters: nothing beside the window, everything in reach."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import Visit
from tests.browser.house import House
from tests.browser.test_accessibility import TOO_WIDE

pytestmark = pytest.mark.browser

WRITING = ["write", "approve", "recheck", "correct", "correct_one"]
JUDGING = ["rank", "score", "rank_training", "rank_explained", "disagreement", "known_answer", "my_ranking"]
TELEPHONE: ViewportSize = {"width": 390, "height": 844}
ENLARGED: ViewportSize = {"width": 720, "height": 450}  # a window of 1440 by 900 at 200 %
# What of the page can be read between what stays in place above and below: its least height at any scroll position.
LEFT_TO_READ = """async () => {
  const bottom = document.scrollingElement.scrollHeight;
  let least = innerHeight;
  for (let top = 0; top <= bottom - innerHeight; top += innerHeight) {
    scrollTo(0, top);
    await new Promise(requestAnimationFrame);
    let free = 0;
    for (let y = 2; y < innerHeight; y += 8) {
      const there = document.elementFromPoint(innerWidth / 2, y);
      let fixed = false;
      for (let each = there; each; each = each.parentElement) {
        const { position } = getComputedStyle(each);
        if (position === "fixed" || (position === "sticky" && each.scrollHeight <= innerHeight)) fixed = true;
      }
      if (there && !fixed) free += 8;
    }
    least = Math.min(least, free);
  }
  scrollTo(0, 0);
  return least;
}"""

BELOW_THE_END = """() => {
  const { bottom } = document.querySelector("main").getBoundingClientRect();
  const below = document.scrollingElement.scrollHeight - Math.max(innerHeight, scrollY + bottom);
  return below > 2 ? Math.round(below) : 0; // heights are whole pixels where what they are of is not
}"""


def problems_of(page: Page, size: ViewportSize) -> list[str]:
    found = []
    if wide := page.evaluate(TOO_WIDE):
        found.append(f"wider than the window: {wide}")
    if blank := page.evaluate(BELOW_THE_END):
        found.append(f"{blank} px of nothing below its end")
    primary = page.locator("main .btn-primary:visible")
    if primary.count():
        primary.first.click(trial=True)  # scrolls to it; fails where something lies over it
    if (left := page.evaluate(LEFT_TO_READ)) < size["height"] * 0.4:
        found.append(f"only {left} of {size['height']} px are left to read in")
    return found


@pytest.mark.parametrize(
    ("size", "scale"), [(TELEPHONE, 3), (ENLARGED, 2)], ids=["on a telephone", "at twice the size of letters"]
)
def test_a_working_page_fits_and_its_action_is_in_reach(
    size: ViewportSize, scale: int, visit: Visit, pages: list[dict[str, Any]]
) -> None:
    windows = {who: visit(who, viewport=size, device_scale_factor=scale) for who in ("erin", "rita", "ada")}
    problems, looked_at = [], 0
    for each in pages:
        if each["name"] not in [*WRITING, *JUDGING]:
            continue
        page = windows[each["who"]].open(each["name"], *each["arguments"])
        looked_at += 1
        problems += [f"{each['name']} ({each['state']}): {problem}" for problem in problems_of(page, size)]
    assert looked_at >= len([*WRITING, *JUDGING])
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, {"width": 1024, "height": 768}])
def test_what_is_decided_stays_in_sight_however_long_the_answers_are(
    size: ViewportSize, house: House, visit: Visit
) -> None:
    made = house.scene("disputed", name=f"Long answers, {size['width']}", sentences=150)
    window = visit("rita", viewport=size)
    page = window.open("disagreement", made["project"], made["disputed"][0])
    for name in ("Decide and next", "Later"):
        expect(page.get_by_text(name)).to_be_in_viewport(ratio=1)
    if size["width"] > 1200:  # with less room it comes below the answers
        expect(page.get_by_text("It names the deadline.")).to_be_in_viewport(ratio=1)
    page.locator(".candidate").first.hover()
    page.mouse.wheel(0, 5_000)
    expect(page.get_by_role("button", name="Decide and next")).to_be_in_viewport(ratio=1)
    page = visit("ada", viewport=size).open("known_answer", made["project"], made["disputed"][0])
    expect(page.get_by_role("button", name="Check people by it")).to_be_in_viewport(ratio=1)


def test_a_trainee_with_long_answers_reads_the_explanation_first(house: House, visit: Visit) -> None:
    project = house.scene("disputed", name="Long training", sentences=150)["project"]
    page = visit("rita", viewport=TELEPHONE).open("rank_next", project, query="?begin=1")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("xpected")
    explained = page.get_by_text("It is dated.").bounding_box()
    answers = page.locator(".candidates").bounding_box()
    assert explained
    assert answers
    assert explained["y"] < answers["y"]
    page.set_viewport_size({"width": 1024, "height": 768})
    expect(page.get_by_role("link", name="Next")).to_be_in_viewport(ratio=1)
