"""Nobody waits for a list or for the next item, however large the project (complaints 1 and 2).

What is held here is how the work is done, not how long it takes: benchmarks/ measures that.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.models import Prompt
from evaluation.models import Contestant
from tests import factories
from tests.annotation.quality_house import comparisons, judge
from tests.complaints.person import Person, brought
from tests.evaluation import factories as judged

pytestmark = pytest.mark.django_db
TEXTS = ("instruction", "input", "reference", "history", "text")  # columns as long as people like
NEXT = re.compile(r'rel="next" href="([^"]+)"')


def fill(project: Any, upto: int) -> None:
    known = project.prompts.count()
    made = [
        Prompt(project=project, position=n, external_id=f"case-{n:03}", instruction="Sum up.", input=f"Note {n}. " * 90)
        for n in range(known + 1, upto + 1)
    ]
    Prompt.objects.bulk_create(made)


def asked(person: Person, *address: Any, **query: Any) -> list[str]:
    """What the database was asked for a page."""
    with CaptureQueriesContext(connection) as queries:
        person.read(*address, **query)
    return [query["sql"] for query in queries.captured_queries]


def reads_texts_to_count(sql: str) -> bool:
    """Telling rows apart by their texts, or counting what had to be looked for in them, reads every text there is."""
    if "COUNT(" not in sql and "DISTINCT" not in sql:
        return False
    return any(f'"{column}"' in sql for column in TEXTS)


LISTS = [
    ("prompts", {}),
    ("prompts", {"after": "3"}),
    ("prompts", {"q": "Note"}),
    ("prompts", {"status": "none"}),
    ("api_prompts", {}),
    ("api_comparisons", {}),
    ("api_demonstrations", {}),
    ("api_rankings", {}),
    ("disagreements", {}),
    ("progress", {}),
    ("export", {}),
]


@pytest.mark.parametrize(("name", "query"), LISTS)
def test_a_list_asks_as_little_of_five_hundred_prompts_as_of_ten(project, Ada, name, query) -> None:
    """label-studio#9637, #3071, argilla#1818: a list of ten thousand takes a quarter of a minute to open, because
    its rows are counted, and told apart, by their texts."""
    fill(project, 10)
    few = asked(Ada, name, project.pk, **query)
    fill(project, 500)
    many = asked(Ada, name, project.pk, **query)
    assert len(many) <= len(few) + (1 if query else 0), "a filter that finds a full page asks whether there is more"
    assert [sql for sql in many if reads_texts_to_count(sql) or " OFFSET " in sql] == []


def test_every_prompt_is_reached_page_by_page_without_skipping_over_rows(project, Ada) -> None:
    """label-studio#9637: the last page must cost what the first does, and no row may be missing or come twice."""
    fill(project, 230)
    seen: list[str] = []
    where: dict[str, Any] = {}
    for _page in range(5):
        page = Ada.read("prompts", project.pk, **where)
        seen += re.findall(r">(case-\d{3})</a>", page)
        following = NEXT.search(page)
        if not following:
            break
        where = dict(re.findall(r"(\w+)=(\d+)", following[1]))
    assert seen == [f"case-{n:03}" for n in range(1, 231)]


def test_the_next_prompt_comes_in_the_answer_to_the_last(project, Erin) -> None:
    """label-studio#4986, #9651, #9101: two seconds, or six, between one item and the next, a thousand times a day."""
    first, second = factories.prompt(project), factories.prompt(project, input="The second note.")
    assert Erin.next_to("write", project) == str(first.pk)
    answer = Erin.send("write", project.pk, first.pk, in_place=True, action="submit", text="Parties: two")
    assert brought(answer) == str(second.pk)
    assert "The second note." in answer.content.decode()
    assert "<html" not in answer.content.decode(), "only what changes is sent"


def test_the_next_comparison_comes_in_the_answer_to_the_last(project, Erin) -> None:
    """label-studio#4986, #9651, #9101."""
    first = factories.comparison(factories.prompt(project))
    second = factories.comparison(factories.prompt(project), ["One.", "Two."])
    assert Erin.next_to("rank", project) == str(first.pk)
    answer = Erin.send("rank", project.pk, first.pk, in_place=True, action="submit", choice="1")
    assert brought(answer) == str(second.pk)
    assert "Two." in answer.content.decode()


def test_the_next_response_to_check_comes_in_the_answer_to_the_last(project, erin, Rita) -> None:
    """label-studio#4986, #9651, #9101."""
    first, second = (
        factories.demonstration(factories.prompt(project), erin, status="submitted", version=1) for _ in range(2)
    )
    assert Rita.next_to("approve", project) == str(first.pk)
    answer = Rita.send("approve", project.pk, first.pk, in_place=True, action="approve", response=1)
    assert brought(answer) == str(second.pk)


def test_the_next_output_to_score_comes_in_the_answer_to_the_last(project, Erin) -> None:
    """label-studio#4986, #9651, #9101."""
    judged.evaluation(project, prompts=2, reviewed_prompts=2)
    assert Contestant.objects.count() == 1
    first = Erin.next_to("score", project)
    scores = {"accuracy": 4, "completeness": 4, "conciseness": 4, "adherence": 4, "utility": 7}
    answer = Erin.send("score", project.pk, first, in_place=True, action="submit", **scores)
    assert brought(answer) != first


def test_a_submit_asks_as_little_with_five_hundred_prompts_as_with_ten(project, Erin) -> None:
    """label-studio#4986: what one save costs must not grow with what the others have done."""
    counts = []
    for size in (10, 500):
        fill(project, size)
        prompt = Erin.next_to("write", project)
        with CaptureQueriesContext(connection) as queries:
            answer = Erin.send("write", project.pk, prompt, in_place=True, action="submit", text=f"Response {size}")
        assert answer.status_code == 200
        assert not [each["sql"] for each in queries.captured_queries if reads_texts_to_count(each["sql"])]
        counts.append(len(queries))
    assert counts[1] <= counts[0]


def test_the_list_of_disagreements_asks_as_little_of_many_as_of_few(project, erin, eve, Rita) -> None:
    """label-studio#3071: nor does what was judged make a list slow."""
    few, many = [], []
    for size, counted in ((4, few), (40, many)):
        for one in comparisons(project, size):
            judge(one, erin, "Good")
            judge(one, eve, "Bad")
        counted += asked(Rita, "disagreements", project.pk)
    assert len(many) <= len(few)
