"""Somebody without a mouse: every key they press must leave the focus where it can be seen."""

from __future__ import annotations

from playwright.sync_api import Page, expect

# What is wrong with the place of the focus, or nothing. A page that has just come has it on its main part. A control
# drawn by its label is seen by the label; what is larger than the window is seen when a part of it is.
UNSEEN = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return "nothing has the focus";
  if (element.id === "main") return "";
  const name = element.outerHTML.slice(0, 160);
  const drawn = [element, element.closest("label"), element.closest("summary")].filter(Boolean);
  const marked = drawn.some((each) => {
    const style = getComputedStyle(each);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  });
  if (!marked || !element.matches(":focus-visible")) return `no mark of the focus on ${name}`;
  const box = (element.closest("label") || element).getBoundingClientRect();
  const left = Math.max(box.left, 0), right = Math.min(box.right, innerWidth);
  const top = Math.max(box.top, 0), bottom = Math.min(box.bottom, innerHeight);
  if (bottom <= top || right <= left) return `out of sight: ${name}`;
  const spots = [0.5, 0.1, 0.9].map((part) => [left + (right - left) / 2, top + (bottom - top) * part]);
  const free = spots.some(([x, y]) => {
    const there = document.elementFromPoint(x, y);
    return there && drawn.some((each) => each.contains(there) || there.contains(each));
  });
  return free ? "" : `covered: ${name}`;
}"""
WORDS = """() => {
  const element = document.activeElement;
  return (element?.ariaLabel || element?.innerText || element?.labels?.[0]?.innerText || "").trim();
}"""
MOST_TABS = 90


class Hands:
    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        self.page.wait_for_load_state()  # a page that has just come does not listen yet
        for key in keys:
            self.page.keyboard.press(key)
            problem = self.page.evaluate(UNSEEN)
            assert not problem, f"after {key} on {self.page.url}: {problem}"

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def send(self, key: str = "Control+Enter") -> None:
        """A key that brings another page: the focus is looked at once that is there."""
        self.page.wait_for_load_state()
        self.page.keyboard.press(key)

    def go_to(self, words: str) -> None:
        """By Tab to what is called so, then Enter."""
        for _ in range(MOST_TABS):
            self.press("Tab")
            if self.page.evaluate(WORDS).startswith(words):
                self.page.keyboard.press("Enter")
                return
        raise AssertionError(f"Tab does not come to “{words}” on {self.page.url}")

    def sees(self, words: str) -> None:
        expect(self.page.locator("main").get_by_text(words).first).to_be_visible()
