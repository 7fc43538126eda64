from __future__ import annotations

import json
import shutil
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command

from annotation.models import Project
from training import tasks
from training.jobs import Status
from training.management import waiting
from training.models import Adapter, BaseModel, DatasetVersion, Sampling, TrainingRound
from training.run_dir import read_rows

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def told(*arguments: str) -> dict[str, Any]:
    return json.loads(run(*arguments, "--json"))


def of(project: Project, *more: str) -> list[str]:
    return ["--project", str(project.pk), "--by", "ada", *more]


def test_it_freezes(taught: Project) -> None:
    first = told("freeze", *of(taught, "--kind", "demonstrations", "--description", "One"))
    again = told("freeze", *of(taught, "--kind", "demonstrations"))
    assert (first["is_new"], again["is_new"], first["id"]) == (True, False, again["id"])
    assert "is still what there is" in run("freeze", *of(taught, "--kind", "demonstrations"))
    with pytest.raises(CommandError, match="no preference pair"):
        run("freeze", *of(taught, "--kind", "preferences"))
    with pytest.raises(CommandError, match="may not do this"):
        run("freeze", "--project", str(taught.pk), "--by", "erin", "--kind", "demonstrations")


def test_it_exports_frozen_rows(dataset: DatasetVersion, tmp_path: Path) -> None:
    target = tmp_path / "rows.jsonl"
    export = ["export_dataset", *of(dataset.project, "--kind", "demonstrations", "--output")]
    assert "written to" in run(*export, str(target))
    rows = [{**row, "split": "train"} for row in read_rows(dataset.directory / "train.jsonl")]
    assert read_rows(target) == rows
    said = told(*export[:-1], "--part", "all", "--shape", "messages", "--output", str(target))
    assert (said["rows"], said["left_out"]) == (dataset.train_rows + dataset.validation_rows, {})
    assert "messages" in read_rows(target)[-1]
    run(*export, str(target), "--part", "manifest")
    assert target.read_bytes() == (dataset.directory / "manifest.json").read_bytes()
    with pytest.raises(CommandError, match="cannot be written in this shape"):
        run(*export, str(target), "--shape", "trl_preference")
    with pytest.raises(CommandError, match="no such dataset version"):
        run(*export, str(target), "--number", "7")
    with pytest.raises(CommandError, match="cannot be written"):
        run(*export, str(tmp_path))


