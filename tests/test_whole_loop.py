"""The whole loop in Chromium, with the real server, the real worker and the real default base model.

Three people, two short rounds; what each of them saw is left in var/screenshots/.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import browser  # noqa: F401 - fixture
from tests.browser.house import ROOT, House, copy, prepare
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.loop

SCREENSHOTS = ROOT / "var" / "screenshots"
NOTES = ROOT / "annotation" / "demo" / "client_intake"
SECTIONS = ["Parties", "Jurisdiction", "Core dispute", "Key facts", "Remedies sought", "Next step"]
ANSWERED, HELD_OUT, UNANSWERED = 16, 4, 3
RESPONSE = """Parties: Ines Duarte (tenant); Oakline Homes LLC (landlord)
Jurisdiction: Cobb County, Georgia
Core dispute: Whether the landlord must repair the heating.
Key facts:
- Heating out since 4 Jan 2025
- $1,200 rent, paid to date
Remedies sought: Repair and a rent credit.
Next step: Send the repair notice by 20 Jan 2025."""
A_WHILE = 240_000  # milliseconds that a recipe may take on a busy machine
SOON = 20_000  # ... and within which its progress shows


class Person(Visitor):
    """A visitor who leaves pictures of what they saw."""

    def shoot(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        # hiding the caret would leave a style attribute behind, which the Content-Security-Policy forbids
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", caret="initial")

    def follow(self, link: str) -> None:
        """Sign in by a one-time link."""
        self.page.goto(link)
        self.page.get_by_role("button", name="Sign in as").click()
        expect(self.page.locator("form[data-sign-out]")).to_be_attached()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    base = tmp_path_factory.getbasetemp()
    made = House(copy(prepare(base / "prepared"), base / "loop"))
    try:
        made.start("web")
        made.start("worker")
        yield made
    finally:
        made.close()


@pytest.fixture
def arrive(house: House, browser: Browser) -> Iterator[Callable[[str], Person]]:  # noqa: F811
    """arrive(link) -> somebody new at a screen of their own."""
    people: list[Person] = []

    def person(link: str) -> Person:
        people.append(Person(house, browser.new_context(viewport={"width": 1440, "height": 900})))
        people[-1].follow(link)
        return people[-1]

    yield person
    found = [problem for each in people for problem in each.unexpected()]
    for each in people:
        each.context.close()
    assert not found, "\n".join(found)


def test_the_loop_from_notes_to_a_promoted_model(house: House, arrive: Callable[[str], Person], tmp_path: Path) -> None:
    admin = arrive(house.sign_in_link("ada"))
    project = make_project(admin)
    expert = arrive(invite(admin, project, "Nora Adeyemi", "nora", "Expert"))
    reviewer = arrive(invite(admin, project, "Ravi Menon", "ravi", "Reviewer"))
    import_notes(admin, project, notes(tmp_path / "notes.jsonl"))
    write_one(expert, project)
    approve_one(reviewer, project)
    freeze(admin, project, "Demonstrations")
    train(admin, project, "sft", {"Step limit": "3", "Rows per step": "2"})
    sample(admin, project)
    rank_all(expert, project)
    freeze(admin, project, "Preference pairs")
    train(admin, project, "dpo", {"Step limit": "2", "Rows per step": "1"})
    evaluate(admin, project)
    score_all([expert, reviewer], project)
    compare(admin, project)
    promote_and_roll_back(admin, project)
    play(admin, project)
    admin.open("project", project)
    admin.shoot("20-overview")


# --- Setting up ---------------------------------------------------------------------------------------------


def make_project(admin: Person) -> str:
    page = admin.open("home")
    admin.shoot("01-my-work")
    page.get_by_role("link", name="New project").click()
    page.get_by_label("Name", exact=True).fill("Intake notes")
    page.get_by_label("Objective").fill("Turn a consultation note into the firm's six-part summary.")
    page.get_by_label("Sections").fill("\n".join(SECTIONS))
    page.get_by_label("Dated section").fill("Next step")
    page.get_by_label("Guidelines").fill("# A good summary\n\nSix headings, nothing that the note does not say.")
    admin.shoot("02-new-project")
    page.get_by_role("button", name="Make the project").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Intake notes")
    found = re.search(r"/projects/([0-9a-f-]{36})/", page.url)
    assert found
    return found[1]


def invite(admin: Person, project: str, name: str, username: str, role: str) -> str:
    page = admin.open("members", project)
    page.get_by_label("First and last name").fill(name)
    form = page.locator("form", has=page.get_by_role("button", name="Invite"))
    form.get_by_label("User name").fill(username)
    form.get_by_label("Role").select_option(role)
    form.get_by_role("button", name="Invite").click()
    link = page.locator("#link")
    expect(link).to_be_visible()
    admin.shoot("03-invited")
    return link.inner_text()


def notes(path: Path) -> Path:
    """The shortest of the demo's notes, of which some are held out and some have no response yet."""
    rows = [json.loads(line) for file in sorted(NOTES.glob("*_*.jsonl")) for line in file.open(encoding="utf-8")]
    rows.sort(key=lambda row: len(row["input"]) + len(row["output"]))
    chosen = rows[: ANSWERED + HELD_OUT + UNANSWERED]
    for row in chosen:
        row["split"] = "train"
    for row in chosen[ANSWERED : ANSWERED + HELD_OUT]:
        row["split"] = "evaluation"
    for row in chosen[-UNANSWERED:]:
        row["output"] = ""
    path.write_text("".join(json.dumps(row) + "\n" for row in chosen), encoding="utf-8")
    return path


