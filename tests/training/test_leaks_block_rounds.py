"""Whatever a round learns from and however it is launched, a copy of what is held out stops it."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from annotation.actions.corpus import import_documents
from annotation.corpus import Text
from annotation.models import Project, Ranking, Split
from tests import factories
from training import actions, choosing
from training.models import BaseModel, DatasetVersion, TrainingRound

pytestmark = pytest.mark.django_db

SENTENCES = (
    "Denise Okafor moved out of her flat on 14 February and returned the keys the same day.",
    "The landlord kept the deposit of 1450 dollars and sent no itemised list.",
    "She wants the deposit back and asks what to do first.",
)
HELD_OUT = " ".join(SENTENCES)
REORDERED = " ".join(reversed(SENTENCES))


@pytest.fixture
def apart(project: Project) -> Project:
    factories.prompt(project, input=HELD_OUT, split=Split.EVALUATION, external_id="held")
    return project


def copied(project: Project, erin: User) -> Any:
    prompt = factories.prompt(project, input=REORDERED, external_id="copy")
    factories.demonstration(prompt, erin)
    return prompt


def ranked(project: Project, erin: User, *, all_bad: bool) -> None:
    made = factories.comparison(copied(project, erin), ["Sound", "Poor"], rankings_needed=1, rankings_done=1)
    order = [[str(candidate.pk)] for candidate in made.candidates.order_by("text")]
    Ranking.objects.create(comparison=made, ranker=erin, order=order, all_bad=all_bad)


def blocked(version: DatasetVersion, by: User, method: str, **more: Any) -> None:
    assert version.leaks.exists()
    given = {"params": choosing.preset_params(method, "quick"), **more}
    with pytest.raises(ValidationError) as refused:
        actions.launch_round(project=version.project, method=method, dataset_version=version, by=by, **given)
    assert "holds what the evaluation also asks" in refused.value.message_dict["dataset_version"][0]
    assert not TrainingRound.objects.exists()


def test_preferences(apart: Project, erin: User, ada: User, base_model: BaseModel) -> None:
    ranked(apart, erin, all_bad=False)
    version = actions.freeze(kind="preferences", project=apart, by=ada)
    blocked(version, ada, "dpo", start_from_base=True)


def test_judgements(apart: Project, erin: User, ada: User, base_model: BaseModel) -> None:
    ranked(apart, erin, all_bad=True)
    version = actions.freeze(kind="judgements", project=apart, by=ada)
    blocked(version, ada, "kto", start_from_base=True)


def test_texts(apart: Project, ada: User, base_model: BaseModel) -> None:
    letters = [f"Dear client {number}, we write about matter {number * 7}." for number in range(30)]
    texts = [Text(f"Letter {number}", text, "", "letters.zip") for number, text in enumerate(letters)]
    inside = Text("Copy", f"{letters[0]} {HELD_OUT} {letters[1]}", "", "letters.zip")
    import_documents(project=apart, texts=[*texts, inside], by=ada)
    blocked(actions.freeze(kind="corpus", project=apart, by=ada), ada, "pretrain")


def test_reordered_sentences_however_it_is_launched(
    apart: Project, erin: User, ada: User, base_model: BaseModel
) -> None:
    copied(apart, erin)
    version = actions.freeze(kind="demonstrations", project=apart, by=ada)
    (leak,) = version.leaks.all()
    assert (leak.name, leak.kind) == ("copy", "near")
    blocked(version, ada, "sft")
    client = APIClient()
    client.force_authenticate(ada)
    sent = {"method": "sft", "dataset_version": str(version.pk)}
    answer = client.post(f"/api/v1/projects/{apart.pk}/rounds/", sent, format="json")
    assert answer.status_code == 400
    assert "copy is" in answer.json()["dataset_version"][0]
    of = ["--project", str(apart.pk), "--by", "ada", "--method", "sft"]
    with pytest.raises(CommandError, match="holds what the evaluation also asks"):
        call_command("launch_round", *of, stdout=StringIO(), stderr=StringIO())
    assert not TrainingRound.objects.exists()
