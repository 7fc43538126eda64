"""Every page, in each of its states: axe finds nothing serious, light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.urls import get_resolver
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.conftest import Visit
from tests.browser.house import House
from tests.browser.visitor import Visitor, sign_in

pytestmark = pytest.mark.browser

WIDE: ViewportSize = {"width": 1440, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}
COLOURS = ["color-contrast", "link-in-text-block"]
PAGES = [
    "home",
    "account",
    "base_models",
    "project_create",
    "project",
    "project_settings",
    "members",
    "guidelines",
    "guidelines_version",
    "guidelines_edit",
    "guidelines_recheck",
    "recheck_next",
    "round_suspects",
    "second_look",
    "second_look_next",
    "recheck",
    "prompts",
    "prompt",
    "who_gets_what",
    "prompt_kinds",
    "prompt_similar",
    "progress",
    "remarks",
    "discussion",
    "flags",
    "import_start",
    "import_map",
    "corpus",
    "document",
    "export",
    "write_next",
    "write",
    "precedents",
    "precedent",
    "approve_next",
    "approve",
    "rank_next",
    "rank",
    "correct",
    "correct_one",
    "rank_training",
    "rank_explained",
    "agreement",
    "disagreements",
    "disagreement",
    "known_answer",
    "ranker",
    "my_ranking",
    "score_next",
    "score",
    "cleaning",
    "findings",
    "finding",
    "glossary",
    "datasets",
    "dataset",
    "dataset_export",
    "dataset_comparison",
    "dataset_leaks",
    "freezing",
    "lineage",
    "adapter_lineage",
    "erasures",
    "erasure",
    "audits",
    "audit",
    "swapped_copy_next",
    "swapped_copy",
    "bias_lists",
    "rounds",
    "round_create",
    "preflight",
    "round",
    "adapters",
    "adapter",
    "adapter_comparison",
    "workers",
    "installation_workers",
    "sampling_create",
    "sampling",
    "playground",
    "playground_result",
    "evaluations",
    "evaluation_create",
    "evaluation",
    "evaluation_outputs",
    "promotions",
]
DOORS = ["sign_in", "sign_in_link"]
FRAGMENTS = [
    "round_progress",
    "evaluation_progress",
    "rank_differences",
    "write_draft",
]  # parts of pages in the list above
FILES = [
    "dataset_manifest",
    "audit_file",
    "import_problems",
    "package_file",
    "round_tensorboard",
    "livez",
    "readyz",
    "schema",
]
ACTS = [  # answer only to POST
    "sign_out",
    "token_revoke",
    "member",
    "export_act",
    "export_download",
    "cleaning_run",
    "findings_decide",
    "findings_undo",
    "audit_act",
    "freezing_act",
    "audit_copies",
    "dataset_compare",
    "dataset_rebuild",
    "dataset_without_leaks",
    "adapter_allow",
    "write_save",
    "write_hints",
    "write_reopen",
    "rank_take_back",
    "correct_save",
    "correct_one_save",
    "flag_close",
    "lease_renew",
    "ranker_act",
    "draft_save",
    "round_cancel",
    "round_retry",
    "round_mlflow",
    "corpus_delete",
    "package_create",
    "package_cancel",
    "sampling_cancel",
    "evaluation_open",
    "evaluation_reviewers",
    "contestant_retry",
    "contestant_leave_out",
    "promote",
    "rollback",
]
FOREIGN = ["api_docs"]  # drf-spectacular's page
SERIOUS = ("serious", "critical")


def test_it_knows_every_address() -> None:
    """A new page gets its place here, and in tests/furnished.py something to show."""
    known = {*PAGES, *DOORS, *FRAGMENTS, *FILES, *ACTS, *FOREIGN}
    names = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    of_api = {name for name in names if get_resolver().reverse_dict[name][0][0][0].startswith("api/v1/")}
    assert names - of_api - known == set()
    assert known - names == set()


@pytest.fixture(scope="module")
def window(house: House, browser: Browser) -> Iterator[Callable[[str], Visitor]]:
    """One window for each person, kept open from page to page."""
    windows: dict[str, Visitor] = {}

    def of(who: str) -> Visitor:
        if who not in windows:
            windows[who] = Visitor(house, browser.new_context(storage_state=sign_in(house, browser, who)))
        return windows[who]

    yield of
    for visitor in windows.values():
        visitor.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_it_can_be_used_by_everybody(name: str, pages: list[dict[str, Any]], window: Callable[[str], Visitor]) -> None:
    states = [page for page in pages if page["name"] == name]
    assert states, f"tests/furnished.py has no page for {name}"
    problems: list[str] = []
    for page in states:
        visitor = window(page["who"])
        visitor.problems.clear()
        visitor.open(name, *page["arguments"])
        problems += [f"{name} ({page['state']}): {problem}" for problem in [*look(visitor), *visitor.unexpected()]]
    assert not problems, "\n".join(problems)


def test_its_doors_can_be_used_by_everybody(house: House, visit: Visit) -> None:
    visitor = visit(None)
    visitor.open("sign_in")
    problems = look(visitor)
    visitor.expect("404", "410")  # Chromium reports pages with such a status to its console
    for address in (house.sign_in_link("erin"), visitor.at("sign_in_link", "spent"), house.url + "/no-such-page/"):
        visitor.page.goto(address)
        problems += look(visitor)
    assert not problems, "\n".join(problems)


def test_the_page_about_the_api_opens_without_outside_help(visit: Visit) -> None:
    visitor = visit("ada")
    visitor.expect("Applying inline style")  # Swagger's; the policy stays as strict for it
    page = visitor.open("api_docs")
    expect(page.get_by_text("/api/v1/projects/", exact=True).first).to_be_visible()


def look(visitor: Visitor) -> list[str]:
    """What is wrong with the open page."""
    page = visitor.page
    problems = _frame(page)
    problems += _axe(page, "wide, light", WIDE)
    problems += _axe(page, "wide, dark", WIDE, COLOURS)
    problems += _axe(page, "narrow, dark", NARROW, COLOURS)
    problems += _axe(page, "narrow, light", NARROW)
    if overflow := page.evaluate(TOO_WIDE):
        problems.append(f"wider than a phone: {overflow}")
    return problems


def _frame(page: Page) -> list[str]:
    problems = []
    headings = page.get_by_role("heading", level=1).count()
    if headings != 1:
        problems.append(f"{headings} headings of level 1")
    title = page.title()
    if "Preceptor" not in title or title.startswith(("Preceptor", " ·", "·")):
        problems.append(f"the title is “{title}”")
    return problems


def _axe(page: Page, how: str, size: ViewportSize, only: list[str] | None = None) -> list[str]:
    page.set_viewport_size(size)
    page.emulate_media(color_scheme="dark" if "dark" in how else "light")
    page.evaluate(STILL)
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
    if only:
        options["runOnly"] = {"type": "rule", "values": only}
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return [
        f"{how}: {found['id']} ({found['impact']}): {node['target']} {node['html'][:200]}"
        for found in page.evaluate("(options) => axe.run(options)", options)["violations"]
        if found["impact"] in SERIOUS
        for node in found["nodes"][:3]
    ]


STILL = """() => {
  for (const animation of document.getAnimations()) {
    if (animation.effect.getComputedTiming().endTime !== Infinity) animation.finish();
  }
}"""
TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return "";
  const wide = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > width + 1);
  const first = wide.slice(0, 3).map((element) => element.outerHTML.slice(0, 120));
  return `${document.documentElement.scrollWidth} px: ${first.join(" | ")}`;
}"""
