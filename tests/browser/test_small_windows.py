"""The working pages on a telephone and at twice the size of letters: nothing beside the window, everything in reach."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize

from tests.browser.conftest import Visit
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


def problems_of(page: Page, size: ViewportSize) -> list[str]:
    found = []
    if wide := page.evaluate(TOO_WIDE):
        found.append(f"wider than the window: {wide}")
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
