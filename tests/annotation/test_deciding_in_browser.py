"""A decision half written is there again, for its author only, and never put unasked over somebody else's."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import expect

from annotation.actions import deciding
from annotation.models import Adjudication, Comparison, Project
from tests.annotation.quality_house import comparisons, ids, judge
from tests.frame.conftest import chromium, visit  # noqa: F401 - fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HALF = "The date decides, because"


@pytest.fixture
def disputed(project: Project, erin: User, eve: User) -> Comparison:
    for one in comparisons(project, 2):
        judge(one, erin, "Good")
        judge(one, eve, "Bad")
    return Comparison.objects.select_related("prompt__project").order_by("pk").first()


@pytest.mark.parametrize(("name", "label"), [("disagreement", "Why"), ("known_answer", "Why this is the answer")])
def test_what_is_half_written_is_there_when_one_comes_back(visit, rita, project, disputed, name, label):  # noqa: F811
    page = visit(rita, reverse(name, args=[project.pk, disputed.pk]))
    page.locator("input[name=choice][value='4']").check(force=True)
    page.get_by_role("textbox", name=label).fill(HALF)
    expect(page.locator("[data-autosave-state]")).to_have_text("Kept in this browser")
    page.goto(page.url.split("/projects/")[0] + reverse("disagreements", args=[project.pk]))
    page.go_back()
    page.reload()
    expect(page.get_by_role("textbox", name=label)).to_have_value(HALF)
    expect(page.locator("input[name=choice][value='4']")).to_be_checked()
    assert not Adjudication.objects.exists()


def test_what_was_decided_meanwhile_is_shown_and_the_half_is_offered(visit, rita, ada, project, disputed):  # noqa: F811
    page = visit(rita, reverse("disagreement", args=[project.pk, disputed.pk]))
    page.get_by_role("textbox", name="Why").fill(HALF)
    order = [[each] for each in sorted(ids(disputed).values())]
    deciding.decide(comparison=disputed, by=ada, order=order, reason="It has the county.")
    page.reload()
    reason = page.get_by_role("textbox", name="Why")
    expect(reason).to_have_value("It has the county.")
    page.get_by_role("button", name="Show the unsaved text").click()
    expect(reason).to_have_value(HALF)


def test_a_conflict_is_kept_until_it_is_settled(visit, rita, ada, project, disputed):  # noqa: F811
    page = visit(rita, reverse("disagreement", args=[project.pk, disputed.pk]))
    here = page.url
    order = [[each] for each in sorted(ids(disputed).values())]
    deciding.decide(comparison=disputed, by=ada, order=order, reason="It has the county.")
    page.locator("input[name=choice][value='4']").check(force=True)
    page.get_by_role("textbox", name="Why").fill(HALF)
    page.get_by_role("button", name="Decide and next").click()
    expect(page.get_by_role("alert")).to_contain_text("There now: A is better. It has the county.")
    expect(page.get_by_role("alert")).to_be_focused()
    page.goto(here)
    expect(page.get_by_role("textbox", name="Why")).to_have_value(HALF)
    page.get_by_role("button", name="Decide again").click()
    expect(page.get_by_text("Decided. It stands in place")).to_be_visible()
    assert Adjudication.objects.get().reason == HALF
    page.goto(here)
    expect(page.get_by_role("textbox", name="Why")).to_have_value(HALF)
    expect(page.locator("[data-autosave-state]")).to_be_empty()
