from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User

from annotation import rubric
from annotation.actions.projects import change_project, create_project
from annotation.forms.projects import NewProjectForm
from annotation.models import Event, Membership, Project, Role
from tests import factories
from training.models import DatasetVersion


def values(**changes: Any) -> dict[str, Any]:
    """What a browser sends: the form as it is shown, with changes."""
    form = NewProjectForm()
    shown = {
        field.name: field.field.prepare_value(form.get_initial_for_field(field.field, field.name)) for field in form
    }
    sent = {name: value for name, value in shown.items() if value is not None and value is not False}
    return {**sent, "name": "Discharge letters", "objective": "Write discharge letters.", **changes}


def errors(client: Any, url: str, **changes: Any) -> str:
    response = client.post(url, values(**changes))
    assert response.status_code == 422
    return response.content.decode()


# --- Making one ---------------------------------------------------------------------------------------------


def test_it_makes_its_creator_admin_and_keeps_the_guidelines(ada: User, sign_in) -> None:
    sections = "Diagnosis\r\n\r\n Plan: \r\n"
    data = values(sections=sections, dated_section="plan", guidelines="Be brief.", success_criteria="It is read.")
    response = sign_in(ada).post("/projects/new/", data)
    project = Project.objects.get()
    assert response["Location"] == f"/projects/{project.pk}/"
    assert (project.sections, project.dated_section) == (["Diagnosis", "Plan"], "Plan")
    assert project.role_of(ada) == Role.ADMIN
    assert project.current_guidelines().text == "Be brief."  # type: ignore[union-attr]
    assert project.rubric == rubric.default_anchors()


def test_it_lets_only_those_who_run_the_installation_make_projects(erin: User, sign_in) -> None:
    client = sign_in(erin)
    assert client.get("/projects/new/").status_code == 403
    assert client.post("/projects/new/", values()).status_code == 403
    assert not Project.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "This field is required."),
        ("name", "x" * 121, "at most 120 characters"),
        ("objective", " ", "This field is required."),
        ("instruction_template", "Sum it up.", "Put {instruction} or {input}"),
        ("instruction_template", "{input} for {client} in {year}", "Nothing fills {client}, {year}"),
        ("instruction_template", "a\x00{input}", "Null characters are not allowed"),
        ("sections", "A\na", "is there twice"),
        ("sections", "x" * 81, "longer than 80"),
        ("sections", "\n".join(str(n) for n in range(31)), "At most 30 sections"),
        ("dated_section", "Elsewhere", "not one of the sections"),
        ("rankings_per_comparison", "0", "greater than or equal to 1"),
        ("reviews_per_output", "many", "Enter a whole number"),
        ("anchor-accuracy-1", "", "This field is required."),
    ],
)
def test_it_says_beside_the_field_what_is_wrong(ada: User, sign_in, field: str, value: str, words: str) -> None:
    assert words in unescape(errors(sign_in(ada), "/projects/new/", **{field: value}))
    assert not Project.objects.exists()


def test_it_takes_braces_that_are_no_placeholder(ada: User, sign_in) -> None:
    sign_in(ada).post("/projects/new/", values(instruction_template='Answer as {"a": 1}: {input}'))
    assert Project.objects.get().instruction_template == 'Answer as {"a": 1}: {input}'


# --- Changing it --------------------------------------------------------------------------------------------


def test_it_changes_settings_and_remembers_what_they_were(project: Project, ada: User, sign_in) -> None:
    data = values(name="Intake", **{"anchor-accuracy-1": "Would be struck off", "sections": "A\nB"})
    sign_in(ada).post(f"/projects/{project.pk}/settings/", data)
    project.refresh_from_db()
    assert (project.name, project.sections) == ("Intake", ["A", "B"])
    assert project.rubric["accuracy"]["1"] == "Would be struck off"
    assert project.rubric["accuracy"]["5"] == rubric.default_anchors()["accuracy"]["5"]
    before = Event.objects.get(verb="changed the settings").data["before"]
    assert before["name"] == "Client intake summaries"
    assert "rankings_per_comparison" not in before


def test_it_shows_the_settings_as_they_are(project: Project, ada: User, sign_in) -> None:
    page = sign_in(ada).get(f"/projects/{project.pk}/settings/").content.decode()
    assert "Parties\nJurisdiction\nCore dispute" in page
    assert "Mostly wrong or invented" in page


