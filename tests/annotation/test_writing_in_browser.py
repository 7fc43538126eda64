"""What stands around a text while it is written, by keys alone; and two texts that meet."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotation import model_side
from annotation.actions import discussing, rechecking
from annotation.actions.guidelines import write_guidelines
from annotation.models import Comment, Demonstration, Flag, Lease, Project, Recheck
from tests import factories
from tests.annotation.test_drafting import OWN, Writer
from tests.browser.test_accessibility import look
from tests.frame.conftest import chromium, visit  # noqa: F401 - fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
STATE = "[data-autosave-state]"
REGION = "[data-autosave-conflict]"


def leave_the_text(page: Page) -> None:
    page.keyboard.press("Escape")
    expect(page.locator("#id_text")).not_to_be_focused()


def test_it_does_everything_around_a_text_by_keys(visit, project, erin, eve):  # noqa: F811
    factories.demonstration(factories.prompt(project), eve)
    prompt = factories.prompt(project)
    page = visit(erin, reverse("write_next", args=[project.pk]))
    page.keyboard.press("e")
    page.keyboard.type("Parties: two, call (404) 555-0123")
    expect(page.locator("#hints mark")).to_have_text("(404) 555-0123")
    expect(page.locator("#hints .length")).to_contain_text("of 1,024 tokens")
    leave_the_text(page)
    page.keyboard.press("p")
    expect(page.locator(".precedent")).to_contain_text("Denise Okafor")
    page.keyboard.press("n")
    page.keyboard.type("ask Jim")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Your note is kept.")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    expect(page.locator("#id_remark")).to_be_focused()
    page.keyboard.type("Which county?")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".remarks")).to_contain_text("Which county?")
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    expect(page.locator("#id_flag_reason")).to_be_focused()
    page.keyboard.type("It is cut off.")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Flagged. A reviewer looks at it.")).to_be_visible()
    assert (Comment.objects.count(), Flag.objects.get().reason) == (2, "It is cut off.")
    sent = Demonstration.objects.filter(prompt=prompt, status="submitted")
    assert not sent.exists(), "Ctrl+Enter sends the form one types in"
    page.locator("h1").click()
    page.keyboard.press("k")
    page.keyboard.press("3")
    expect(page.locator("#id_text")).to_have_value("Parties: two, call (404) 555-0123")  # the only one left comes back
    expect(page.locator(".skip-reasons")).to_be_hidden()
    assert Lease.objects.get(item_id=prompt.pk).reason == "The question is unclear"


def test_it_keeps_a_note_that_was_not_sent(visit, project, erin):  # noqa: F811
    factories.prompt(project)
    page = visit(erin, reverse("write_next", args=[project.pk]))
    page.keyboard.press("n")
    page.keyboard.type("half a thought")
    with page.expect_response(re.compile("remarks")):
        page.keyboard.press("Escape")
    assert Comment.objects.get().text == "half a thought"


@pytest.mark.parametrize("choice", ["Take the newer one", "Keep what is here"])
def test_it_shows_two_texts_word_by_word_and_loses_neither(visit, project, erin, choice):  # noqa: F811
    prompt = factories.prompt(project)
    address = reverse("write", args=[project.pk, prompt.pk])
    first = visit(erin, address)
    second = visit(erin, address)
    first.locator("#id_text").fill("The rent is 1,450 dollars.")
    expect(first.locator(STATE)).to_contain_text("Saved")
    second.locator("#id_text").fill("The rent is 1,500 dollars.")
    expect(second.locator(REGION)).to_contain_text("changed in another tab")
    expect(second.locator(f"{REGION} .diff del")).to_have_text("1,450")
    expect(second.locator(f"{REGION} .diff ins")).to_have_text("1,500")
    second.get_by_role("button", name=choice).click()
    newer = choice == "Take the newer one"
    expect(second.locator("#id_text")).to_have_value(f"The rent is 1,{450 if newer else 500} dollars.")
    second.get_by_role("button", name="Bring mine back" if newer else "Bring the other one back").click()
    expect(second.locator("#id_text")).to_have_value(f"The rent is 1,{500 if newer else 450} dollars.")
    expect(second.locator(STATE)).to_contain_text("Saved")
    second.wait_for_timeout(1800)
    assert Demonstration.objects.get().text == f"The rent is 1,{500 if newer else 450} dollars."


def test_it_shows_both_texts_when_a_submit_is_refused(visit, project, erin):  # noqa: F811
    prompt = factories.prompt(project)
    page = visit(erin, reverse("write", args=[project.pk, prompt.pk]))
    factories.demonstration(prompt, erin, text="Typed on the phone.", status="draft", version=3)
    page.locator("#id_text").fill("Typed on the desk.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Not submitted.")).to_be_visible()
    expect(page.locator(".notice .diff del")).to_have_text("phone")
    expect(page.locator("#id_text")).to_have_value("Typed on the desk.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Nothing left for you to write")).to_be_visible()
    assert Demonstration.objects.get().text == "Typed on the desk."


def test_it_compares_a_reviewers_two_fixes(visit, project, erin, rita):  # noqa: F811
    waiting = factories.demonstration(factories.prompt(project), erin, status="submitted", text="One two three.")
    address = f"{reverse('approve', args=[project.pk, waiting.pk])}?do=fix"
    first, second = visit(rita, address), visit(rita, address)
    first.locator("#id_text").fill("One two four.")
    expect(first.locator(STATE)).to_contain_text("Saved")
    second.locator("#id_text").fill("One two five.")
    expect(second.locator(f"{REGION} .diff del")).to_have_text("four")
    expect(second.locator(f"{REGION} .diff ins")).to_have_text("five")


def test_it_drafts_takes_over_and_puts_back_by_keys(visit, project, erin, monkeypatch):  # noqa: F811
    writer = Writer()
    monkeypatch.setattr(model_side._lent, "drafter", writer)
    factories.prompt(project)
    page = visit(erin, reverse("write_next", args=[project.pk]))
    page.keyboard.press("d")
    expect(page.locator("#draft")).to_contain_text("of your own first")
    page.locator("#id_text").fill(OWN)
    expect(page.locator(STATE)).to_contain_text("Saved")
    leave_the_text(page)
    page.keyboard.press("d")
    expect(page.locator("#draft")).to_contain_text("The model is drafting")
    writer.answer = model_side.Draft("The landlord of Denise Okafor kept it.", "SFT adapter of round 2")
    expect(page.locator("#draft")).to_contain_text("SFT adapter of round 2")
    expect(page.locator("#draft .diff ins").first).to_be_visible()
    page.keyboard.press("t")
    expect(page.locator("#id_text")).to_have_value("The landlord of Denise Okafor kept it.")
    page.keyboard.press("b")
    expect(page.locator("#id_text")).to_have_value(OWN)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Nothing left for you to write")).to_be_visible()
    mine = Demonstration.objects.get()
    assert (mine.text, mine.origin, mine.draft_source) == (OWN, "written", "SFT adapter of round 2")


def test_it_keeps_a_remark_that_was_begun_for_its_item(visit, project, erin):  # noqa: F811
    first, _second = (factories.prompt(project) for _ in range(2))
    page = visit(erin, reverse("write_next", args=[project.pk]))
    page.keyboard.press("c")
    expect(page.locator("#id_remark")).to_be_focused()
    page.keyboard.type("Which county?")
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(page.locator("#id_remark")).to_have_count(0)
    page.goto(page.url.split("/write/")[0] + f"/write/{first.pk}/")
    page.keyboard.press("c")
    expect(page.locator("#id_remark")).to_have_value("Which county?")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".remarks")).to_contain_text("Which county?")
    expect(page.locator("#id_remark")).to_have_value("")


def test_it_reads_new_remarks_without_being_asked_and_without_taking_the_focus(visit, project, erin, rita):  # noqa: F811
    prompt = factories.prompt(project)
    factories.demonstration(prompt, erin, status="draft", text="")
    discussing.remark(prompt=prompt, by=rita, text="Mind the county.")
    page = visit(erin, reverse("write", args=[project.pk, prompt.pk]))
    expect(page.locator(".remarks")).to_contain_text("Mind the county.")
    expect(page.locator("#id_remark")).not_to_be_focused()


def test_it_sends_a_reason_in_ones_own_words_and_not_the_response(visit, project, erin):  # noqa: F811
    prompt = factories.prompt(project)
    page = visit(erin, reverse("write_next", args=[project.pk]))
    page.locator("#id_text").fill("Begun")
    leave_the_text(page)
    page.keyboard.press("k")
    page.locator("[name=skip_words]").focus()
    page.keyboard.type("Needs a tax lawyer")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".skip-reasons")).to_be_hidden()
    expect(page.locator("#id_text")).to_have_value("Begun")
    assert Lease.objects.get(item_id=prompt.pk).reason == "Needs a tax lawyer"
    assert Demonstration.objects.get().status == "draft"


def test_its_pages_can_be_used_by_everybody(visit, project, erin, eve, rita, ada, monkeypatch):  # noqa: F811
    """Wide and narrow, light and dark, with long texts and everything open."""
    writer = Writer()
    writer.answer = model_side.Draft(factories.RESPONSE, "SFT adapter of round 2")
    monkeypatch.setattr(model_side._lent, "drafter", writer)
    Project.objects.update(drafts_by_model="at once", token_limit=64)
    long = "\n".join([factories.RESPONSE] * 4) + f"\nCall (404) 555-0123. {'x' * 200}"
    first = project.current_guidelines()
    done = factories.demonstration(factories.prompt(project), erin, text=long, guidelines=first)
    waiting = factories.demonstration(
        factories.prompt(project), eve, text=long, status="submitted", draft_text=factories.RESPONSE, draft_source="M"
    )
    prompt = factories.prompt(project, external_id="x" * 120)
    for about in (prompt, waiting.prompt, done.prompt):
        discussing.remark(prompt=about, by=ada, text=f"Which county? {'y' * 200}")
        discussing.raise_flag(prompt=about, by=ada, reason=f"Cut off {'z' * 150}")
    write_guidelines(project=project, text="Write the county.", by=ada)
    rechecking.ask_again(project=project, by=rita, versions=[1])
    recheck = Recheck.objects.get(person=erin)
    own = str(project.pk)
    problems: list[str] = []

    def judge(page: Page, name: str) -> None:
        problems.extend(f"{name}: {problem}" for problem in look(SimpleNamespace(page=page)))  # type: ignore[arg-type]

    page = visit(erin, reverse("write", args=[own, prompt.pk]))
    page.locator("#id_text").fill(long)
    expect(page.locator("#hints mark")).to_be_visible()
    leave_the_text(page)
    page.keyboard.press("d")
    expect(page.locator("#draft-fold")).to_be_visible()
    for key, opened in (("p", ".precedent"), ("n", "#id_note_own")):
        page.keyboard.press(key)
        expect(page.locator(opened).first).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    judge(page, "write")
    for name, arguments in (
        ("recheck", [own, recheck.pk]),
        ("remarks", [own]),
        ("discussion", [own, prompt.pk]),
        ("precedents", [own, waiting.prompt_id]),
    ):
        page.goto(page.url.split("/projects/")[0] + reverse(name, args=arguments))
        judge(page, name)
    page = visit(rita, reverse("approve", args=[own, waiting.pk]))
    page.keyboard.press("d")
    judge(page, "approve")
    for name in ("flags", "guidelines_recheck"):
        page.goto(page.url.split("/projects/")[0] + reverse(name, args=[own]))
        judge(page, name)
    assert not problems, "\n".join(problems)
