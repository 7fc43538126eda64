"""Who did what: today, in the last seven days, altogether."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from annotation.models import Demonstration, Ranking
from config.progress import who_did_what
from evaluation.models import Output
from tests import factories
from tests.evaluation import factories as evaluations


def test_it_counts_what_each_person_did_and_when(project, erin, eve, rita) -> None:
    now = timezone.now()
    for days in (0, 3, 40):
        at = now - timedelta(days=days)
        factories.demonstration(
            factories.prompt(project),
            erin,
            submitted_at=at,
            reviewed_at=at,
            reviewed_by=rita,
            active_seconds=60 * (days + 1),
        )
    factories.demonstration(factories.prompt(project), eve, status="draft")
    ranking = Ranking.objects.create(comparison=factories.comparison(factories.prompt(project)), ranker=eve, order=[])
    Ranking.objects.filter(pk=ranking.pk).update(created_at=now - timedelta(days=8))
    done = {each.user: each for each in who_did_what(project)}
    assert (done[erin].written, done[erin].minutes_writing) == ([1, 2, 3], 4.0)
    assert (done[rita].approved, done[rita].written) == ([1, 2, 3], [0, 0, 0])
    assert (done[eve].written, done[eve].ranked, done[eve].minutes_ranking) == ([0, 0, 0], [0, 0, 1], None)


def test_it_tells_how_long_people_take_to_score(project, erin, ada) -> None:
    evaluation = evaluations.evaluation(project, [None], prompts=3, reviewed_prompts=3)
    outputs = list(Output.objects.filter(contestant__evaluation=evaluation, for_review=True))
    for output, seconds in zip(outputs, (60, 150, 600), strict=True):
        evaluations.review(output, erin, active_seconds=seconds)
    done = {each.user: each for each in who_did_what(project)}
    assert (done[erin].scored, done[erin].minutes_scoring) == ([3, 3, 3], 2.5)
    assert done[ada].minutes_scoring is None


def test_it_still_counts_what_somebody_did_who_left(project, erin, ada, sign_in) -> None:
    factories.demonstration(factories.prompt(project), erin)
    project.memberships.filter(user=erin).delete()
    assert {each.user: each.role for each in who_did_what(project)}[erin] == "Left"
    assert "Erin Expert" in sign_in(ada).get(f"/projects/{project.pk}/progress/").content.decode()


def test_it_shows_progress_to_those_who_answer_for_it(
    project, erin, rita, sign_in, django_assert_max_num_queries
) -> None:
    path = f"/projects/{project.pk}/progress/"
    assert sign_in(erin).get(path).status_code == 403
    Demonstration.objects.all().delete()
    client = sign_in(rita)
    with django_assert_max_num_queries(12):
        page = client.get(path).content.decode()
    assert "not recorded" in page
