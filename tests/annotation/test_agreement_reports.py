"""How much people agree, of many judgements: the worker works it out, and the page says as of when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation import tasks
from annotation.actions import deciding
from annotation.models import AgreementReport, Comparison, Project
from annotation.quality import agreements, reports
from tests.annotation.quality_house import comparisons, ids, judge

WORKING = "The figures are worked out from all judgements."
POLLS = 'hx-trigger="every 3s"'


@pytest.fixture
def many(project, erin, eve, monkeypatch) -> Project:
    """As if a handful were many."""
    for one in comparisons(project, 4):
        judge(one, erin, "Good")
        judge(one, eve, "Good" if one.seed % 2 else "Bad")
    monkeypatch.setattr(reports, "AT_ONCE", 0)
    return project


def page(client: Any, project: Project, query: str = "") -> str:
    return client.get(reverse("agreement", args=[project.pk]) + query).content.decode()


def ring(project: Project) -> None:
    tasks.work_out_agreement.call_local(str(project.pk))


def test_it_says_that_it_is_worked_out_and_then_shows_it(sign_in, rita, many) -> None:
    client = sign_in(rita)
    html = page(client, many)
    assert WORKING in html
    assert POLLS in html
    assert "Nothing has been judged twice" not in html
    ring(many)
    html = page(client, many, "?waiting=1")
    assert "8 judgements by 2 people" in html
    assert "As of" in html
    assert POLLS not in html
    assert "since then" not in html


def test_it_says_that_something_came_in_since_and_works_it_out_after_a_while(sign_in, rita, many, erin, eve) -> None:
    client = sign_in(rita)
    ring(many)
    (one,) = comparisons(many, 1)
    judge(one, erin)
    judge(one, eve)
    html = page(client, many)
    assert "8 judgements by 2 people" in html
    assert "since then is not in these figures." in html
    assert POLLS not in html, "a worker has other things to do"
    AgreementReport.objects.update(made_at=timezone.now() - timedelta(hours=1))
    assert "they are worked out anew now" in page(client, many)
    ring(many)
    html = page(client, many)
    assert "10 judgements by 2 people" in html
    assert "since then" not in html


def test_whatever_it_depends_on_makes_it_outdated(many, ada, erin, eve) -> None:
    ring(many)
    known = Comparison.objects.first()
    marks = [
        lambda: deciding.mark_known(comparison=known, by=ada, order=[[each] for each in ids(known).values()]),
        lambda: deciding.unmark_known(comparison=known, by=ada),
        lambda: Project.objects.update(criteria_compared=["accuracy"]),
    ]
    for act in marks:
        ring(many)
        many.refresh_from_db()
        assert not reports.kept(many).outdated
        act()
        many.refresh_from_db()
        assert reports.kept(many).outdated


def test_what_is_kept_is_what_was_found(many) -> None:
    ring(many)
    kept, found = reports.kept(many).sections, agreements.sections(many)
    assert kept == found


def test_few_judgements_are_counted_while_one_waits(sign_in, rita, project, erin, eve) -> None:
    client = sign_in(rita)
    for one in comparisons(project, 2):
        judge(one, erin)
        judge(one, eve)
        html = page(client, project)
        assert f"{2 * project.rankings.count() // 2} judgements by 2 people" in html
        assert WORKING not in html


def test_it_tells_what_went_wrong_and_does_not_begin_again_by_itself(sign_in, rita, many, monkeypatch) -> None:
    def broken(project: Project) -> list[Any]:
        raise ValueError("a label nobody knows")

    with monkeypatch.context() as within:
        within.setattr(agreements, "sections", broken)
        ring(many)
    html = page(sign_in(rita), many, "?waiting=1")
    assert "a label nobody knows" in html
    assert POLLS not in html
    assert not AgreementReport.objects.get().asked_at
    page(sign_in(rita), many)
    assert AgreementReport.objects.get().asked_at, "whoever opens the page has it tried again"


def test_one_works_it_out_at_a_time_and_who_comes_late_publishes_nothing(many) -> None:
    row = AgreementReport.objects.create(project=many)
    first = row.claim()
    assert first
    assert row.claim() is None
    assert not row.ask(), "somebody is at it"
    AgreementReport.objects.update(begun_at=timezone.now() - timedelta(hours=1))
    second = row.claim()
    assert second, "left behind by a process that ended in the middle"
    assert not row.publish(first, sections=["old"])
    assert row.publish(second, sections=[])


def test_the_worker_is_told_once_however_many_look(many, rita) -> None:
    row = AgreementReport.objects.create(project=many)
    assert [row.ask() for _ in range(3)] == [True, False, False]
    AgreementReport.objects.update(asked_at=timezone.now() - timedelta(minutes=2))
    assert row.ask(), "a doorbell may be lost"


def test_the_api_says_as_of_when(sign_in, ada, many) -> None:
    client, address = sign_in(ada), reverse("api_agreement", args=[many.pk])
    first = client.get(address)
    assert first.status_code == 202
    assert "Ask again" in first.json()["detail"]
    ring(many)
    found = client.get(address).json()
    assert [each["outdated"] for each in found] == [False] * len(found)
    assert found[0]["as_of"]
    assert found[0]["judgements"] == 8
