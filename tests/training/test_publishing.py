"""What becomes of a round's files: only a sound adapter of a finished round is published, once."""

from __future__ import annotations

import json
import uuid
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.utils import timezone
from safetensors.numpy import save_file

from annotation.models import Project
from training import actions
from training.adapters import publishing
from training.jobs import Status
from training.models import Adapter, BaseModel, DatasetVersion, Preflight, TrainingRound
from training.run_dir import RunDir, complete_checkpoint, directory_sha256, read_rows, write_json
from training.running import runner
from training.running.kinds import PREFLIGHT, ROUND
from training.running.runner import JobFailed

pytestmark = pytest.mark.django_db


@pytest.fixture
def running(taught: Project, dataset: DatasetVersion, base_model: BaseModel, ada: Any, rung: Any) -> TrainingRound:
    round = actions.launch_round(project=taught, method="sft", dataset_version=dataset, params={}, by=ada)
    round.claim(uuid.uuid4())
    round.run_dir().path.mkdir(parents=True)
    return round


def write_adapter(run_dir: RunDir, weights: Any = 0.5, **config: Any) -> None:
    run_dir.adapter.mkdir(parents=True, exist_ok=True)
    tensors = {
        "base_model.layer.lora_A.weight": np.ones((2, 4), dtype=np.float32),
        "base_model.layer.lora_B.weight": np.full((4, 2), weights, dtype=np.float32),
    }
    save_file(tensors, run_dir.adapter / "adapter_model.safetensors")
    values = {"base_model_name_or_path": "/srv/secret/base-models/toy", "r": 2, **config}
    (run_dir.adapter / "adapter_config.json").write_text(json.dumps(values))


def finish(round: TrainingRound, **result: Any) -> None:
    values = {"status": "succeeded", "global_step": 30, "max_steps": 30, "early_stopped": False, **result}
    write_json(round.run_dir().result_file, values)


def settle(round: TrainingRound) -> TrainingRound:
    """As the reconciler does when the worker is gone."""
    TrainingRound.objects.filter(pk=round.pk).update(lease_expires_at=timezone.now() - timezone.timedelta(seconds=1))
    runner.reconcile(ROUND, lambda pk: None)
    round.refresh_from_db()
    return round


def test_it_stores_the_adapter_under_its_hash_and_names_no_path(running: TrainingRound) -> None:
    write_adapter(running.run_dir())
    finish(running, adapter_sha256=directory_sha256(running.run_dir().adapter))
    assert settle(running).status == Status.SUCCEEDED
    adapter = running.adapter
    assert adapter.directory == settings.ADAPTERS_DIR / adapter.sha256
    assert directory_sha256(adapter.directory) == adapter.sha256
    config = json.loads((adapter.directory / "adapter_config.json").read_text())
    assert (config["base_model_name_or_path"], config["r"]) == ("Toy", 2)
    card = (adapter.directory / "README.md").read_text()
    assert f"- SHA-256 of the dataset version: `{running.dataset_version.sha256}`" in card
    assert "- Written by: 1 expert" in card
    assert str(settings.DATA_DIR) not in card
    assert adapter.size_bytes == sum(file.stat().st_size for file in adapter.directory.iterdir())
    assert running.result["adapter_sha256"] == adapter.sha256


@pytest.mark.parametrize(
    ("weights", "result", "code"),
    [
        (0.5, {"global_step": 12}, "incomplete"),
        (0.5, {"global_step": None, "max_steps": None}, "incomplete"),
        (float("nan"), {}, "bad_adapter"),
        (float("inf"), {}, "bad_adapter"),
        (0.0, {}, "bad_adapter"),
        (0.5, {"adapter_sha256": "0" * 64}, "bad_adapter"),
        (0.5, {"status": "failed", "failure_code": "diverged", "message": "The loss is not a number."}, "diverged"),
        (0.5, {"status": "failed", "failure_code": "out_of_memory", "message": "No memory."}, "out_of_memory"),
        (0.5, {"status": "refused", "reasons": ["Row 3 is too long."]}, "preflight"),
    ],
)
def test_it_publishes_nothing_else(running: TrainingRound, weights: float, result: dict[str, Any], code: str) -> None:
    write_adapter(running.run_dir(), weights)
    finish(running, **result)
    settle(running)
    assert (running.status, running.failure_code) == (Status.FAILED, code)
    assert running.failure_message
    assert not Adapter.objects.exists()
    assert not list(settings.ADAPTERS_DIR.glob("*"))


