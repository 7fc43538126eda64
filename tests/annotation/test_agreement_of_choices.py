"""How far people agree on the errors they mark and the reasons they choose: on the page, by API, by the worker."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.urls import reverse

from annotation import tasks
from annotation.models import Comparison, Mark, Project
from annotation.quality import agreements, chosen, reports
from annotation.quality.agreements import Section
from tests.annotation.quality_house import comparisons, ids, judge

ACCURATE, FORMAT = "More accurate", "Better format"


def mark(comparison: Comparison, user: Any, which: str, kind: str, start: int, end: int) -> None:
    ranking = comparison.rankings.get(ranker=user)
    Mark.objects.create(ranking=ranking, candidate_id=ids(comparison)[which], kind=kind, start=start, end=end)


@pytest.fixture
def judged(project, erin, eve) -> list[Comparison]:
    """By hand, of 8 answers: both find a wrong number in two, at 4 of 6 characters the same; Erin finds another kind
    in a third, where Eve finds none. Both choose accuracy for one of four, Eve the format for another."""
    made = comparisons(project, 4)
    for at, one in enumerate(made):
        judge(one, erin, "Good", chips=[ACCURATE] if at == 0 else [])
        judge(one, eve, "Good", chips=[ACCURATE] if at == 0 else [FORMAT] if at == 1 else [])
    for one in made[:2]:
        mark(one, erin, "Bad", "number", 0, 5)
        mark(one, eve, "Bad", "number", 1, 6)
    mark(made[2], erin, "Good", "missing", 0, 4)
    return made


def of(project: Project) -> dict[str, Section]:
    return {each.key: each for each in agreements.sections(project)}


def beside(section: Section) -> dict[str, Any]:
    return {each.question: each.agreement for each in section.report.beside}


def test_it_tells_of_each_kind_of_error_and_of_the_places(project, judged) -> None:
    section = of(project)["marks"]
    figures = beside(section)
    assert (section.report.overall.units, section.report.overall.judgements) == (8, 16)
    # of 16 judgements 4 mark a number, and 1 a missing fact, on which two differ
    assert section.report.overall.value == pytest.approx(1 - 15 * 2 / (2 * 4 * 12 + 2 * 1 * 15))
    assert figures["Wrong number"].value == 1.0
    assert figures["Missing fact"].value == pytest.approx(1 - 15 * 2 / (2 * 1 * 15))
    assert figures["Verbose"].reason == "Nobody has chosen this."
    # 4 characters are the same twice; marked are 10, 10 and 4
    assert figures[chosen.SAME_WORDS].value == pytest.approx(2 * 2 * 4 / 24)
    assert figures[chosen.SAME_WORDS].units == 3


def test_where_they_differ_most_is_one_comparison_however_many_answers_it_has(project, judged, erin) -> None:
    mark(judged[2], erin, "Bad", "party", 0, 3)
    (worst,) = of(project)["marks"].items
    assert (worst.pk, worst.judgements, worst.impact) == (str(judged[2].pk), 2, pytest.approx(1.0))


def test_it_tells_of_each_reason_and_of_all(project, judged) -> None:
    section = of(project)["reasons"]
    figures = beside(section)
    assert (section.report.overall.units, section.report.overall.judgements) == (4, 8)
    assert section.report.overall.value == pytest.approx(1 - 7 * 2 / (2 * 2 * 6 + 2 * 1 * 7))
    assert figures[ACCURATE].value == 1.0
    assert figures[FORMAT].value == pytest.approx(1 - 7 * 2 / (2 * 1 * 7))
    assert set(figures) >= set(project.ranking_reasons)
    assert [each.pk for each in section.items] == [str(judged[1].pk)]


def test_the_page_and_the_api_show_them_with_n_interval_and_reason(sign_in, ada, project, judged) -> None:
    client = sign_in(ada)
    html = unescape(client.get(reverse("agreement", args=[project.pk])).content.decode())
    errors = html[html.index("Errors marked in answers") : html.index("Reasons chosen")]
    assert "16 judgements by 2 people" in errors
    assert "Krippendorff's alpha of sets" in errors
    assert re.search(r"Wrong number</dt>\s*<dd><span class=\"figure-value\">1\.00", errors)
    assert "n = 8" in errors
    assert "Nobody has chosen this." in errors
    assert "F1 of the characters marked" in errors
    assert "train on" not in errors, "no model learns from marks"
    told = {each["key"]: each for each in client.get(reverse("api_agreement", args=[project.pk])).json()}
    assert (told["reasons"]["items"], told["reasons"]["people"]) == (4, 2)
    by_question = {each["question"]: each for each in told["marks"]["beside"]}
    assert by_question["Wrong number"]["value"] == 1.0
    assert by_question["Wrong number"]["low"] < 1
    assert by_question["Verbose"]["reason"] == "Nobody has chosen this."


def test_the_worker_keeps_what_was_found_and_other_reasons_on_offer_make_it_outdated(project, judged, monkeypatch):
    monkeypatch.setattr(reports, "AT_ONCE", 0)
    tasks.work_out_agreement.call_local(str(project.pk))
    kept = reports.kept(project)
    assert (kept.outdated, kept.sections) == (False, agreements.sections(project))
    Project.objects.filter(pk=project.pk).update(ranking_reasons=["Sounder law"])
    assert reports.kept(Project.objects.get(pk=project.pk)).outdated


def test_it_says_why_there_is_none(project, erin, eve) -> None:
    assert of(project)["marks"].reading.sentence == "Nobody has judged anything yet."
    (one,) = comparisons(project, 1)
    judge(one, erin)
    assert "judged by two people" in of(project)["marks"].reading.sentence
    judge(one, eve)
    found = of(project)
    assert found["marks"].reading.sentence == found["marks"].report.overall.reason == chosen.NO_MARKS
    assert found["reasons"].reading.sentence == chosen.NO_CHIPS
    project.ranking_reasons = []
    assert "reasons" not in of(project)
