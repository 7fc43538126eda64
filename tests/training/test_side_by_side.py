"""Two adapters beside each other: what differs, and what must not be compared."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.urls import reverse
from rest_framework.test import APIClient

from annotation.models import Demonstration, Project
from tests import factories
from tests.evaluation import factories as judged
from training import actions
from training.adapters.side_by_side import compare, rows
from training.models import Adapter, BaseModel, DatasetVersion, TrainingRound

pytestmark = pytest.mark.django_db


def adapter_of(version: DatasetVersion, base_model: BaseModel, **params: Any) -> Adapter:
    made = judged.adapter(version.project, base_model=base_model)
    result = {"eval_loss_before": 2.5, "eval_loss": 1.25, "train_loss": 1.0}
    TrainingRound.objects.filter(pk=made.round_id).update(
        dataset_version=version, params={**made.round.params, **params}, result=result
    )
    return Adapter.objects.select_related("round__dataset_version", "base_model").get(pk=made.pk)


@pytest.fixture
def two(dataset: DatasetVersion, base_model: BaseModel, ada: User, erin: User) -> tuple[Adapter, Adapter]:
    project = dataset.project
    first = adapter_of(dataset, base_model)
    train = Demonstration.objects.filter(pk__in=[row["id"] for row in rows_of(dataset)]).order_by("pk")
    changed, removed = train[0], train[1]
    Demonstration.objects.filter(pk=changed.pk).update(text="Another text.")
    removed.delete()
    for _number in range(2):
        factories.demonstration(factories.prompt(project, group=changed.prompt.group), erin)
    later = actions.freeze(kind="demonstrations", project=project, by=ada)
    return first, adapter_of(later, base_model, lora_r=64)


def rows_of(version: DatasetVersion) -> list[dict[str, Any]]:
    from training.freezing.datasets import training_rows

    return training_rows(version)


def test_it_tells_rows_apart_by_id() -> None:
    first = [{"id": "a", "text": "1"}, {"id": "b", "text": "1"}, {"id": "c", "text": "1"}]
    second = [{"id": "b", "text": "2"}, {"id": "c", "text": "1"}, {"id": "d", "text": "1"}]
    found = rows(first, second)
    assert (found.both, found.added, found.removed, found.changed) == (2, ["d"], ["a"], ["b"])
    assert not found.same
    assert rows(first, first).same


def test_it_shows_what_differs(two: tuple[Adapter, Adapter]) -> None:
    seen = compare(*two)
    assert [(line.label, line.first, line.second) for line in seen.different] == [("LoRA rank", "16", "64")]
    assert seen.rows is not None
    assert (len(seen.rows.removed), len(seen.rows.changed)) == (1, 1)
    assert seen.rows.added
    assert ("Loss on held-out rows after", "1.250", "1.250") in [(r.label, r.first, r.second) for r in seen.results]
    assert seen.evaluations == []


def test_it_says_when_numbers_do_not_compare(two: tuple[Adapter, Adapter], base_model: BaseModel) -> None:
    first, second = two
    assert compare(first, first).measured_alike
    other = judged.adapter(first.project, "dpo", parent=first, base_model=base_model)
    seen = compare(first, other)
    assert (seen.rows, seen.measured_alike) == (None, False)
    assert "different kinds of rows" in seen.no_rows
    (second.round.dataset_version.directory / "train.jsonl").write_text("{}\n")
    assert "missing or changed" in compare(first, second).no_rows


def test_it_is_a_page_that_links_to_what_they_share(
    two: tuple[Adapter, Adapter], ada: User, project: Project, sign_in: Any
) -> None:
    first, second = two
    shared = judged.evaluation(project, [first, second], name="Both asked")
    judged.evaluation(project, [first], name="One asked")
    client = sign_in(ada)
    url = reverse("adapter_comparison", args=[project.pk])
    page = client.get(url, {"first": first.pk, "second": second.pk}).content.decode()
    assert reverse("evaluation", args=[project.pk, shared.pk]) in page
    assert "One asked" not in page
    assert "LoRA rank" in page
    assert "LoRA alpha" not in page
    assert "Only the second learned from" in page
    assert "Choose two different" in client.get(url, {"first": first.pk, "second": first.pk}).content.decode()
    for odd in ({}, {"first": "x"}, {"first": str(project.pk)}, {"second": first.pk}):
        assert "Settings that differ" in client.get(url, odd).content.decode()
    adapters_page = client.get(reverse("adapters", args=[project.pk])).content.decode()
    assert url in adapters_page
    assert url in client.get(reverse("adapter", args=[project.pk, second.pk])).content.decode()


def test_it_says_that_it_takes_two(project: Project, ada: User, sign_in: Any) -> None:
    page = sign_in(ada).get(reverse("adapter_comparison", args=[project.pk])).content.decode()
    assert "It takes two adapters" in page


def test_it_compares_by_the_api_and_the_command(two: tuple[Adapter, Adapter], ada: User, project: Project) -> None:
    first, second = two
    api = APIClient()
    api.force_authenticate(ada)
    url = f"/api/v1/projects/{project.pk}/adapters/compare/"
    told = api.get(url, {"first": str(first.pk), "second": str(second.pk)}).json()
    assert told["settings"] == [{"name": "LoRA rank", "first": "16", "second": "64"}]
    assert api.get(url, {"first": str(first.pk)}).status_code == 400
    assert api.get(url, {"first": str(first.pk), "second": str(project.pk)}).status_code == 400
    out = StringIO()
    named = ["--project", str(project.pk), "--first", str(first.round.number), "--second", "latest"]
    call_command("compare_adapters", *named, "--json", stdout=out)
    assert json.loads(out.getvalue()) == told
    call_command("compare_adapters", *named, stdout=out)
    assert "  LoRA rank: 16 | 64" in out.getvalue()
    with pytest.raises(CommandError, match="two different"):
        call_command("compare_adapters", "--project", str(project.pk), "--first", "latest", "--second", "latest")
