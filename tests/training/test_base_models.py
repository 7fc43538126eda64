from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from training import actions
from training.models import BaseModel

DESCRIBED = {"name": "Own", "weights_sha256": "1" * 64, "chat_template_sha256": "2" * 64, "parameters": 10}


@pytest.fixture
def folder(db: None, tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "base_model.json").write_text(json.dumps(DESCRIBED))
    return folder


def test_it_registers_a_prepared_folder_once(folder: Path) -> None:
    first, second = (actions.register_base_model(directory=folder) for _ in range(2))
    assert first == second == BaseModel.objects.get()


@pytest.mark.parametrize("name", ["modeling_own.py", "pytorch_model.bin", "deep/optimizer.pt"])
def test_it_refuses_files_that_can_carry_code(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"")
    with pytest.raises(ValidationError, match="can carry code"):
        actions.register_base_model(directory=folder)


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_it_refuses_settings_that_name_code(folder: Path, name: str) -> None:
    (folder / name).write_text('{"auto_map": {"AutoModel": "own.Model"}}')
    with pytest.raises(ValidationError, match="auto_map"):
        actions.register_base_model(directory=folder)


def test_it_refuses_links(folder: Path) -> None:
    (folder / "model.safetensors").symlink_to("/etc/hostname")
    with pytest.raises(ValidationError, match="is a link"):
        actions.register_base_model(directory=folder)


@pytest.mark.parametrize("wrong", [{"name": ["a"]}, {"parameters": "many"}, {"weights_sha256": 1}])
def test_it_refuses_a_description_of_the_wrong_types(folder: Path, wrong: dict) -> None:
    (folder / "base_model.json").write_text(json.dumps({**DESCRIBED, **wrong}))
    with pytest.raises(ValidationError, match="not a prepared base model"):
        actions.register_base_model(directory=folder)
