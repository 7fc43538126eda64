"""Rounds that train the whole model: their settings, what they leave, and what is built on it."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient
from safetensors.numpy import save_file

from annotation.models import Project
from evaluation import collecting
from tests.evaluation.factories import evaluation
from training import actions
from training.adapters import packaging, publishing
from training.jobs import Status
from training.methods import METHODS, from_json
from training.models import Adapter, BaseModel, DatasetVersion, Package, Preflight, TrainingRound
from training.params import ParamsError
from training.run_dir import RunDir, file_sha256, write_json
from training.running import kinds, runner
from training.running.kinds import ROUND, weights_of
from training.running.runner import JobFailed

pytestmark = pytest.mark.django_db
FULL = {"finetuning_type": "full"}


# --- Settings --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["sft", "pretrain"])
def test_no_preset_trains_the_whole_model_with_an_adapters_learning_rate(method: str) -> None:
    usual = from_json(method, {})
    assert from_json(method, FULL).learning_rate == pytest.approx(usual.learning_rate / 20)
    assert from_json(method, {**FULL, "learning_rate": 1e-4}).learning_rate == 1e-4
    with pytest.raises(ParamsError, match="when the whole model is trained") as refused:
        from_json(method, {**FULL, "learning_rate": usual.learning_rate})
    assert set(refused.value.problems) == {"learning_rate"}


def test_it_refuses_what_belongs_to_adapters() -> None:
    asked = {**FULL, "load_in_4bit": True, "use_dora": True, "use_rslora": True, "lora_dropout": 0.1}
    with pytest.raises(ParamsError, match="Weights kept in 4 bits cannot learn") as refused:
        from_json("sft", asked)
    assert set(refused.value.problems) == set(asked) - set(FULL)


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"sft", "pretrain"}))
def test_ways_that_compare_with_where_they_started_train_adapters_only(method: str) -> None:
    with pytest.raises(ParamsError, match="“What is trained” is a setting of sft and pretrain only"):
        from_json(method, FULL)


@pytest.mark.parametrize(
    ("chosen", "typed", "rate"), [("full", "", 5e-5), ("full", "0.0001", 1e-4), ("lora", "", 1e-3), ("", "", 1e-3)]
)
def test_the_form_takes_the_learning_rate_for_what_is_trained(
    chosen: str, typed: str, rate: float, dataset: DatasetVersion, base_model: BaseModel, ada: User, sign_in: Any
) -> None:
    url = reverse("round_create", args=[dataset.project_id])
    client = sign_in(ada)
    assert "The whole model (full fine-tuning)" in client.get(url).content.decode()
    sent = {"method": "sft", "dataset_version": str(dataset.pk), "preset": "standard"}
    assert client.post(url, {**sent, "finetuning_type": chosen, "learning_rate": typed}).status_code == 302
    params = Preflight.objects.get().params
    assert (params["finetuning_type"], params["learning_rate"]) == (chosen or "lora", pytest.approx(rate))


def test_the_form_says_why_4_bits_cannot_learn(
    dataset: DatasetVersion, base_model: BaseModel, ada: User, sign_in: Any
) -> None:
    url = reverse("round_create", args=[dataset.project_id])
    sent = {"method": "sft", "dataset_version": str(dataset.pk), "preset": "standard", "load_in_4bit": "on"}
    page = sign_in(ada).post(url, {**sent, **FULL})
    assert page.status_code == 422
    assert "Weights kept in 4 bits cannot learn" in page.content.decode()


def test_the_api_and_a_retry_take_it_too(dataset: DatasetVersion, base_model: BaseModel, ada: User, rung: Any) -> None:
    api = APIClient()
    api.force_authenticate(ada)
    sent = {"method": "sft", "dataset_version": str(dataset.pk), "preset": "careful", "params": FULL}
    params = api.post(f"/api/v1/projects/{dataset.project_id}/rounds/", sent, format="json").json()["params"]
    assert (params["finetuning_type"], params["learning_rate"]) == ("full", pytest.approx(2.5e-5))
    TrainingRound.objects.update(status=Status.FAILED)
    again = actions.retry_round(round=TrainingRound.objects.get(), by=ada)
    assert again.params == params


# --- What it leaves --------------------------------------------------------------------------------------------


def launched(
    project: Project, dataset: DatasetVersion, by: User, parent: Adapter | None = None, **params: Any
) -> TrainingRound:
    return actions.launch_round(
        project=project, method="sft", dataset_version=dataset, params=params, parent_adapter=parent, by=by
    )


def left(round: TrainingRound) -> TrainingRound:
    """The round at its end, its files as the recipe leaves them."""
    round.claim(uuid.uuid4())
    folder = round.run_dir().adapter
    folder.mkdir(parents=True)
    full = round.params["finetuning_type"] == "full"
    weights = {"lora_B" if not full else "model.norm.weight": np.full((4, 2), round.number, dtype=np.float32)}
    save_file(weights, folder / ("model.safetensors" if full else "adapter_model.safetensors"))
    (folder / ("config.json" if full else "adapter_config.json")).write_text('{"model_type": "llama"}')
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    ended = {"status": "succeeded", "global_step": 30, "max_steps": 30, "early_stopped": False}
    write_json(round.run_dir().result_file, ended)
    return round


def settle(round: TrainingRound) -> TrainingRound:
    TrainingRound.objects.filter(pk=round.pk).update(lease_expires_at=timezone.now() - timezone.timedelta(seconds=1))
    runner.reconcile(ROUND, lambda pk: None)
    round.refresh_from_db()
    return round


@pytest.fixture
def whole(dataset: DatasetVersion, base_model: BaseModel, ada: User, rung: Any) -> Adapter:
    round = settle(left(launched(dataset.project, dataset, ada, **FULL)))
    assert round.status == Status.SUCCEEDED, round.failure_message
    return round.adapter


@pytest.fixture
def child(whole: Adapter, dataset: DatasetVersion, ada: User) -> Adapter:
    """An adapter on the whole model."""
    return settle(left(launched(dataset.project, dataset, ada, parent=whole))).adapter


def test_it_keeps_a_whole_model_as_it_keeps_adapters(whole: Adapter) -> None:
    assert str(whole) == "SFT model of round 1"
    assert publishing.intact(whole)
    assert {file.name for file in whole.directory.iterdir()} == {
        *("README.md", "chat_template.jinja", "config.json", "model.safetensors")
    }
    card = (whole.directory / "README.md").read_text()
    assert 'base_model_relation: "finetune"' in card
    assert 'library_name: "transformers"' in card
    assert "every weight of which was trained (full fine-tuning)" in card
    assert "| What is trained | The whole model (full fine-tuning) |" in card
    assert "LoRA rank" not in card


@pytest.mark.parametrize(("name", "words"), [("adapter_model.safetensors", "no model.safetensors"), ("", "not finite")])
def test_it_publishes_no_other_files_and_no_broken_weights(
    name: str, words: str, dataset: DatasetVersion, base_model: BaseModel, ada: User, rung: Any
) -> None:
    round = left(launched(dataset.project, dataset, ada, **FULL))
    folder = round.run_dir().adapter
    if name:
        (folder / "model.safetensors").rename(folder / name)
    else:
        save_file({"model.norm.weight": np.full(4, np.nan, dtype=np.float32)}, folder / "model.safetensors")
    assert settle(round).failure_code == "bad_adapter"
    assert words in round.failure_message
    assert not Adapter.objects.exists()


# --- What is built on it ---------------------------------------------------------------------------------------


def test_whoever_uses_a_model_gets_the_weights_it_stands_on(
    whole: Adapter, child: Adapter, dataset: DatasetVersion, base_model: BaseModel, ada: User
) -> None:
    usual = settle(left(launched(dataset.project, dataset, ada))).adapter
    own = str(base_model.directory)
    assert weights_of(None, base_model) == {"base_model_dir": own, "adapter_dir": None}
    assert weights_of(usual.pk, base_model) == {"base_model_dir": own, "adapter_dir": str(usual.directory)}
    assert weights_of(whole.pk, base_model) == {"base_model_dir": str(whole.directory), "adapter_dir": None}
    on_whole = {"base_model_dir": str(whole.directory), "adapter_dir": str(child.directory)}
    assert weights_of(child.pk, base_model) == on_whole
    grandchild = settle(left(launched(dataset.project, dataset, ada, parent=child))).adapter
    assert weights_of(grandchild.pk, base_model) == {**on_whole, "adapter_dir": str(grandchild.directory)}
    (whole.directory / "config.json").write_text("{}")
    with pytest.raises(JobFailed, match="The files of the SFT model of round 1 are missing"):
        weights_of(grandchild.pk, base_model)


def test_an_adapter_on_a_whole_model_names_its_weights(whole: Adapter, child: Adapter) -> None:
    sha256 = file_sha256(whole.directory / "model.safetensors")
    config = json.loads((child.directory / "adapter_config.json").read_text())
    assert (config["base_model_name_or_path"], config["revision"]) == (f"whole-model-{sha256[:12]}", None)
    card = (child.directory / "README.md").read_text()
    assert f'base_model: "whole-model-{sha256[:12]}"' in card
    assert f"SHA-256 of its weights: `{sha256}`" in card
    assert f"- Built on: the SFT model `{whole.sha256}`" in card


def test_rounds_samplings_and_evaluations_read_those_weights(
    whole: Adapter, child: Adapter, dataset: DatasetVersion, ada: User, tmp_path: Path
) -> None:
    project = dataset.project
    next_round = launched(project, dataset, ada, parent=whole, **FULL)
    given = given_to(ROUND, next_round, tmp_path / "round")
    assert (given["base_model_dir"], given["parent_adapter_dir"]) == (str(whole.directory), None)
    asked = actions.ask(project=project, instruction="What now?", sources=[None, whole, child], by=ada)
    sources = given_to(kinds.SAMPLING, asked, tmp_path / "sampling")["sources"]
    assert [source["base_model_dir"] for source in sources[1:]] == [str(whole.directory)] * 2
    contestant = evaluation(project, [child]).contestants.get()
    (source,) = given_to(collecting.CONTESTANT, contestant, tmp_path / "evaluation")["sources"]
    assert (source["base_model_dir"], source["adapter_dir"]) == (str(whole.directory), str(child.directory))


def given_to(kind: Any, job: Any, path: Path) -> dict[str, Any]:
    path.mkdir()
    kind.write_inputs(job, RunDir(path))
    return RunDir(path).read_params()


def test_it_is_taken_along_as_a_model_and_never_as_an_adapter(
    whole: Adapter, child: Adapter, ada: User, sign_in: Any, tmp_path: Path
) -> None:
    (whole.base_model.directory / "config.json").write_text(json.dumps({"model_type": "llama"}))
    page = sign_in(ada).get(reverse("adapter", args=[whole.project_id, whole.pk])).content.decode()
    assert "Whole model" in page
    assert "GGUF file" in page
    assert "Adapter folder" not in page
    with pytest.raises(ValidationError, match="there is no adapter"):
        actions.start_package(adapter=whole, format="adapter", by=ada)
    package = actions.start_package(adapter=whole, format="merged", by=ada)
    given = given_to(packaging.PACKAGE, package, tmp_path / "whole")
    assert (given["base_model_dir"], given["adapter_dir"]) == (str(whole.directory), None)
    assert given["card"] == (whole.directory / "README.md").read_text()
    for format in Package.Format.values:
        package = actions.start_package(adapter=child, format=format, by=ada)
        given = given_to(packaging.PACKAGE, package, tmp_path / format)
        assert (given["base_model_dir"], given["adapter_dir"]) == (str(whole.directory), str(child.directory))
    assert "merged into those of `whole-model-" in given["card"]


def test_the_api_tells_models_from_adapters(whole: Adapter, child: Adapter, ada: User) -> None:
    api = APIClient()
    api.force_authenticate(ada)
    rows = api.get(f"/api/v1/projects/{whole.project_id}/adapters/").json()["results"]
    assert {row["id"]: row["is_full"] for row in rows} == {str(whole.pk): True, str(child.pk): False}
