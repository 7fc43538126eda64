"""A model answers alike in each evaluation: an open one must not tell whose output another asks to score."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from evaluation import actions
from evaluation.models import Evaluation, EvaluationSet
from tests.evaluation import factories
from training.jobs import Status
from training.models import Adapter


@pytest.fixture
def again(project: Any, judged: Evaluation, sft: Adapter) -> Evaluation:
    """Two of the contestants answer the same prompts once more, and people are asked to score them."""
    return factories.evaluation(project, [None, sft], reviewed_prompts=6, name="Second look", seed=5)


def addresses(evaluation: Evaluation) -> tuple[str, str]:
    args = [evaluation.project_id, evaluation.pk]
    return reverse("evaluation_outputs", args=args), reverse("api_evaluation_outputs", args=args)


def test_it_closes_texts_to_whoever_may_still_score_the_same_prompts(
    judged: Evaluation, again: Evaluation, rita: User, as_user: Callable[[User], Client]
) -> None:
    client = as_user(rita)
    page, api = addresses(judged)
    assert "Score first, then read on" in client.get(page).content.decode()
    assert factories.GOOD.splitlines()[0] not in client.get(page).content.decode()
    assert client.get(api).status_code == 403
    factories.review_all(again, rita, levels=(1, 4))
    assert factories.GOOD.splitlines()[0] in client.get(page).content.decode()
    assert client.get(api).status_code == 200


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING, Status.FAILED])
def test_it_closes_texts_while_another_evaluation_of_the_same_prompts_is_answering(
    judged: Evaluation, again: Evaluation, rita: User, ada: User, as_user: Callable[[User], Client], status: str
) -> None:
    again.contestants.filter(position=1).update(status=status)
    page, api = addresses(judged)
    assert as_user(rita).get(api).status_code == 403
    assert "Score first, then read on" in as_user(rita).get(page).content.decode()
    actions.open_results(evaluation=again, by=ada)
    assert as_user(ada).get(api).status_code == 200  # gave up scoring there
    assert as_user(rita).get(api).status_code == 403
    again.contestants.update(status=Status.CANCELLED)
    assert as_user(rita).get(api).status_code == 200  # left out: nothing of it will be scored


def test_it_leaves_texts_open_while_other_prompts_or_no_people_are_asked(
    judged: Evaluation, again: Evaluation, rita: User, as_user: Callable[[User], Client]
) -> None:
    again.contestants.update(status=Status.RUNNING)
    api = addresses(judged)[1]
    Evaluation.objects.filter(pk=again.pk).update(reviewed_prompts=0)
    assert as_user(rita).get(api).status_code == 200
    Evaluation.objects.filter(pk=again.pk).update(reviewed_prompts=6)
    assert as_user(rita).get(api).status_code == 403
    other = EvaluationSet.objects.create(
        project=again.project, name="Others", sha256="0" * 64, created_by=again.created_by
    )
    Evaluation.objects.filter(pk=again.pk).update(evaluation_set=other)
    assert as_user(rita).get(api).status_code == 200


def test_it_closes_texts_of_an_evaluation_by_measures_alone(
    project: Any, open_evaluation: Evaluation, sft: Adapter, rita: User, as_user: Callable[[User], Client]
) -> None:
    by_measures = factories.evaluation(project, [None, sft], reviewed_prompts=0, name="Measures only")
    page, api = addresses(by_measures)
    assert as_user(rita).get(api).status_code == 403
    assert "Score first" in as_user(rita).get(page).content.decode()


def test_it_keeps_results_open_and_texts_to_whoever_gave_up_scoring(
    judged: Evaluation, again: Evaluation, ada: User, as_user: Callable[[User], Client]
) -> None:
    client = as_user(ada)
    page, api = addresses(judged)
    assert client.get(api).status_code == 403
    assert client.get(reverse("evaluation", args=[judged.project_id, judged.pk])).context["verdicts"]
    actions.open_results(evaluation=again, by=ada)
    assert client.get(api).status_code == 200
    assert client.get(page).status_code == 200
