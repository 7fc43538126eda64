"""From an adapter back over all that it was built on, on its page, by API and by command."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import reverse

from annotation.models import Membership, Role
from tests import factories
from training import actions
from training.models import Adapter, BaseModel, TrainingRound
from training.params import SFTParams, to_json


@pytest.mark.django_db
def test_an_adapter_leads_back_over_its_parents(settings: Any, sign_in: Any, capsys: Any) -> None:
    actions.register_base_model(directory=factories.base_model_folder(settings.BASE_MODELS_DIR / "toy"))
    ada = User.objects.create_user("ada", is_staff=True)
    erin = User.objects.create_user("erin")
    project = factories.project(created_by=ada)
    Membership.objects.create(project=project, user=ada, role=Role.ADMIN)
    parent = None
    for number, author in enumerate((erin, ada), start=1):
        factories.demonstration(factories.prompt(project, input=f"Matter {number}"), author, text=f"Answer {number}.")
        made = TrainingRound.objects.create(
            project=project,
            number=number,
            method="sft",
            base_model=BaseModel.objects.get(),
            parent_adapter=parent,
            dataset_version=actions.freeze(project=project, kind="demonstrations", by=ada),
            params=to_json(SFTParams()),
            created_by=ada,
            status="succeeded",
        )
        parent = Adapter.objects.create(
            project=project, round=made, base_model=made.base_model, sha256=str(number) * 64, size_bytes=1
        )
    assert parent
    client = sign_in(ada)
    told = client.get(reverse("api_adapter_lineage", args=[project.pk, parent.pk])).json()["sources"]
    assert [(each["round"], each["name"]) for each in told] == [(2, "Demonstrations v2"), (1, "Demonstrations v1")]
    assert [sum(person["rows"] for person in each["people"]) for each in told] == [2, 1]
    page = client.get(reverse("adapter_lineage", args=[project.pk, parent.pk])).content
    assert b"Demonstrations v2" in page
    assert b"Demonstrations v1" in page
    call_command("show_lineage", "--project", str(project.pk), "--adapter", "2")
    said = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0].split(": ")[1] for line in said[:2]] == ["Demonstrations v2", "Demonstrations v1"]