def test_it_takes_how_people_write_and_rank(project: Project, ada: User, sign_in) -> None:
    asked = {"keywords": "Parties\r\nparties \r\n\r\nlimitation period", "language": "en", "token_limit": "2048"}
    asked |= {"criteria_compared": ["completeness", "accuracy"], "ranking_reasons": "Cites the statute\n"}
    asked |= {"repeat_percent": "5", "gold_percent": "4", "pass_mark": "90", "informative_first": "on"}
    asked |= {"drafts_by_model": "never", "reason_required": "always", "answers_per_prompt": "2"}
    asked |= {"consensus": "weighted"}
    sign_in(ada).post(f"/projects/{project.pk}/settings/", values(**asked))
    project.refresh_from_db()
    assert (project.keywords, project.ranking_reasons) == (["Parties", "limitation period"], ["Cites the statute"])
    assert project.criteria_compared == ["accuracy", "completeness"]
    assert (project.repeat_percent, project.gold_percent, project.pass_mark) == (5, 4, 90)
    assert project.consensus == "weighted"
    assert (project.language, project.token_limit, project.answers_per_prompt) == ("en", 2048, 2)
    assert (project.drafts_by_model, project.reason_required, project.informative_first) == ("never", "always", True)
    page = sign_in(ada).get(f"/projects/{project.pk}/settings/").content.decode()
    assert "Parties\nlimitation period" in page


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("keywords", "x" * 81, "is longer than 80 characters"),
        ("keywords", "\n".join(f"word {n}" for n in range(51)), "At most 50 keywords."),
        ("ranking_reasons", "\n".join(f"reason {n}" for n in range(13)), "At most 12 reasons."),
        ("criteria_compared", ["charm"], "is not one of the available choices"),
        ("language", "xx", "is not one of the available choices"),
        ("consensus", "the loudest", "is not one of the available choices"),
        ("token_limit", "10", "greater than or equal to 64"),
        ("repeat_percent", "51", "less than or equal to 50"),
        ("pass_mark", "101", "less than or equal to 100"),
    ],
)
def test_it_says_what_is_wrong_with_how_people_rank(
    project: Project, ada: User, sign_in, field: str, value: Any, words: str
) -> None:
    assert words in errors(sign_in(ada), f"/projects/{project.pk}/settings/", **{field: value})


def test_it_writes_nothing_when_nothing_differs(project: Project, ada: User) -> None:
    assert change_project(project=project, by=ada, name=project.name) == []
    assert not Event.objects.filter(verb="changed the settings").exists()


def test_it_escapes_what_people_type(project: Project, ada: User, sign_in) -> None:
    change_project(project=project, by=ada, name="<script>alert(1)</script>", objective="<img src=x onerror=a()>")
    for page in ("", "settings/", "members/", "guidelines/", "prompts/", "import/", "export/"):
        content = sign_in(ada).get(f"/projects/{project.pk}/{page}").content.decode()
        assert "<script>alert" not in content
        assert "<img src=x" not in content


# --- Overview -----------------------------------------------------------------------------------------------


def overview(client: Any, project: Project) -> str:
    return client.get(f"/projects/{project.pk}/").content.decode()


def test_it_begins_with_collecting(project: Project, ada: User, sign_in) -> None:
    page = overview(sign_in(ada), project)
    assert "No prompts yet" in page
    assert f'href="/projects/{project.pk}/import/"' in page


def test_it_shows_where_the_loop_stands(project: Project, erin: User, ada: User, sign_in) -> None:
    for status in ("approved", "approved", "submitted", "returned"):
        factories.demonstration(factories.prompt(project), erin, status=status)
    factories.prompt(project)
    factories.prompt(project, split="evaluation")
    factories.comparison(factories.prompt(project))
    page = overview(sign_in(ada), project)
    assert "6 to learn from, 1 held out to judge with" in page
    assert "2 approved, 1 to approve, 1 returned, 2 without a response" in page
    assert "1 to rank" in page
    assert "Nothing frozen yet" in page


def test_it_counts_what_was_made_in_this_project_only(project: Project, erin: User, ada: User, sign_in) -> None:
    other = factories.project(created_by=ada, name="Elsewhere")
    factories.comparison(factories.prompt(other))
    kinds = DatasetVersion.Kind
    for number, (where, kind) in enumerate([(project, kinds.DEMONSTRATIONS), (other, kinds.PREFERENCES)], start=1):
        DatasetVersion.objects.create(
            project=where, kind=kind, number=number, sha256="0" * 64, train_rows=1, validation_rows=1, created_by=ada
        )
    page = overview(sign_in(erin), project)
    assert "1 version of the demonstrations" in page
    assert "preference pairs" not in page
    assert "No candidates to rank yet" in page
    assert "No evaluation yet" in page
    assert "Nothing promoted yet" in page


def test_it_links_each_role_only_to_what_it_may_open(project: Project, erin: User, rita: User, sign_in) -> None:
    factories.prompt(project)
    page = overview(sign_in(erin), project)
    assert f'href="/projects/{project.pk}/write/"' in page
    for closed in ("import", "datasets", "members", "evaluations", "promotion"):
        assert f'href="/projects/{project.pk}/{closed}/"' not in page
    assert f'href="/projects/{project.pk}/evaluations/"' in overview(sign_in(rita), project)


def test_it_asks_the_database_as_little_for_many_prompts_as_for_one(
    project: Project, erin: User, sign_in, django_assert_max_num_queries
) -> None:
    for _ in range(30):
        factories.demonstration(factories.prompt(project), erin)
    client = sign_in(erin)
    with django_assert_max_num_queries(12):
        overview(client, project)


def test_it_shows_a_stranger_nothing(project: Project, oscar: User, sign_in) -> None:
    client = sign_in(oscar)
    for page in ("", "settings/", "members/", "guidelines/", "prompts/", "import/", "export/"):
        assert client.get(f"/projects/{project.pk}/{page}").status_code == 404


def test_it_is_made_by_an_action_that_leaves_a_trace(ada: User) -> None:
    project = create_project(by=ada, name="A", objective="B")
    assert Membership.objects.get().role == Role.ADMIN
    assert Event.objects.get().project == project