def import_notes(admin: Person, project: str, path: Path) -> None:
    page = admin.open("import_start", project)
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Upload and look").click()
    page.get_by_label("Instruction for all records").fill("Summarise this client intake note.")
    page.get_by_role("button", name="Refresh the preview").click()
    expect(page.get_by_text("23 new")).to_be_visible()
    expect(page.get_by_text("4 held out")).to_be_visible()
    admin.shoot("04-import")
    page.get_by_role("button", name="Import 23 prompts").click()
    expect(page.get_by_role("link", name="Look at the prompts")).to_be_visible(timeout=SOON)


def write_one(expert: Person, project: str) -> None:
    page = expert.open("write_next", project)
    page.keyboard.press("e")
    page.keyboard.insert_text(RESPONSE)
    expect(page.locator("[data-autosave-state]")).to_contain_text("Saved", timeout=SOON)
    expect(page.get_by_text("All 6 headings are there.")).to_be_visible()
    expert.shoot("05-write")
    page.keyboard.press("Control+Enter")
    expect(page.locator("textarea[name=text]")).to_have_value("", timeout=SOON)


def approve_one(reviewer: Person, project: str) -> None:
    page = reviewer.open("approve_next", project)
    expect(page.get_by_text("Ines Duarte")).to_be_visible()
    reviewer.shoot("06-approve")
    page.keyboard.press("a")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing left")


# --- Teaching -----------------------------------------------------------------------------------------------


def freeze(admin: Person, project: str, kind: str) -> None:
    page = admin.open("datasets", project)
    page.get_by_label(kind, exact=True).check()
    page.get_by_role("button", name="Freeze").click()
    expect(
        page.get_by_role("link", name=f"{kind} v1").or_(page.get_by_role("heading", name=f"{kind} v1"))
    ).to_be_visible()
    admin.shoot(f"07-frozen-{kind.split()[0].lower()}")


def train(admin: Person, project: str, method: str, settings: dict[str, str]) -> None:
    page = admin.open("round_create", project, query=f"?method={method}")
    page.get_by_text("More settings").click()
    for label, value in settings.items():
        page.get_by_label(label, exact=True).fill(value)
    admin.shoot(f"08-{method}-settings")
    page.get_by_role("button", name="Check the rows").click()
    expect(page.get_by_text("Everything is in order.")).to_be_visible(timeout=A_WHILE)
    expect(page.locator("mark").first).to_be_visible()
    admin.shoot(f"09-{method}-checked")
    page.get_by_role("button", name="Launch the round").click()
    launched = time.monotonic()
    sentence = page.locator(".round-sentence")
    expect(sentence).to_contain_text(re.compile("Loading|Checking|Training|Measuring|Saving"), timeout=SOON)
    admin.shoot(f"10-{method}-running")
    expect(sentence).to_contain_text("Succeeded", timeout=A_WHILE)
    expect(page.get_by_role("img", name="Loss by step")).to_be_visible()
    expect(page.get_by_text("Held-out loss", exact=True)).to_be_visible()
    assert time.monotonic() - launched < A_WHILE / 1000
    page.reload()
    admin.shoot(f"11-{method}-succeeded")


def sample(admin: Person, project: str) -> None:
    page = admin.open("sampling_create", project)
    page.get_by_label("Prompts", exact=True).fill("3")
    page.get_by_label("Candidates from each model").fill("2")
    page.get_by_text("More settings").click()
    page.get_by_label("Temperature").fill("1.2")
    page.get_by_label("Longest answer in tokens").fill("24")
    page.get_by_role("button", name="Start sampling").click()
    expect(page.get_by_text("3 comparisons ready to rank.")).to_be_visible(timeout=A_WHILE)
    admin.shoot("12-sampled")


