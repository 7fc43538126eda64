"""Every page of the training app: it works, it refuses strangers and wrong roles, it answers bad input."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Project
from training import actions
from training.jobs import Status
from training.models import Adapter, BaseModel, DatasetVersion, TrainingRound

pytestmark = pytest.mark.django_db


@pytest.fixture
def round_(taught: Project, dataset: DatasetVersion, base_model: BaseModel, ada: Any, rung: Any) -> TrainingRound:
    return actions.launch_round(project=taught, method="sft", dataset_version=dataset, params={}, by=ada)


@pytest.fixture
def adapter(round_: TrainingRound, settings: Any) -> Adapter:
    result = {"eval_loss_before": 2.5, "eval_loss": 1.25, "train_loss": 1.1}
    TrainingRound.objects.filter(pk=round_.pk).update(status=Status.SUCCEEDED, result=result, attempt=1)
    made = Adapter.objects.create(
        project=round_.project, round=round_, base_model=round_.base_model, sha256="a" * 64, size_bytes=1234
    )
    made.directory.mkdir(parents=True)
    return made


@pytest.fixture
def pages(adapter: Adapter, dataset: DatasetVersion, ada: Any, rung: Any) -> dict[str, list[Any]]:
    """Every page that a GET opens, with its arguments."""
    project, round_ = adapter.project, adapter.round
    preflight = actions.start_preflight(project=project, method="sft", dataset_version=dataset, params={}, by=ada)
    prompts = list(project.prompts.all()[:2])
    params = {"num_candidates": 2}
    sampling = actions.start_sampling(project=project, sources=[adapter], prompts=prompts, params=params, by=ada)
    asked = [{"id": "playground", "prompt": [{"role": "user", "content": "Hello"}]}]
    playing = actions.start_sampling(
        project=project, sources=[None, adapter], prompts=asked, params={}, purpose="playground", by=ada
    )
    return {
        "datasets": [project.pk],
        "dataset": [project.pk, dataset.pk],
        "rounds": [project.pk],
        "round_create": [project.pk],
        "preflight": [project.pk, preflight.pk],
        "round": [project.pk, round_.pk],
        "round_progress": [project.pk, round_.pk],
        "adapters": [project.pk],
        "adapter": [project.pk, adapter.pk],
        "sampling_create": [project.pk],
        "sampling": [project.pk, sampling.pk],
        "playground": [project.pk],
        "playground_result": [project.pk, playing.pk],
    }


def test_it_opens_every_page_with_few_questions(
    pages: dict[str, list[Any]], sign_in: Any, ada: Any, django_assert_max_num_queries: Any
) -> None:
    client = sign_in(ada)
    for name, arguments in pages.items():
        with django_assert_max_num_queries(12, info=name):
            response = client.get(reverse(name, args=arguments))
        assert response.status_code == 200, name
        assert b"style=" not in response.content, name


@pytest.mark.parametrize(("who", "status"), [("erin", 403), ("rita", 403), ("oscar", 404)])
def test_it_refuses_whoever_may_not_manage(
    pages: dict[str, list[Any]], sign_in: Any, request: pytest.FixtureRequest, who: str, status: int
) -> None:
    client = sign_in(request.getfixturevalue(who))
    for name, arguments in pages.items():
        assert client.get(reverse(name, args=arguments)).status_code == status, name
    for name in ("round_cancel", "round_retry"):
        assert client.post(reverse(name, args=pages["round"])).status_code == status, name
    assert client.post(reverse("sampling_cancel", args=pages["sampling"])).status_code == status


def test_it_sends_strangers_to_sign_in(pages: dict[str, list[Any]], client: Client) -> None:
    for name, arguments in pages.items():
        response = client.get(reverse(name, args=arguments))
        assert response.status_code == 302, name
        assert "sign-in" in response.url


def test_it_finds_nothing_of_another_project(pages: dict[str, list[Any]], sign_in: Any, oscar: Any) -> None:
    """The ids are real, the project in the address is the stranger's own."""
    own = Project.objects.get(name="Another project")
    client = sign_in(oscar)
    for name, arguments in pages.items():
        if len(arguments) == 2:
            assert client.get(reverse(name, args=[own.pk, arguments[1]])).status_code == 404, name


def test_it_refuses_get_where_something_would_change(pages: dict[str, list[Any]], sign_in: Any, ada: Any) -> None:
    client = sign_in(ada)
    for name, of in [("round_cancel", "round"), ("round_retry", "round"), ("sampling_cancel", "sampling")]:
        assert client.get(reverse(name, args=pages[of])).status_code == 405