def test_it_publishes_a_round_that_stopped_early_by_itself(running: TrainingRound) -> None:
    write_adapter(running.run_dir())
    finish(running, global_step=12, early_stopped=True)
    assert settle(running).status == Status.SUCCEEDED


def test_it_refuses_files_that_do_not_belong(running: TrainingRound) -> None:
    write_adapter(running.run_dir())
    (running.run_dir().adapter / "training_args.bin").write_bytes(b"a pickle")
    finish(running)
    assert settle(running).failure_code == "bad_adapter"


def test_it_settles_once_after_a_crash_between_storing_and_recording(running: TrainingRound) -> None:
    write_adapter(running.run_dir())
    finish(running)
    publishing.check(running, running.run_dir(), running.run_dir().result() or {})
    assert not Adapter.objects.exists()
    for _again in range(2):
        settle(running)
    assert (running.status, Adapter.objects.count()) == (Status.SUCCEEDED, 1)
    assert len(list(settings.ADAPTERS_DIR.iterdir())) == 1


def test_it_notices_a_stored_adapter_that_was_changed(running: TrainingRound) -> None:
    write_adapter(running.run_dir())
    stored = publishing.store(running.run_dir().adapter, base_id="Toy", card="")
    (settings.ADAPTERS_DIR / stored / "adapter_config.json").write_text("{}")
    with pytest.raises(JobFailed, match="changed on disk"):
        publishing.store(running.run_dir().adapter, base_id="Toy", card="")


def test_it_gives_the_same_work_the_same_folder(running: TrainingRound, ada: Any) -> None:
    """Its card says nothing of when or in which round: a round that is repeated finds its adapter there."""
    write_adapter(running.run_dir())
    finish(running, eval_loss=1.25, train_seconds=17)
    settle(running)
    again = actions.launch_round(
        project=running.project, method="sft", dataset_version=running.dataset_version, params={}, by=ada
    )
    again.claim(uuid.uuid4())
    again.run_dir().path.mkdir(parents=True)
    write_adapter(again.run_dir())
    finish(again, eval_loss=1.25, train_seconds=71)
    settle(again)
    assert again.adapter.sha256 == running.adapter.sha256
    assert len(list(settings.ADAPTERS_DIR.iterdir())) == 1


def test_it_names_a_base_model_of_a_hub_by_its_id_and_revision(running: TrainingRound) -> None:
    BaseModel.objects.update(source="acme/small-chat@0a1b2c")
    write_adapter(running.run_dir())
    finish(running)
    settle(running)
    config = json.loads((running.adapter.directory / "adapter_config.json").read_text())
    assert (config["base_model_name_or_path"], config["revision"]) == ("acme/small-chat", "0a1b2c")


def test_it_leaves_the_curves_for_tensorboard_however_the_round_ends(running: TrainingRound) -> None:
    running.run_dir().append_event("log", step=1, loss=2.5)
    finish(running, status="failed", failure_code="diverged", message="The loss is not a number.")
    assert settle(running).status == Status.FAILED
    (file,) = (settings.DATA_DIR / "tensorboard").glob("client-intake-summaries-*/round-1/*tfevents*")
    assert b"train/loss" in file.read_bytes()


def test_it_removes_checkpoints_when_the_round_is_over(running: TrainingRound) -> None:
    checkpoint = running.run_dir().checkpoints / "checkpoint-10"
    checkpoint.mkdir(parents=True)
    (checkpoint / "optimizer.pt").write_bytes(b"a pickle")
    write_adapter(running.run_dir())
    finish(running)
    settle(running)
    assert not running.run_dir().checkpoints.exists()


