"""Scoring in a real browser: what is judged stays in sight, and what is missing is shown."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from evaluation.models import Review
from tests.evaluation import factories
from tests.frame.conftest import chromium, visit  # noqa: F401 - fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = "\n".join(f"- Fact {number}: water came through the ceiling of the bathroom again." for number in range(80))


@pytest.fixture
def scoring(visit, project, erin):  # noqa: F811
    made = factories.evaluation(project, [None], prompts=2, reviewed_prompts=2)
    made.contestants.get().outputs.update(text=LONG)
    return visit(erin, reverse("score_next", args=[project.pk]))


def _comes_true(question: Callable[[], bool]) -> bool:
    """Whether it does within five seconds: the browser scrolls smoothly."""
    until = time.monotonic() + 5
    while not question() and time.monotonic() < until:
        time.sleep(0.05)
    return question()


@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, {"width": 1024, "height": 768}])
def test_it_keeps_source_and_answer_in_sight(scoring, size):
    scoring.set_viewport_size(size)
    for digit in "54328":
        scoring.keyboard.press(digit)
    for part in (scoring.get_by_text("Instruction"), scoring.get_by_role("heading", name="The answer")):
        expect(part).to_be_in_viewport(ratio=1)
    expect(scoring.get_by_role("radio", checked=True).last).to_be_in_viewport()
    scoring.locator("#answer").focus()
    scoring.keyboard.press("End")
    expect(scoring.get_by_role("radio", checked=True).last).to_be_in_viewport()
    assert _comes_true(lambda: scoring.evaluate("document.querySelector('#answer').scrollTop") > 300)


def test_it_keeps_the_answer_under_the_bar_of_a_telephone(scoring):
    scoring.set_viewport_size({"width": 390, "height": 844})
    for digit in "54328":
        scoring.keyboard.press(digit)
    expect(scoring.get_by_role("heading", name="The answer")).to_be_in_viewport(ratio=1)
    for part in (scoring.get_by_role("radio", checked=True).last, scoring.get_by_role("button", name="Submit")):
        expect(part).to_be_in_viewport(ratio=1)
    assert scoring.evaluate("document.documentElement.scrollWidth") == 390


def test_it_leads_to_the_first_score_that_is_missing(scoring):
    scoring.keyboard.press("5")
    scoring.keyboard.press("4")
    scoring.keyboard.press("Control+Enter")
    expect(scoring.get_by_text("3 rows need your attention")).to_be_attached()
    expect(scoring.get_by_text("Choose a score for conciseness.")).to_be_in_viewport()
    expect(scoring.get_by_role("group", name="Conciseness").get_by_role("radio").first).to_be_focused()
    for digit in "328":
        scoring.keyboard.press(digit)
    scoring.keyboard.press("Control+Enter")
    expect(scoring.get_by_role("radio", checked=True)).to_have_count(0)
    review = Review.objects.get()
    assert (review.accuracy, review.completeness, review.conciseness, review.utility) == (5, 4, 3, 8)
