"""An adapter's downloads, from the page, the API and the command; the recipe itself is tested beside the others."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from annotation.models import Event, Project
from tests.evaluation.factories import adapter as published
from training.adapters import packaging
from training.jobs import Status
from training.management import waiting
from training.models import Adapter, BaseModel, Package, TrainingRound
from training.run_dir import RunDir, file_sha256, write_json
from training.running.runner import JobFailed

pytestmark = pytest.mark.django_db


@pytest.fixture
def adapter(project: Project, base_model: BaseModel) -> Adapter:
    (base_model.directory / "config.json").write_text(json.dumps({"model_type": "llama"}))
    found = published(project, base_model=base_model)
    (found.round.dataset_version.directory).mkdir(parents=True)
    for name in ("train.jsonl", "validation.jsonl"):
        (found.round.dataset_version.directory / name).write_text("")
    return found


def page_of(adapter: Adapter) -> str:
    return reverse("adapter", args=[adapter.project_id, adapter.pk])


def pack(client: Client, adapter: Adapter, format: str) -> Any:
    url = reverse("package_create", args=[adapter.project_id, adapter.pk])
    return client.post(url, {"format": format}, follow=True)


def packed(package: Package, content: bytes = b"the file") -> Package:
    """As the recipe and the runner leave it."""
    Package.objects.filter(pk=package.pk).update(attempt=1)
    package.refresh_from_db()
    run_dir = package.run_dir()
    (run_dir.path / "package").mkdir(parents=True)
    file = run_dir.path / "package" / packaging.file_name(package.adapter, package.format)
    file.write_bytes(content)
    result = {"file": file.name, "size_bytes": len(content), "sha256": file_sha256(file), "largest_difference": 0.0}
    Package.objects.filter(pk=package.pk).update(status=Status.SUCCEEDED, result=result)
    package.refresh_from_db()
    return package


def test_it_packs_once_and_hands_the_file_out(
    adapter: Adapter, ada: User, sign_in: Any, rung: Any, django_capture_on_commit_callbacks: Any
) -> None:
    client = sign_in(ada)
    with django_capture_on_commit_callbacks(execute=True):
        for _twice in range(2):
            assert pack(client, adapter, "gguf").status_code == 200
    package = Package.objects.get()
    assert rung == [("run_package", str(package.pk))]
    assert package.adapter == adapter
    page = client.get(page_of(adapter)).content.decode()
    assert "No worker is running" in page
    assert 'hx-trigger="every 3s"' in page
    file = reverse("package_file", args=[adapter.project_id, package.pk])
    assert client.get(file).status_code == 404

    packed(package)
    part = client.get(page_of(adapter), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "every 3s" not in part
    assert "computes the same" in part
    assert file in part
    response = client.get(file)
    assert b"".join(response.streaming_content) == b"the file"
    assert response["Content-Disposition"].startswith('attachment; filename="toy-client-intake-summaries-round-1.gguf"')
    assert Event.objects.filter(verb="downloaded", object_id=str(package.pk), actor=ada).exists()
    pack(client, adapter, "gguf")
    assert Package.objects.count() == 1
    package.file.unlink()  # type: ignore[union-attr]
    pack(client, adapter, "gguf")
    assert Package.objects.count() == 2


def test_it_stops_packing(adapter: Adapter, ada: User, sign_in: Any, rung: Any) -> None:
    client = sign_in(ada)
    pack(client, adapter, "merged")
    package = Package.objects.get()
    client.post(reverse("package_cancel", args=[adapter.project_id, package.pk]))
    package.refresh_from_db()
    assert package.status == Status.CANCELLED
    assert "Prepare" in client.get(page_of(adapter)).content.decode()


def test_it_says_why_it_cannot_pack(adapter: Adapter, ada: User, sign_in: Any, rung: Any) -> None:
    client = sign_in(ada)
    assert "Choose one of" in pack(client, adapter, "pickle").content.decode()
    (adapter.base_model.directory / "config.json").write_text(json.dumps({"model_type": "gpt2"}))
    page = pack(client, adapter, "gguf").content.decode()
    assert "GGUF files are written for base models of the Llama family; Toy is of the kind gpt2." in page
    (adapter.directory / "adapter_config.json").write_text(json.dumps({"r": 9}))
    assert "are missing on this machine or have changed" in pack(client, adapter, "merged").content.decode()
    assert not Package.objects.exists()


def test_it_shows_why_packing_failed(adapter: Adapter, ada: User, sign_in: Any, rung: Any) -> None:
    client = sign_in(ada)
    pack(client, adapter, "gguf")
    Package.objects.update(status=Status.FAILED, failure_message="There was not enough memory.")
    assert "There was not enough memory." in client.get(page_of(adapter)).content.decode()


def test_it_gives_the_recipe_what_it_needs_and_looks_at_what_it_left(
    adapter: Adapter, ada: User, sign_in: Any, rung: Any, tmp_path: Path
) -> None:
    pack(sign_in(ada), adapter, "merged")
    package = packed(Package.objects.get())
    given = RunDir(tmp_path / "given")
    given.path.mkdir()
    packaging.PACKAGE.write_inputs(package, given)
    spec = given.read_params()
    assert (spec["format"], spec["file_name"]) == ("merged", "toy-client-intake-summaries-round-1.zip")
    assert spec["adapter_dir"] == str(adapter.directory)
    assert 'base_model_relation: "finetune"' in spec["card"]
    run_dir, result = package.run_dir(), {"status": "succeeded", **package.result}
    packaging.PACKAGE.check(package, run_dir, result)
    assert package.file is not None
    package.file.write_bytes(b"the fil")
    with pytest.raises(JobFailed, match="not written whole"):
        packaging.PACKAGE.check(package, run_dir, result)
    (adapter.directory / "adapter_config.json").write_text(json.dumps({"r": 9}))
    with pytest.raises(JobFailed, match="have changed"):
        packaging.PACKAGE.write_inputs(package, given)


def test_it_packs_by_the_api(adapter: Adapter, ada: User, rung: Any) -> None:
    api = APIClient()
    api.force_authenticate(ada)
    url = f"/api/v1/projects/{adapter.project_id}/adapters/{adapter.pk}/packages/"
    made, again = (api.post(url, {"format": "adapter"}, format="json") for _twice in range(2))
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json()["id"] == again.json()["id"]
    assert api.post(url, {"format": "pickle"}, format="json").status_code == 400
    assert [row["format"] for row in api.get(url).json()["results"]] == ["adapter"]
    one = f"/api/v1/projects/{adapter.project_id}/packages/{made.json()['id']}/"
    assert api.get(one).json()["status"] == "queued"
    assert api.get(f"{one}file/").status_code == 404
    packed(Package.objects.get())
    assert api.get(one).json()["result"]["file"] == "toy-client-intake-summaries-round-1-adapter.zip"
    assert b"".join(api.get(f"{one}file/").streaming_content) == b"the file"
    assert api.post(f"{one}cancel/").json()["status"] == "succeeded"


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def test_it_packs_by_command(
    adapter: Adapter, ada: User, rung: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = ["--project", str(adapter.project_id), "--by", "ada"]
    export = ["export_adapter", *of, "--adapter", "1", "--format", "gguf", "--output"]
    monkeypatch.setattr(waiting.time, "sleep", lambda _seconds: packed(Package.objects.get()))
    told = json.loads(run(*export, str(tmp_path), "--json"))
    target = tmp_path / "toy-client-intake-summaries-round-1.gguf"
    assert (told["output"], told["sha256"]) == (str(target), file_sha256(target))
    assert run(*export, str(tmp_path / "mine.gguf")).endswith("mine.gguf.")
    with pytest.raises(CommandError, match="cannot be written"):
        run(*export, str(tmp_path / "nowhere" / "mine.gguf"))
    over = run("cancel_package", *of, "--package", told["id"])
    assert over == "Packing the GGUF file of the SFT adapter of round 1 is over already."
    with pytest.raises(CommandError, match="has no package"):
        run("cancel_package", *of, "--package", str(adapter.pk))


def test_it_hands_out_a_rounds_curves(adapter: Adapter, ada: User, sign_in: Any, tmp_path: Path) -> None:
    round = adapter.round
    url = reverse("round_tensorboard", args=[round.project_id, round.pk])
    api = f"/api/v1/projects/{round.project_id}/rounds/{round.pk}/tensorboard/"
    client = sign_in(ada)
    export = [
        "export_tensorboard",
        "--project",
        str(round.project_id),
        "--round",
        "1",
        "--output",
        str(tmp_path / "tb"),
    ]
    assert [client.get(each).status_code for each in (url, api)] == [404, 404]
    with pytest.raises(CommandError, match="Nothing was measured"):
        run(*export)
    TrainingRound.objects.update(attempt=1)
    round.refresh_from_db()
    round.run_dir().path.mkdir(parents=True)
    round.run_dir().append_event("log", step=1, loss=2.5)
    contents = [client.get(each).content for each in (url, api)]
    assert contents[0] == contents[1]
    assert b"train/loss" in contents[0]
    assert "written to" in run(*export)
    (file,) = (tmp_path / "tb").iterdir()
    assert file.read_bytes() == contents[0]
    round.run_dir().append_event("log", step=2, loss=2.25)
    assert url in client.get(reverse("round", args=[round.project_id, round.pk])).content.decode()


def test_it_says_in_the_params_no_more_than_the_recipe_needs(adapter: Adapter, ada: User, rung: Any) -> None:
    from training.actions import start_package

    package = start_package(adapter=adapter, format="adapter", by=ada)
    Package.objects.filter(pk=package.pk).update(attempt=1)
    package.refresh_from_db()
    package.run_dir().path.mkdir(parents=True)
    packaging.PACKAGE.write_inputs(package, package.run_dir())
    write_json(package.run_dir().result_file, {})
    spec = package.run_dir().read_params()
    assert spec.keys() == {"recipe", "format", "file_name", "base_model_dir", "adapter_dir", "card", "about"}
