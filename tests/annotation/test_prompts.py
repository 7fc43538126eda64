from __future__ import annotations

from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.models import Project, Prompt, Ranking, Revision
from tests import factories


def listed(client: Client, project: Project, query: str = "") -> str:
    response = client.get(f"/projects/{project.pk}/prompts/{query}")
    assert response.status_code == 200
    return unescape(response.content.decode())


def many(project: Project, count: int) -> None:
    Prompt.objects.bulk_create(
        Prompt(project=project, position=n, external_id=f"case-{n:03}", instruction="Sum up.", input=f"Note {n}")
        for n in range(1, count + 1)
    )


def test_it_turns_pages_forwards_and_back(project: Project, ada: User, sign_in) -> None:
    many(project, 120)
    client = sign_in(ada)
    first = listed(client, project)
    assert "120 prompts" in first
    assert ("case-050" in first, "case-051" in first, "?after=50" in first, "?before=" in first) == (
        True, False, True, False,
    )  # fmt: skip
    last = listed(client, project, "?after=100")
    assert ("case-101" in last, "case-100" in last, "?before=101" in last, "?after=" in last) == (
        True, False, True, False,
    )  # fmt: skip
    middle = listed(client, project, "?before=101")
    assert ("case-051" in middle, "case-100" in middle, "case-101" in middle) == (True, True, False)


def test_it_asks_the_database_a_fixed_number_of_times(
    project: Project, erin: User, ada: User, sign_in, django_assert_max_num_queries
) -> None:
    for _ in range(55):
        factories.demonstration(factories.prompt(project), erin)
    client = sign_in(ada)
    with django_assert_max_num_queries(12):
        listed(client, project, "?after=3&status=approved&q=matter")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?split=evaluation", {"held"}),
        ("?status=none", {"bare", "held"}),
        ("?status=returned", {"back"}),
        ("?task_type=probate", {"back"}),
        ("?q=GEORGIA will", {"back"}),
        ("?q=bare", {"bare"}),
        ("?q=nothing of the kind", set()),
        ("?split=nonsense&status=x", {"bare", "back", "held"}),
        ("?after=zzz&before=-1", {"bare", "back", "held"}),
        ("?after=99999999999999999999999", {"bare", "back", "held"}),
    ],
)
def test_it_filters(project: Project, erin: User, ada: User, sign_in, query: str, found: set[str]) -> None:
    factories.prompt(project, external_id="bare")
    back = factories.prompt(project, external_id="back", task_type="probate", input="A will in Georgia")
    factories.demonstration(back, erin, status="returned")
    factories.prompt(project, external_id="held", split="evaluation")
    page = listed(sign_in(ada), project, query)
    assert {name for name in ("bare", "back", "held") if f">{name}</a>" in page} == found


def test_it_says_why_nothing_is_listed(project: Project, ada: User, rita: User, sign_in) -> None:
    assert "Import prompts" in listed(sign_in(ada), project)
    assert "An admin of the project imports them" in listed(sign_in(rita), project)
    factories.prompt(project)
    assert "Nothing matches" in listed(sign_in(ada), project, "?q=absent")


def test_it_keeps_the_filter_while_turning_pages(project: Project, ada: User, sign_in) -> None:
    many(project, 120)
    assert "?after=50&q=Note" in listed(sign_in(ada), project, "?q=Note")


def detail(client: Client, prompt: Prompt) -> str:
    response = client.get(f"/projects/{prompt.project_id}/prompts/{prompt.pk}/")
    assert response.status_code == 200
    return unescape(response.content.decode())


def test_it_shows_what_came_of_a_prompt(project: Project, erin: User, rita: User, ada: User, sign_in) -> None:
    prompt = factories.prompt(project)
    one = factories.demonstration(prompt, erin, text="A better text.", reviewed_by=rita)
    Revision.objects.create(demonstration=one, text="A poor text.", status="submitted", created_by=erin)
    Revision.objects.create(demonstration=one, text="A better text.", status="approved", created_by=rita)
    page = detail(sign_in(ada), prompt)
    assert "Response by Erin Expert" in page
    assert "<del>" in page
    assert "Summarise this client intake note." in page


def test_it_shows_rankings_and_sources_to_admins_only(
    project: Project, erin: User, rita: User, ada: User, sign_in
) -> None:
    prompt = factories.prompt(project)
    comparison = factories.comparison(prompt, ["First text", "Second text"])
    first, second = comparison.candidates.order_by("pk")
    Ranking.objects.create(
        comparison=comparison, ranker=erin, order=[[str(second.pk)], [str(first.pk)]], reason="Dated."
    )
    page = detail(sign_in(ada), prompt)
    assert "Erin Expert:</strong> B, then A" in page
    assert "source-0" in page
    hidden = detail(sign_in(rita), prompt)
    assert "source-0" not in hidden
    assert "First text" not in hidden


def test_it_escapes_texts(project: Project, ada: User, sign_in) -> None:
    prompt = factories.prompt(project, instruction="<script>alert(1)</script>", input='"><img src=x>')
    response = sign_in(ada).get(f"/projects/{project.pk}/prompts/{prompt.pk}/").content.decode()
    assert "<script>alert(1)" not in response
    assert "<img src=x>" not in response


def test_it_keeps_prompts_from_experts_and_other_projects(project: Project, erin: User, oscar: User, sign_in) -> None:
    prompt = factories.prompt(project)
    other = oscar.memberships.get().project
    assert sign_in(erin).get(f"/projects/{project.pk}/prompts/").status_code == 403
    assert sign_in(oscar).get(f"/projects/{other.pk}/prompts/{prompt.pk}/").status_code == 404


def test_it_shows_a_draft_to_nobody_but_its_author(project: Project, rita: User, erin: User, sign_in) -> None:
    prompt = factories.prompt(project)
    factories.demonstration(prompt, erin, status="draft", text="Half a thought")
    own = factories.demonstration(factories.prompt(project), rita, status="draft", text="My own half")
    client = sign_in(rita)
    assert "Half a thought" not in client.get(f"/projects/{project.pk}/prompts/{prompt.pk}/").content.decode()
    assert "My own half" in client.get(f"/projects/{project.pk}/prompts/{own.prompt_id}/").content.decode()
