"""How far people agree, and what is done where they do not (complaints 9, 10 and 14)."""

from __future__ import annotations

from typing import Any

import pytest

from annotation.models import Comparison
from tests import factories
from tests.complaints.person import Person
from tests.evaluation import factories as judged

pytestmark = pytest.mark.django_db
SCORES = {"accuracy": 4, "completeness": 3, "conciseness": 5, "adherence": 4, "utility": 8}


def disputed(project: Any, number: int = 1) -> list[Comparison]:
    texts = [["It has the date.", "It has no date."]] * number
    return [factories.comparison(factories.prompt(project), two, rankings_needed=2) for two in texts]


def prefer(person: Person, comparison: Comparison, text: str) -> None:
    """By the text, on whichever side it stands for this person."""
    seen = person.get("api_comparison", comparison.prompt.project_id, comparison.pk).json()["candidates"]
    letter = next(each["letter"] for each in seen if each["text"] == text)
    answer = person.send(
        "rank", comparison.prompt.project_id, comparison.pk, action="submit", choice="1" if letter == "A" else "5"
    )
    assert answer.status_code == 302


def figure(person: Person, project: Any) -> dict[str, Any]:
    """How far people agree on which of two answers is better."""
    sections = person.get("api_agreement", project.pk).json()
    return next(each for each in sections if each["key"] == "pairs")


def test_agreement_is_told_with_its_basis(project, Erin, Eve, Rita) -> None:
    """doccano#1846, #114, argilla#4273, #2134, inception#4704: one has to export and compute it oneself."""
    for at, comparison in enumerate(disputed(project, 10)):
        prefer(Erin, comparison, "It has the date." if at % 2 else "It has no date.")
        prefer(Eve, comparison, "It has the date." if at % 2 or at == 0 else "It has no date.")
    found = figure(Rita, project)
    assert 0.4 < found["value"] < 1
    assert found["low"] <= found["value"] <= found["high"]
    assert (found["items"], found["people"], found["judgements"]) == (10, 2, 20)
    page = Rita.read("agreement", project.pk)
    assert "20 judgements by 2 people" in page
    assert "(95 %)" in page


def test_people_who_contradict_each_other_never_seem_to_agree(project, Erin, Eve, Rita) -> None:
    """Potato before 2.8: what was compared was the name of the question, so every pair of answers agreed fully."""
    for at, comparison in enumerate(disputed(project, 10)):
        prefer(Erin, comparison, "It has the date." if at % 2 else "It has no date.")
        prefer(Eve, comparison, "It has no date." if at % 2 else "It has the date.")
    assert figure(Rita, project)["value"] < 0


def test_agreement_that_cannot_be_known_is_not_called_perfect(project, Erin, Eve, Rita) -> None:
    """Potato 2.8: nor is a figure made up where nothing was judged twice."""
    (comparison,) = disputed(project)
    prefer(Erin, comparison, "It has the date.")
    found = figure(Rita, project)
    assert found["value"] is None
    assert found["reason"]
    assert found["reason"] in Rita.read("agreement", project.pk)


def test_a_reviewer_settles_what_people_differ_on(project, Erin, Eve, Rita, Ada) -> None:
    """doccano#714, argilla#1857: nobody is there, and no page, to say what holds when two people differ."""
    (comparison,) = disputed(project)
    prefer(Erin, comparison, "It has the date.")
    prefer(Eve, comparison, "It has no date.")
    assert str(comparison.pk) in Rita.read("disagreements", project.pk)
    page = Rita.read("disagreement", project.pk, comparison.pk)
    assert "Person 1" in page
    assert "Erin" not in page.split('id="main"')[1], "it is decided by what was said and not by whom"
    Rita.send("disagreement", project.pk, comparison.pk, action="decide", choice="1", reason="The date decides.")
    assert str(comparison.pk) not in Rita.read("disagreements", project.pk).split("Decided")[0]
    (decision,) = Ada.get("api_decisions", project.pk).json()["results"]
    assert (decision["decided_by"], decision["reason"]) == ("rita", "The date decides.")
    assert Erin.get("disagreement", project.pk, comparison.pk).status_code == 403, "only who may review decides"


def test_each_answer_is_rated_on_its_own(project, Erin, Ada) -> None:
    """argilla#4585: of several answers only the best can be named, and none of them be rated."""
    made = judged.evaluation(project, [None, judged.adapter(project)], prompts=1, reviewed_prompts=1)
    for utility in (8, 2):
        lease = Erin.next_to("score", project)
        Erin.send("score", project.pk, lease, action="submit", **{**SCORES, "utility": utility})
    assert Erin.next_to("score", project) is None
    assert made.contestants.count() == 2
    Ada.send("evaluation_open", project.pk, made.pk)
    reviews = Ada.get("api_evaluation_reviews", project.pk, made.pk).json()["results"]
    assert sorted(each["utility"] for each in reviews) == [2, 8]
    assert len({str(each["output"]) for each in reviews}) == 2


def test_each_candidate_of_a_ranking_carries_its_own_errors(project, Erin, Ada) -> None:
    """argilla#4585: while ranking, what is wrong with one answer is said of that one."""
    comparison = factories.comparison(factories.prompt(project), ["It pays $1,540.", "It pays $1,450."])
    seen = Erin.get("api_comparison", project.pk, comparison.pk).json()["candidates"]
    wrong = next(each["letter"] for each in seen if "$1,540" in each["text"])
    marked = {f"quote-{wrong.lower()}-0": "$1,540", f"kind-{wrong.lower()}-0": "number"}
    Erin.send("rank", project.pk, comparison.pk, action="submit", choice="3", **marked)
    (ranking,) = Ada.get("api_rankings", project.pk).json()["results"]
    (mark,) = ranking["marks"]
    assert mark["kind"] == "number"
    assert str(comparison.candidates.get(text="It pays $1,540.").pk) in map(str, mark.values())