def rank_all(expert: Person, project: str) -> None:
    page = expert.open("rank_next", project)
    for done in range(3):
        expect(page.get_by_text(f"{done} of 3")).to_be_visible()
        page.keyboard.press("2")
        expect(page.get_by_role("radio", name="A better", exact=True)).to_be_checked()
        if done == 0:
            expert.shoot("13-rank")
        page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing left")


# --- Judging ------------------------------------------------------------------------------------------------


def evaluate(admin: Person, project: str) -> None:
    page = admin.open("evaluations", project)
    page.get_by_role("button", name="Freeze the held-out prompts").click()
    page.get_by_role("link", name="New evaluation").click()
    page.get_by_label("Name").fill("Base, SFT and DPO")
    page.get_by_label("Prompts judged by people").fill("2")
    page.get_by_text("More settings").click()
    page.get_by_label("Longest answer in tokens").fill("24")
    for contestant in ("Base model, as it came", "SFT adapter of round 1", "DPO adapter of round 2"):
        expect(page.get_by_label(contestant)).to_be_checked()
    admin.shoot("14-evaluation-settings")
    page.get_by_role("button", name="Start the evaluation").click()
    expect(page.get_by_role("heading", name="People are scoring blind")).to_be_visible(timeout=A_WHILE)
    admin.shoot("15-under-review")


def score_all(people: list[Person], project: str) -> None:
    """Two prompts by three contestants, dealt to two people in turn."""
    for number in range(6):
        person = people[number % len(people)]
        page = person.open("score_next", project)
        for word in ("adapter", "SmolLM", "Base model"):
            assert word not in page.content()
        for digit in "4343":
            page.keyboard.press(digit)
        page.keyboard.press("7")
        expect(page.locator(".criterion input:checked")).to_have_count(5)
        if number == 0:
            person.shoot("16-score")
        page.keyboard.press("Control+Enter")
        last = page.get_by_role("heading", name="Nothing left for you to score")
        expect(last.or_(page.get_by_text(f"{number // 2 + 1} scored by you"))).to_be_visible()


def compare(admin: Person, project: str) -> None:
    page = admin.open("evaluations", project)
    page.get_by_role("link", name="Base, SFT and DPO").click()
    expect(page.get_by_role("heading", name="What it shows")).to_be_visible()
    expect(page.get_by_role("heading", name="People's scores")).to_be_visible()
    table = page.get_by_role("table", name="Table of measures")
    for label in ("Base model", "SFT adapter of round 1", "DPO adapter of round 2"):
        expect(table.get_by_role("columnheader", name=label)).to_be_visible()
    admin.shoot("17-comparison")
    table.get_by_role("row").filter(has_text="ROUGE-L").get_by_role("link").first.click()
    expect(page.locator(".reading").first).to_be_visible()
    admin.shoot("18-outputs")


def promote_and_roll_back(admin: Person, project: str) -> None:
    page = admin.open("promotions", project)
    expect(page.get_by_role("heading", name="The base model")).to_be_visible()
    page.get_by_label("Adapter", exact=True).select_option(label="DPO adapter of round 2")
    page.get_by_label("Evidence", exact=True).select_option(label="Base, SFT and DPO")
    page.get_by_label("Reason").fill("It keeps to the format.")
    promote = page.get_by_role("button", name="Promote", exact=True)
    promote.click()
    in_use = page.get_by_role("region", name="DPO adapter of round 2")
    doubt = page.get_by_label("I know this and promote it all the same")
    expect(doubt.or_(in_use)).to_be_visible()
    if doubt.is_visible():
        admin.expect("422")
        doubt.check()
        promote.click()
    expect(in_use).to_be_visible()
    admin.shoot("19-promoted")
    in_use.get_by_text("Roll back", exact=True).click()
    in_use.get_by_label("Reason").fill("To see that it goes back.")
    in_use.get_by_role("button", name="Roll back to the base model").click()
    expect(page.get_by_text("the base model is in use again")).to_be_visible()


def play(admin: Person, project: str) -> None:
    page = admin.open("playground", project)
    page.get_by_label("Instruction").fill("Answer with one word.")
    page.get_by_label("Input").fill("What colour is the sky?")
    page.get_by_role("button", name="Ask both").click()
    expect(page.get_by_text(re.compile(r"\d+ tokens?"))).to_have_count(2, timeout=A_WHILE)
    admin.shoot("19-playground")
