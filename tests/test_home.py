"""My work: what waits for whom, and the frame around every page."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.models import Demonstration, Membership, Project, Ranking, Role, Split
from config.my_work import ProjectWork, my_work
from config.navigation import groups_for
from tests import factories
from training.models import BaseModel, DatasetVersion, TrainingRound


def _work(user: User, project: Project) -> ProjectWork:
    return next(each for each in my_work(user) if each.project == project)


def _lines(user: User, project: Project) -> list[tuple[int, str]]:
    return [(line.count, line.words) for line in _work(user, project).waiting]


def _round(project: Project, by: User, **fields: object) -> TrainingRound:
    base = BaseModel.objects.create(
        name=f"base {project.pk}", path="base", weights_sha256="0" * 64, chat_template_sha256="0" * 64, parameters=1
    )
    dataset = DatasetVersion.objects.create(
        project=project,
        kind="demonstrations",
        number=1,
        sha256="0" * 64,
        train_rows=1,
        validation_rows=1,
        created_by=by,
    )
    return TrainingRound.objects.create(
        project=project,
        number=1,
        method="sft",
        base_model=base,
        dataset_version=dataset,
        params={},
        created_by=by,
        **fields,
    )


def test_it_lists_what_came_back_before_what_is_new(project, erin):
    factories.demonstration(
        factories.prompt(project), erin, status=Demonstration.Status.RETURNED, note="Name the court."
    )
    factories.prompt(project)
    factories.prompt(project, split=Split.EVALUATION)
    assert _lines(erin, project) == [(1, "returned to you"), (1, "to write")]


def test_it_gives_a_reviewer_the_responses_of_others(project, erin, rita):
    factories.demonstration(factories.prompt(project), erin, status=Demonstration.Status.SUBMITTED)
    factories.demonstration(factories.prompt(project), rita, status=Demonstration.Status.SUBMITTED)
    assert _lines(rita, project) == [(1, "to approve")]
    assert _lines(erin, project) == []


def test_it_counts_a_comparison_until_this_person_has_ranked_it(project, erin, eve):
    answered = factories.prompt(project)
    factories.demonstration(answered, eve)
    comparison = factories.comparison(answered, rankings_needed=2)
    assert _lines(erin, project) == [(1, "to rank")]
    Ranking.objects.create(comparison=comparison, ranker=erin, order=[])
    assert _lines(erin, project) == []
    assert "other people's judgement" in _work(erin, project).reason
    assert _lines(eve, project) == [(1, "to rank")]


def test_it_says_why_nothing_waits(project, erin, ada):
    assert "no prompts yet" in _work(erin, project).reason
    assert not _work(erin, project).to_import
    assert _work(ada, project).to_import


def test_it_shows_running_rounds_to_admins_only(project, ada, rita):
    _round(project, ada, status="running")
    assert [str(each) for each in _work(ada, project).rounds] == ["Round 1 · SFT"]
    assert _work(rita, project).rounds == []


def test_it_shows_the_page_with_its_actions(project, erin, sign_in):
    factories.prompt(project)
    page = sign_in(erin).get("/").content.decode()
    assert "Client intake summaries" in page
    assert "Another project" not in page
    assert page.count("btn-primary") == 1


def test_it_offers_new_projects_to_staff_only(project, erin, ada, client: Client):
    client.force_login(erin)
    assert "New project" not in client.get("/").content.decode()
    client.force_login(ada)
    assert "New project" in client.get("/").content.decode()


def test_it_tells_a_person_without_projects_what_to_do(db, sign_in):
    stranger = User.objects.create_user("sam", password="a long pass phrase")
    assert "Ask an admin" in sign_in(stranger).get("/").content.decode()


@pytest.mark.parametrize("projects", [1, 10])
def test_it_asks_no_more_for_ten_projects_than_for_one(projects, ada, sign_in, django_assert_max_num_queries):
    for number in range(projects):
        made = factories.project(name=f"Project {number}", created_by=ada)
        Membership.objects.create(project=made, user=ada, role=Role.ADMIN)
        factories.comparison(factories.prompt(made))
    client = sign_in(ada)
    with django_assert_max_num_queries(12):
        assert client.get("/").status_code == 200


def test_it_sends_strangers_to_the_sign_in_page(client: Client, db):
    answer = client.get("/")
    assert answer.status_code == 302
    assert answer.url.startswith("/sign-in/")


def test_it_keeps_to_the_order_of_the_loop_and_the_role(project):
    def labels(role: str) -> dict[str, list[str]]:
        return {group.label: [link.label for link in group.links] for group in groups_for(role, "write")}

    assert labels(Role.EXPERT) == {
        "Work": ["Write", "Rank", "Score", "Remarks"],
        "Data": ["Overview", "Cleaning"],
        "Project": ["Guidelines"],
    }
    assert list(labels(Role.REVIEWER)) == ["Work", "Data", "Judge", "Project"]
    assert list(labels(Role.ADMIN)) == ["Work", "Data", "Train", "Judge", "Project"]


def test_it_marks_the_present_page_once(project):
    current = [link.label for group in groups_for(Role.ADMIN, "round") for link in group.links if link.current]
    assert current == ["Rounds"]


def test_it_answers_an_unknown_address_with_a_page(erin, sign_in):
    answer = sign_in(erin).get("/no/such/page/")
    assert answer.status_code == 404
    assert "No such page, or not yours" in answer.content.decode()


def test_it_explains_a_form_that_is_too_old(erin):
    client = Client(enforce_csrf_checks=True)
    client.force_login(erin)
    answer = client.post("/sign-out/")
    assert answer.status_code == 403
    assert "too old" in answer.content.decode()
