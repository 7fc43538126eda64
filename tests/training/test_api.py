from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from rest_framework.test import APIClient

from annotation import parts
from annotation.exports import job
from annotation.models import Event, Export, Project
from tests import factories
from training import actions
from training.jobs import Status
from training.models import Adapter, BaseModel, DatasetVersion, Sampling, TrainingRound
from training.run_dir import read_rows, write_rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(ada: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(ada)
    return client


def at(project: Project, path: str) -> str:
    return f"/api/v1/projects/{project.pk}/{path}"


@pytest.fixture
def round_(dataset: DatasetVersion, base_model: BaseModel, ada: Any, rung: Any) -> TrainingRound:
    return actions.launch_round(project=dataset.project, method="sft", dataset_version=dataset, params={}, by=ada)


@pytest.fixture
def adapter(round_: TrainingRound) -> Adapter:
    TrainingRound.objects.update(status=Status.SUCCEEDED)
    return Adapter.objects.create(
        project=round_.project, round=round_, base_model=round_.base_model, sha256="a" * 64, size_bytes=9
    )


def test_it_freezes_and_lists(taught: Project, api: APIClient) -> None:
    made = api.post(at(taught, "datasets/"), {"kind": "demonstrations", "description": "One"}, format="json")
    again = api.post(at(taught, "datasets/"), {"kind": "demonstrations"}, format="json")
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json()["id"] == again.json()["id"]
    assert [row["id"] for row in api.get(at(taught, "datasets/")).json()["results"]] == [made.json()["id"]]
    assert api.get(at(taught, "datasets/"), {"kind": "preferences"}).json()["results"] == []
    refused = api.post(at(taught, "datasets/"), {"kind": "preferences"}, format="json")
    assert refused.status_code == 400
    assert "no preference pair" in refused.json()["kind"][0]
    assert api.post(at(taught, "datasets/"), {"kind": 7}, format="json").status_code == 400


def test_it_hands_out_the_frozen_rows(dataset: DatasetVersion, api: APIClient) -> None:
    asked = api.post(at(dataset.project, f"datasets/{dataset.pk}/exports/"), {"part": "train"}, format="json")
    assert asked.status_code == 202
    parts.run(Export.objects.get(pk=asked.json()["id"]), job.do)
    response = api.get(at(dataset.project, f"exports/{asked.json()['id']}/file/"))
    frozen = read_rows(dataset.directory / "train.jsonl")
    rows = [json.loads(line) for line in b"".join(response.streaming_content).decode().splitlines()]
    assert rows == [{**row, "split": "train"} for row in frozen]
    assert Event.objects.filter(verb="downloaded an export").exists()
    for part in ("train", "everything", "secret_key"):
        assert api.get(at(dataset.project, f"datasets/{dataset.pk}/{part}/")).status_code == 404


def test_it_launches_shows_cancels_and_repeats(
    dataset: DatasetVersion, base_model: BaseModel, api: APIClient, rung: Any
) -> None:
    project = dataset.project
    sent = {"method": "sft", "dataset_version": str(dataset.pk), "preset": "quick", "params": {"lora_r": 4}}
    launched = api.post(at(project, "rounds/"), sent, format="json")
    assert launched.status_code == 201
    assert launched.json()["params"]["num_train_epochs"] == 1.0
    assert launched.json()["params"]["lora_r"] == 4
    one = at(project, f"rounds/{launched.json()['id']}/")
    TrainingRound.objects.update(attempt=1)
    run_dir = TrainingRound.objects.get().run_dir()
    run_dir.path.mkdir(parents=True)
    for step in range(1, 5):
        run_dir.append_event("log", step=step, loss=1.0)
    assert [event["step"] for event in api.get(one).json()["events"]] == [1, 2, 3, 4]
    assert [event["step"] for event in api.get(one, {"after_line": 3}).json()["events"]] == [4]
    assert api.get(one, {"after_line": "last"}).status_code == 400
    assert api.post(f"{one}retry/").status_code == 400
    assert api.post(f"{one}cancel/").json()["status"] == "cancelled"
    assert api.post(f"{one}cancel/").status_code == 200
    assert api.post(f"{one}retry/").json()["number"] == 2
    assert len(api.get(at(project, "rounds/"), {"status": "queued"}).json()["results"]) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"params": {"learning_rate": 9}}, "learning_rate"),
        ({"params": {"learning_rate": "fast"}}, "learning_rate"),
        ({"params": {"output_dir": "/etc"}}, "output_dir"),
        ({"params": []}, "params"),
        ({"preset": "magic"}, "preset"),
        ({"method": "ppo"}, "method"),
        ({"dataset_version": str(uuid.uuid4())}, "dataset_version"),
        ({"dataset_version": "1"}, "dataset_version"),
        ({"parent_adapter": str(uuid.uuid4())}, "parent_adapter"),
        ({"base_model": str(uuid.uuid4())}, "base_model"),
        ({"note": "x" * 301}, "note"),
    ],
)
def test_it_answers_bad_settings_with_the_field(
    dataset: DatasetVersion, base_model: BaseModel, api: APIClient, rung: Any, changes: dict[str, Any], field: str
) -> None:
    sent = {"method": "sft", "dataset_version": str(dataset.pk), **changes}
    response = api.post(at(dataset.project, "rounds/"), sent, format="json")
    assert response.status_code == 400
    assert field in response.json()
    assert not TrainingRound.objects.exists()