def test_it_launches_shows_cancels_and_repeats(dataset: DatasetVersion, base_model: BaseModel, rung: Any) -> None:
    project = dataset.project
    launch = ["launch_round", *of(project, "--method", "sft", "--preset", "careful", "--note", "By script")]
    made = told(*launch, "--param", "lora_r=4", "--param", "lr_scheduler_type=linear")
    round = TrainingRound.objects.get(pk=made["id"])
    assert (round.params["lora_r"], round.params["lr_scheduler_type"]) == (4, "linear")
    assert round.params["num_train_epochs"] == 6.0
    named = ["--project", project.name, "--round", "1"]
    assert "Round 1 · SFT is queued. No worker is running" in run("round_status", *named)
    assert told("round_status", *named)["status"] == "queued"
    assert run("cancel_round", *named, "--by", "ada") == "Round 1 · SFT stops."
    assert told("retry_round", *named, "--by", "ada")["number"] == 2
    with pytest.raises(CommandError, match="SFT has no preset auto: choose standard, quick, careful"):
        run("launch_round", *of(project, "--method", "sft", "--preset", "auto"))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"status": "running", "progress": {"phase": "Training"}}, "is running. Training."),
        ({"status": "succeeded"}, "has succeeded. Done."),
        ({"status": "failed", "failure_message": "It ran out of memory."}, "has failed. It ran out of memory."),
        ({"status": "cancelled"}, "was cancelled. Nothing of it was kept."),
    ],
)
def test_it_says_where_a_round_stands_in_whole_sentences(
    dataset: DatasetVersion, base_model: BaseModel, rung: Any, fields: dict[str, Any], said: str
) -> None:
    run("launch_round", *of(dataset.project, "--method", "sft"))
    TrainingRound.objects.update(**fields)
    assert run("round_status", "--project", dataset.project.name, "--round", "1") == f"Round 1 · SFT {said}"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--param", "lora_r"], "NAME=VALUE"),
        (["--param", "lora_r=9999"], "LoRA rank must be"),
        (["--param", "lora_rank=4"], "no parameter called lora_rank"),
        (["--dataset", "9"], "has no version 9"),
        (["--parent", "latest"], "no adapter yet"),
        (["--parent", "3"], "no adapter of round 3"),
        (["--base-model", "GPT"], "no base model called “GPT”"),
    ],
)
def test_it_refuses_in_a_sentence(
    dataset: DatasetVersion, base_model: BaseModel, rung: Any, more: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        run("launch_round", *of(dataset.project, "--method", "sft", *more))
    with pytest.raises(CommandError, match="freeze one first"):
        run("launch_round", *of(dataset.project, "--method", "dpo"))


def test_it_samples(dataset: DatasetVersion, base_model: BaseModel, rung: Any) -> None:
    project = dataset.project
    run("launch_round", *of(project, "--method", "sft"))
    round = TrainingRound.objects.get()
    adapter = Adapter.objects.create(project=project, round=round, base_model=base_model, sha256="a" * 64, size_bytes=1)
    made = told("sample", *of(project, "--adapter", "1", "--base", "--candidates", "2", "--prompts", "3"))
    sampling = Sampling.objects.get(pk=made["id"])
    assert [source["adapter_id"] for source in sampling.sources] == [None, str(adapter.pk)]
    assert len(sampling.prompts) == 3
    with pytest.raises(CommandError, match="at least one model"):
        run("sample", *of(project))
    assert run("cancel_sampling", *of(project, "--sampling", made["id"])) == "The sampling for 3 prompts stops."
    assert told("cancel_sampling", *of(project, "--sampling", made["id"]))["status"] == Status.CANCELLED
    with pytest.raises(CommandError, match="has no sampling"):
        run("cancel_sampling", *of(project, "--sampling", str(round.pk)))


def test_waiting_tells_what_happens_and_fails_with_the_round(
    dataset: DatasetVersion, base_model: BaseModel, rung: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = iter(
        [
            {"status": Status.RUNNING, "attempt": 1, "progress": {"phase": "Loading libraries"}},
            {"status": Status.RUNNING, "progress": {"step": 2, "max_steps": 9, "loss": 1.5, "phase": "Training"}},
            {"status": Status.FAILED, "failure_code": "diverged", "failure_message": "The loss is not a number."},
        ]
    )
    monkeypatch.setattr(waiting.time, "sleep", lambda _s: TrainingRound.objects.update(**next(states)))
    errors = StringIO()
    with pytest.raises(CommandError, match="Round 1 · SFT has failed"):
        call_command("launch_round", *of(dataset.project, "--method", "sft", "--wait"), stderr=errors)
    assert errors.getvalue().splitlines() == [
        "Waiting for a worker.",
        "Loading libraries",
        "Training: 2 of 9 steps · loss 1.500",
        "The loss is not a number.",
    ]


def test_waiting_says_after_a_while_that_no_worker_runs(
    dataset: DatasetVersion, base_model: BaseModel, rung: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]

    def sleep(_seconds: float) -> None:
        now[0] += 20
        if now[0] > 50:
            TrainingRound.objects.update(status=Status.SUCCEEDED)

    monkeypatch.setattr(waiting.time, "sleep", sleep)
    monkeypatch.setattr(waiting.time, "monotonic", lambda: now[0] + 1)
    errors = StringIO()
    call_command("launch_round", *of(dataset.project, "--method", "sft", "--wait"), stdout=StringIO(), stderr=errors)
    assert errors.getvalue().splitlines()[:2] == ["Waiting for a worker.", waiting.NO_WORKER]


def test_it_registers_base_models(base_model: BaseModel) -> None:
    again = told("register_base_model", str(base_model.directory), "--default")
    assert again == {"id": str(base_model.pk), "name": "Toy"}
    with pytest.raises(CommandError, match="not a prepared base model"):
        run("register_base_model", str(base_model.directory / "nowhere"))


def test_it_prepares_the_base_model_once(base_model: BaseModel, settings: Any) -> None:
    default = settings.BASE_MODELS_DIR / "smollm2-135m-instruct"
    shutil.copytree(base_model.directory, default)
    described = json.loads((default / "base_model.json").read_text())
    (default / "base_model.json").write_text(json.dumps({**described, "name": "SmolLM2"}))
    assert run("prepare_base_model") == "Base model SmolLM2 is ready."
    (default / "base_model.json").write_text(json.dumps({**described, "name": "not read again"}))
    assert run("prepare_base_model") == "Base model SmolLM2 is ready."


def test_it_says_why_a_base_model_cannot_be_prepared(db: None, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.gguf"
    wrong.write_bytes(b"not a model")
    with pytest.raises(CommandError, match=r"could not be unpacked\. wrong\.gguf is not the expected file"):
        run("prepare_base_model", "--source", str(wrong), "--sha256", "0" * 64, "--out", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_worker_shows_itself(db: None) -> None:
    assert not tasks.worker_is_running()
    tasks.heartbeat_file().touch()
    assert tasks.worker_is_running()
    assert tasks.heartbeat_file().parent == Path(django_settings.DATA_DIR)
