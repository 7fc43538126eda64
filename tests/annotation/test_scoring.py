"""The quality score of a response: what it rests on, and where it is shown."""

from __future__ import annotations

from html import unescape

import pytest

from annotation import scored
from annotation.actions import looking_again
from annotation.models import Demonstration, Guidelines, Revision
from annotation.scoring import WEIGHTS, Known, score
from tests import factories

Status = Demonstration.Status
BEST = Known(
    status="approved",
    words=100,
    independent=True,
    look="kept",
    found=0,
    confirmed=0,
    shared=0.5,
    usual=[90] * 10,
    seconds=400.0,
    guidelines_behind=0,
)


def but(**fields: object) -> Known:
    return Known(**{**vars(BEST), **fields})


def test_everything_known_and_good_is_a_hundred() -> None:
    assert score(BEST).score == 100
    assert {part.name for part in score(BEST).parts} == set(WEIGHTS)
    assert sum(WEIGHTS.values()) == 100
    assert score(BEST).rests_on == "7 of 7 things that can be known"


@pytest.mark.parametrize(
    ("changed", "expected", "said"),
    [
        ({"status": "submitted"}, 79, "Nobody has approved it."),
        ({"independent": None}, 88, "by whom is not known"),
        ({"independent": False}, 85, "Its author approved it"),
        ({"returned": 2}, 94, "after returning it 2 times"),
        ({"fixed": True}, 97, "fixed and approved"),
        ({"look": "open"}, 84, "It stood out"),
        ({"look": "corrected"}, 96, "It was corrected"),
        ({"found": 2, "copies": 1}, 80, "the same, as another text"),
        ({"confirmed": 1}, 84, "1 finding in it confirmed"),
        ({"found": 3}, 90, "3 findings in it that nobody"),
        ({"shared": 0.1}, 92, "shares 10 % of its words"),
        ({"words": 20}, 90, "It has 20 words; 90 are usual"),
        ({"words": 300}, 90, "It has 300 words"),
        ({"guidelines_behind": 1}, 98, "The guidelines are 1 version newer."),
        ({"seconds": 10.0}, 95, "10 seconds, too fast"),
    ],
)
def test_each_thing_costs_what_it_weighs_and_says_so(changed, expected, said) -> None:
    found = score(but(**changed))
    assert abs(found.score - expected) <= 1
    assert any(said in part.said for part in found.parts)


@pytest.mark.parametrize(
    "unknown",
    [
        {"look": ""},
        {"found": None},
        {"shared": None},
        {"usual": [90] * 7},
        {"seconds": None},
        {"guidelines_behind": None},
    ],
)
def test_what_is_not_known_counts_neither_way(unknown) -> None:
    found = score(but(**unknown))
    assert found.score == 100
    assert found.rests_on == "6 of 7 things that can be known"
    assert score(but(**unknown, independent=False)).score < 100


def test_an_empty_response_has_a_score_too() -> None:
    assert 0 <= score(Known(status="submitted", words=0, usual=[0] * 9)).score <= 100


@pytest.mark.django_db
def test_the_prompt_says_it_to_admins(project, erin, rita, ada, sign_in) -> None:
    prompt = factories.prompt(project)
    rules = project.guidelines.first()
    response = factories.demonstration(prompt, erin, reviewed_by=rita, guidelines=rules, active_seconds=2.0)
    Revision.objects.create(demonstration=response, text="Before", status=Status.SUBMITTED, created_by=erin)
    Guidelines.objects.create(project=project, version=2, text="Newer", created_by=ada)
    looking_again.ask(project=project, responses=[response], by=ada)
    address = f"/projects/{project.pk}/prompts/{prompt.pk}/"
    page = unescape(sign_in(ada).get(address).content.decode())
    quality = dict(scored.of_many(project, [response.pk]))[response.pk]
    assert f"Quality {quality.score} of 100" in page
    for said in ("fixed and approved", "It stood out", "1 version newer", "too fast for its length", "4 of 7 things"):
        assert said in page
    assert "Quality" not in sign_in(rita).get(address).content.decode()


@pytest.mark.django_db
def test_answers_of_several_people_are_held_against_each_other(project, erin, eve) -> None:
    prompt = factories.prompt(project)
    answers = [factories.demonstration(prompt, erin), factories.demonstration(prompt, eve, text="Something else.")]
    found = dict(scored.of_many(project, [each.pk for each in answers]))
    assert all("agreement" in {part.name for part in each.parts} for each in found.values())
    assert scored.Scorer(project).of([]) == {}
