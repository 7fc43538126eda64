"""The promoted model drafts for somebody who writes, as a job."""

from __future__ import annotations

from typing import Any

import pytest

from annotation import model_side
from annotation.actions import Refused, drafting
from annotation.model_side import Draft, NoDraft
from annotation.models import Demonstration
from evaluation import drafting as promoted
from evaluation.models import Promotion
from tests import factories
from tests.evaluation import factories as judged
from tests.training.test_playground import answer
from training import tasks
from training.jobs import Status
from training.models import Sampling

pytestmark = pytest.mark.django_db
OWN = "The landlord of Denise Okafor kept her deposit and sent no list of damages."


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    bells: list[str] = []
    monkeypatch.setattr(tasks, "run_sampling", bells.append)
    monkeypatch.setattr(promoted, "worker_is_running", lambda: True)
    return bells


@pytest.fixture
def in_use(project: Any, ada: Any) -> Promotion:
    return Promotion.objects.create(project=project, adapter=judged.adapter(project), reason="Good", promoted_by=ada)


def test_it_is_lent_to_those_who_write() -> None:
    assert isinstance(model_side.drafter(), promoted.PromotedModel)


def test_it_drafts_with_the_promoted_adapter(
    project: Any, erin: Any, in_use: Promotion, rung: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    prompt = factories.prompt(project)
    with django_capture_on_commit_callbacks(execute=True):
        asked = drafting.ask(prompt=prompt, by=erin, text=OWN)
    sampling = Sampling.objects.get()
    assert rung == [str(sampling.pk)]
    assert (sampling.purpose, sampling.created_by) == ("draft", erin)
    assert [source["adapter_id"] for source in sampling.sources] == [str(in_use.adapter_id)]
    assert asked.ready_at is None
    assert drafting.of(prompt, erin).text == ""
    answer(sampling, n0=" Parties: two. ")
    found = drafting.of(prompt, erin)
    assert (found.text, found.source) == ("Parties: two.", str(in_use.adapter))
    assert Demonstration.objects.get().draft_source == str(in_use.adapter)


def test_it_offers_nothing_without_a_promotion(project: Any, erin: Any, rung: list[str]) -> None:
    prompt = factories.prompt(project)
    assert not drafting.offered(prompt)
    with pytest.raises(Refused):
        drafting.ask(prompt=prompt, by=erin, text=OWN)
    assert not Sampling.objects.exists()


def test_it_says_when_nothing_runs_that_could_write(
    project: Any, erin: Any, in_use: Promotion, rung: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promoted, "worker_is_running", lambda: False)
    with pytest.raises(Refused, match="nothing is running that could write"):
        drafting.ask(prompt=factories.prompt(project), by=erin, text=OWN)


def test_it_says_when_the_job_failed_or_is_gone(project: Any, erin: Any, in_use: Promotion, rung: list[str]) -> None:
    writer = promoted.PromotedModel()
    key = writer.ask(prompt=factories.prompt(project), by=erin)
    assert writer.found(key) is None
    Sampling.objects.update(status=Status.FAILED)
    assert writer.found(key) == NoDraft("The model could not write a draft.")
    Sampling.objects.update(status=Status.QUEUED)
    answer(Sampling.objects.get(), n0="  ")
    assert isinstance(writer.found(key), NoDraft)
    Sampling.objects.all().delete()
    assert not isinstance(writer.found(key), Draft)