def test_it_samples_and_hands_out_what_was_written(adapter: Adapter, api: APIClient) -> None:
    project = adapter.project
    sent = {"adapters": [str(adapter.pk)], "base": True, "prompts": 2, "num_candidates": 2}
    started = api.post(at(project, "samplings/"), sent, format="json")
    assert started.status_code == 201
    sampling = Sampling.objects.get()
    Sampling.objects.update(attempt=1)
    sampling.refresh_from_db()
    sampling.run_dir().path.mkdir(parents=True)
    write_rows(sampling.run_dir().outputs, [{"source": "base", "id": "1", "text": "Hello"}])
    shown = api.get(at(project, f"samplings/{sampling.pk}/")).json()
    assert [output["text"] for output in shown["outputs"]] == ["Hello"]
    assert len(shown["prompts"]) == 2
    cancelled = api.post(at(project, f"samplings/{sampling.pk}/cancel/"))
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    for changes, field in [
        ({"adapters": [str(uuid.uuid4())]}, "adapters"),
        ({"adapters": [], "base": False}, "sources"),
        ({"num_candidates": 5}, "num_candidates"),
        ({"temperature": -1}, "temperature"),
        ({"adapters": "all"}, "adapters"),
    ]:
        refused = api.post(at(project, "samplings/"), {**sent, **changes}, format="json")
        assert refused.status_code == 400
        assert field in refused.json()


def test_it_lists_adapters_and_base_models(adapter: Adapter, api: APIClient) -> None:
    assert [row["id"] for row in api.get(at(adapter.project, "adapters/")).json()["results"]] == [str(adapter.pk)]
    assert [row["name"] for row in api.get("/api/v1/base-models/").json()["results"]] == ["Toy"]
    assert "path" not in api.get("/api/v1/base-models/").json()["results"][0]


def test_it_registers_base_models_from_their_one_place(
    base_model: BaseModel, api: APIClient, ada: Any, settings: Any
) -> None:
    second = factories.base_model_folder(settings.BASE_MODELS_DIR / "second")
    made = api.post("/api/v1/base-models/", {"directory": "second", "default": True}, format="json")
    assert (made.status_code, made.json()["name"], made.json()["is_default"]) == (201, "Second", True)
    assert Event.objects.filter(verb="registered", actor=ada, object_id=made.json()["id"]).exists()
    again = api.post("/api/v1/base-models/", {"directory": "second"}, format="json")
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
    for name in ("../../etc", str(second), "third", ""):
        refused = api.post("/api/v1/base-models/", {"directory": name}, format="json")
        assert (refused.status_code, list(refused.json())) == (400, ["directory"])
    (second / "model.bin").write_bytes(b"")
    refused = api.post("/api/v1/base-models/", {"directory": "second"}, format="json")
    assert "can carry code" in refused.json()["directory"][0]


def test_it_registers_base_models_for_those_who_run_the_installation_only(
    base_model: BaseModel, oscar: Any, rita: Any
) -> None:
    client = APIClient()
    for person in (oscar, rita):
        client.force_authenticate(person)
        assert client.post("/api/v1/base-models/", {"directory": "toy"}, format="json").status_code == 403
        assert client.get("/api/v1/base-models/").status_code == 200


@pytest.mark.parametrize(("who", "status"), [("erin", 403), ("rita", 403), ("oscar", 404), (None, 401)])
def test_it_keeps_everybody_else_out(
    adapter: Adapter, request: pytest.FixtureRequest, who: str | None, status: int
) -> None:
    client = APIClient()
    if who:
        client.force_authenticate(request.getfixturevalue(who))
    project, round = adapter.project, adapter.round_id
    for path in ("datasets/", "rounds/", f"rounds/{round}/", "adapters/", "samplings/", f"samplings/{uuid.uuid4()}/"):
        assert client.get(at(project, path)).status_code == status, path
    for path in ("datasets/", "rounds/", f"rounds/{round}/cancel/", f"rounds/{round}/retry/", "samplings/"):
        assert client.post(at(project, path), {}, format="json").status_code == status, path


def test_it_finds_nothing_of_another_project(adapter: Adapter, oscar: Any) -> None:
    client = APIClient()
    client.force_authenticate(oscar)
    own = Project.objects.get(name="Another project")
    assert client.get(at(own, f"rounds/{adapter.round_id}/")).status_code == 404
    assert client.post(at(own, f"rounds/{adapter.round_id}/cancel/")).status_code == 404
    sent = {"method": "sft", "dataset_version": str(adapter.round.dataset_version_id)}
    assert client.post(at(own, "rounds/"), sent, format="json").status_code == 400


def test_its_lists_ask_no_more_for_many(
    dataset: DatasetVersion,
    base_model: BaseModel,
    api: APIClient,
    ada: Any,
    rung: Any,
    django_assert_max_num_queries: Any,
) -> None:
    for _number in range(6):
        actions.launch_round(project=dataset.project, method="sft", dataset_version=dataset, params={}, by=ada)
    for path in ("datasets/", "rounds/", "adapters/", "samplings/"):
        with django_assert_max_num_queries(6):
            api.get(at(dataset.project, path))
