"""What is taken out of a project is what TRL reads: loaded from the exported file, one step of training."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from annotation import parts
from annotation.actions import exporting
from annotation.actions.corpus import import_documents
from annotation.corpus import Text
from annotation.exports import job
from annotation.models import Export, Project, Ranking
from annotation.shapes import SHAPES
from tests import factories
from tests.training.recipes.conftest import FACTS
from training import actions
from training.actions.freezing import take_out

pytestmark = [pytest.mark.torch, pytest.mark.django_db]

LIVE = [  # kind, shape, file, trainer
    ("demonstrations", "trl_prompt_completion", "jsonl", "SFT"),
    ("demonstrations", "trl_prompt_completion", "parquet", "SFT"),
    ("demonstrations", "trl_prompt_completion_text", "jsonl", "SFT"),
    ("demonstrations", "trl_prompt_completion_text", "csv", "SFT"),
    ("demonstrations", "messages", "jsonl", "SFT"),
    ("demonstrations", "messages", "hugging_face", "SFT"),
    ("preferences", "trl_preference", "jsonl", "DPO"),
    ("preferences", "trl_preference", "hugging_face", "DPO"),
    ("preferences", "trl_preference_text", "csv", "DPO"),
    ("preferences", "trl_preference_implicit", "jsonl", "DPO"),
]
FROZEN = [
    ("demonstrations", "frozen", "hugging_face", "SFT"),
    ("preferences", "frozen", "parquet", "DPO"),
    ("judgements", "trl_unpaired", "jsonl", "KTO"),
    ("judgements", "frozen", "hugging_face", "KTO"),
    ("corpus", "frozen", "jsonl", "SFT"),
]
LOADERS = {".jsonl": "json", ".csv": "csv", ".parquet": "parquet"}


@pytest.fixture
def told(project: Project, erin: User, ada: User) -> Project:
    """Demonstrations, pairs, bad answers and texts."""
    for number, (note, good, bad) in enumerate(FACTS):
        prompt = factories.prompt(project, input=note, split=("train", "train", "train", "validation")[number % 4])
        factories.demonstration(prompt, erin, text=good)
        made = factories.comparison(prompt, [f"{good}.", bad], rankings_needed=1, rankings_done=1)
        best, worst = made.candidates.order_by("-text") if f"{good}." > bad else made.candidates.order_by("text")
        Ranking.objects.create(comparison=made, ranker=erin, order=[[str(best.pk)], [str(worst.pk)]], acceptable=1)
    texts = [Text(note, f"{note}. {good}.", "", "letters.zip") for note, good, _bad in FACTS]
    import_documents(project=project, texts=texts, by=ada)
    return project


def test_every_training_shape_is_here() -> None:
    trained = {shape for _kind, shape, _format, _trainer in [*LIVE, *FROZEN]}
    assert {name for name, shape in SHAPES.items() if shape.trains} <= trained


@pytest.mark.parametrize(("kind", "shape", "format", "trainer"), LIVE)
def test_trl_trains_a_step_on_what_a_project_gives(
    told: Project, ada: User, tiny_base: Path, tmp_path: Path, kind: str, shape: str, format: str, trainer: str
) -> None:
    work = exporting.start(project=told, kind=kind, shape=shape, format=format, by=ada, ring=False)
    _trains(parts.run(work, job.do), trainer, tiny_base, tmp_path)


@pytest.mark.parametrize(("kind", "shape", "format", "trainer"), FROZEN)
def test_trl_trains_a_step_on_what_a_version_gives(
    told: Project, ada: User, tiny_base: Path, tmp_path: Path, kind: str, shape: str, format: str, trainer: str
) -> None:
    version = actions.freeze(kind=kind, project=told, by=ada)
    work = take_out(version=version, shape=shape, format=format, by=ada, ring=False)
    _trains(parts.run(work, job.do), trainer, tiny_base, tmp_path)


def _trains(work: Export, trainer: str, base: Path, tmp_path: Path) -> None:
    rows = _loaded(work, tmp_path)
    assert rows.num_rows >= 4
    trained = _trainer(trainer, rows, base, tmp_path / "out")
    result = trained.train()
    assert (result.global_step, result.training_loss > 0) == (1, True)


def _loaded(work: Export, tmp_path: Path) -> Any:
    """As anybody would: by the library's own loader, from the file as it is downloaded."""
    from datasets import load_dataset

    path = work.path
    assert path is not None, work.problem
    cache = str(tmp_path / "cache")
    if path.suffix != ".zip":
        return load_dataset(LOADERS[path.suffix], data_files=str(path), split="train", cache_dir=cache)
    import zipfile

    folder = tmp_path / "folder"
    zipfile.ZipFile(path).extractall(folder)
    both = load_dataset(str(folder), cache_dir=cache)
    assert set(both) == {"train", "validation"}
    return both["train"]


def _trainer(name: str, rows: Any, base: Path, out: Path) -> Any:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    os.environ["HF_HUB_OFFLINE"] = "1"
    settings = {"output_dir": str(out), "max_steps": 1, "per_device_train_batch_size": 4, "report_to": "none"}
    settings |= {"use_cpu": True, "bf16": False, "save_strategy": "no", "logging_steps": 1, "max_length": 256}
    config, trainer = _of_trl(name)
    return trainer(
        model=AutoModelForCausalLM.from_pretrained(base),
        args=config(**settings),
        train_dataset=rows,
        processing_class=AutoTokenizer.from_pretrained(base),
    )


def _of_trl(name: str) -> tuple[Any, Any]:
    import trl

    if name == "KTO":
        from trl.experimental.kto import KTOConfig, KTOTrainer

        return KTOConfig, KTOTrainer
    return getattr(trl, f"{name}Config"), getattr(trl, f"{name}Trainer")