# --- Inputs -------------------------------------------------------------------------------------------------------


def seal(run_dir: RunDir, step: int) -> None:
    checkpoint = run_dir.checkpoints / f"checkpoint-{step}"
    checkpoint.mkdir(parents=True)
    (checkpoint / "weights").write_text(f"after {step}")
    complete_checkpoint(checkpoint, step)


def test_it_resumes_from_the_newest_checkpoint_that_verifies(running: TrainingRound) -> None:
    first = running.run_dir(1)
    for step in (10, 20, 30):
        seal(first, step)
    (first.checkpoints / "checkpoint-30" / "weights").write_text("damaged")
    (first.checkpoints / "checkpoint-20" / "COMPLETE.json").write_text("{")
    TrainingRound.objects.filter(pk=running.pk).update(attempt=2)
    running.refresh_from_db()
    run_dir = running.run_dir()
    run_dir.path.mkdir()
    ROUND.write_inputs(running, run_dir)
    spec = run_dir.read_params()
    assert spec["resume_from"] == str((run_dir.path / "resume" / "checkpoint-10").resolve())
    # nothing goes back further, and a whole model's checkpoints are large
    assert [path.name for path in first.checkpoints.iterdir()] == ["checkpoint-10"]
    # the earlier attempt may still be alive and clean up behind itself
    (first.checkpoints / "checkpoint-10" / "weights").unlink()
    assert (run_dir.path / "resume" / "checkpoint-10" / "weights").read_text() == "after 10"


def test_it_gives_the_recipe_its_rows_and_nothing_more(running: TrainingRound, dataset: DatasetVersion) -> None:
    run_dir = running.run_dir()
    ROUND.write_inputs(running, run_dir)
    assert {frozenset(row) for row in read_rows(run_dir.train)} == {frozenset({"id", "prompt", "completion"})}
    assert len(read_rows(run_dir.train)) == dataset.train_rows
    assert len(read_rows(run_dir.validation)) == dataset.validation_rows
    spec = run_dir.read_params()
    assert (spec["recipe"], spec["base_model_name"], spec["resume_from"]) == ("sft", "Toy", None)
    assert spec["params"] == running.params


def test_it_does_not_train_on_rows_that_changed_after_freezing(running: TrainingRound, dataset: DatasetVersion) -> None:
    (dataset.directory / "train.jsonl").write_text("{}\n")
    with pytest.raises(JobFailed, match="Freeze again"):
        ROUND.write_inputs(running, running.run_dir())


@pytest.mark.parametrize(
    ("result", "report", "passed"),
    [
        ({"status": "succeeded"}, {"reasons": [], "train": {"rows": 9}}, True),
        ({"status": "refused", "reasons": ["Too long."]}, {"reasons": ["Too long."]}, False),
        ({"status": "refused", "reasons": ["Not JSON."]}, None, False),
    ],
)
def test_a_check_that_refuses_has_done_its_work(
    dataset: DatasetVersion,
    base_model: BaseModel,
    ada: Any,
    rung: Any,
    result: dict[str, Any],
    report: dict[str, Any] | None,
    passed: bool,
) -> None:
    preflight = actions.start_preflight(
        project=dataset.project, method="sft", dataset_version=dataset, params={}, by=ada
    )
    preflight.claim(uuid.uuid4())
    run_dir = preflight.run_dir()
    run_dir.path.mkdir(parents=True)
    if report is not None:
        write_json(run_dir.preflight, report)
    write_json(run_dir.result_file, result)
    Preflight.objects.update(lease_expires_at=timezone.now() - timezone.timedelta(seconds=1))
    runner.reconcile(PREFLIGHT, lambda pk: None)
    preflight.refresh_from_db()
    assert (preflight.status, preflight.passed) == (Status.SUCCEEDED, passed)
    assert preflight.report["reasons"] == result.get("reasons", [])
