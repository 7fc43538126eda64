from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from tests import factories
from training import actions
from training.models import BaseModel
from training.run_dir import file_sha256


@pytest.fixture
def folder(db: None, tmp_path: Path) -> Path:
    return factories.base_model_folder(tmp_path / "own")


def refused(folder: Path, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        actions.register_base_model(directory=folder)
    assert not BaseModel.objects.exists()


def test_it_registers_a_prepared_folder_once(folder: Path) -> None:
    first, second = (actions.register_base_model(directory=folder) for _ in range(2))
    assert first == second == BaseModel.objects.get()


@pytest.mark.parametrize("name", ["modeling_own.py", "pytorch_model.bin", "PYTORCH_MODEL.BIN", "deep/optimizer.pt"])
def test_it_refuses_files_that_can_carry_code(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"")
    refused(folder, "can carry code")


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_it_refuses_settings_that_name_code(folder: Path, name: str) -> None:
    (folder / name).write_text('{"auto_map": {"AutoModel": "own.Model"}}')
    refused(folder, "auto_map")


def test_it_refuses_links(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to("/etc/hostname")
    refused(folder, "is a link")


@pytest.mark.parametrize("name", ["model.safetensors", "chat_template.jinja"])
def test_it_refuses_weights_and_templates_that_are_missing_or_others(folder: Path, name: str) -> None:
    (folder / name).write_text("other")
    refused(folder, f"own/{name} is not the one that base_model.json names")
    (folder / name).unlink()
    refused(folder, f"own has no {name}")


def test_it_refuses_weights_in_pieces_that_no_hash_covers(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "model-00001-of-00001.safetensors")
    refused(folder, "own has no model.safetensors")


def test_it_refuses_any_other_file_that_its_description_names_and_that_changed(folder: Path) -> None:
    factories.base_model_folder(folder, files={"config.json": file_sha256(folder / "config.json")})
    (folder / "config.json").write_text('{"rope_theta": 1}')
    refused(folder, "own/config.json is not the one")


def test_it_refuses_a_folder_without_a_description(db: None, tmp_path: Path) -> None:
    refused(tmp_path, "not a prepared base model")


@pytest.mark.parametrize(
    "wrong",
    [{"name": ["a"]}, {"parameters": "many"}, {"weights_sha256": 1}, {"files": ["config.json"]}, {"files": {"a": 1}}],
)
def test_it_refuses_a_description_of_the_wrong_types(folder: Path, wrong: dict) -> None:
    described = json.loads((folder / "base_model.json").read_text())
    (folder / "base_model.json").write_text(json.dumps({**described, **wrong}))
    refused(folder, "not a prepared base model")
