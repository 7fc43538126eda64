"""Whatever people or models write is shown and never obeyed, on any page that shows it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Visit
from tests.browser.hostile import PAYLOADS, TEXT
from tests.browser.house import House

pytestmark = pytest.mark.browser

# Elements and attributes that no text may bring into the page; the page's own are few and known.
INTRUDERS = """() => {
  const found = [];
  const own = location.origin + "/static/";
  for (const script of document.scripts) if (!script.src.startsWith(own)) found.push(script.outerHTML);
  const never = "iframe, object, embed, base, math, marquee, video, audio, plaintext, meta[http-equiv], main style";
  for (const element of document.querySelectorAll(never)) found.push(element.outerHTML);
  for (const element of document.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      const address = ["href", "src", "action", "formaction", "data", "xlink:href"].includes(name);
      const acts = name.startsWith("on") || name.startsWith("hx-on") || name === "style";
      if (acts || (address && /^\\s*(java\\s*script|data):/i.test(value))) found.push(element.outerHTML);
    }
  }
  for (const text of document.querySelectorAll(".reading, .prose, textarea, pre")) {
    const inside = text.querySelectorAll("script, img, svg, form, button, input, link, [hx-get], [data-key], [id]");
    for (const element of inside) found.push(element.outerHTML);
  }
  if (window.acted) found.push("a script ran");
  return found.map((html) => html.slice(0, 200));
}"""


def intruders(page: Page) -> list[str]:
    return page.evaluate(INTRUDERS)


def test_it_would_notice(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(f"<div class=reading>{TEXT}</div>")
    assert len(intruders(page)) > 20
    page.close()


def test_nothing_that_was_written_acts(house: House, visit: Visit) -> None:
    assert len(PAYLOADS) >= 40
    windows = {who: visit(who) for who in ("erin", "rita", "ada")}
    problems: list[str] = []
    for made in house.scene("hostile")["pages"]:
        page = windows[made["who"]].open(made["name"], *made["arguments"])
        page.wait_for_timeout(100)
        problems += [f"{made['name']} {made['state']}: {found}" for found in intruders(page)]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("kind", ["typed", "restored", "in conflict"])
def test_nothing_that_is_being_written_acts(house: House, visit: Visit, kind: str) -> None:
    made: Any = house.scene("writing", name=f"Hostile, {kind}", prompts=1)
    visitor = visit("erin")
    visitor.expect("409", "ERR_FAILED", "htmx:")
    page = visitor.open("write", made["project"], made["prompts"][0])
    box = page.locator("textarea[name=text]")
    if kind == "restored":
        page.route("**/save/", lambda route: route.abort())
    if kind == "in conflict":
        other = visitor.context.new_page()
        other.goto(page.url)
        other.locator("textarea[name=text]").fill(f"{TEXT} in another tab")
        expect(other.locator("[data-autosave-state]")).to_contain_text("Saved")
    box.fill(TEXT)
    expected = {"typed": "Saved", "restored": "Not saved, retrying", "in conflict": "Not saved"}[kind]
    expect(page.locator("[data-autosave-state]")).to_contain_text(expected)
    if kind == "in conflict":
        page.get_by_role("button", name="Take the newer one").click()
    else:
        page.reload()
    expect(box).to_have_value(TEXT if kind != "in conflict" else f"{TEXT} in another tab")
    assert intruders(page) == []
