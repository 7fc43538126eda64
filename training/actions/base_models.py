from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from annotation.models import Event
from training.models import BaseModel
from training.run_dir import file_sha256

DESCRIPTION = "base_model.json"
WEIGHTS = "model.safetensors"  # whole: several pieces would need a hash each
TEMPLATE = "chat_template.jinja"
CODE_OR_PICKLES = {".py", ".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt"}


def register_base_model(*, directory: Path, by: User | None = None, make_default: bool = False) -> BaseModel:
    """Make a prepared folder known; the first one becomes the default. Registering it again changes nothing."""
    described = _read_description(directory)
    _refuse_code(directory)
    _refuse_changes(directory, described.pop("files"))
    path = directory.resolve()
    if path.is_relative_to(settings.DATA_DIR):
        path = path.relative_to(settings.DATA_DIR)
    with transaction.atomic():
        known = BaseModel.objects.filter(name=described["name"]).first()
        if known and known.weights_sha256 != described["weights_sha256"]:
            raise ValidationError({"directory": f"A base model called {known} with other weights is registered."})
        base, created = BaseModel.objects.update_or_create(
            name=described["name"], defaults={**described, "path": str(path)}
        )
        if created:
            Event.record("registered", base, by=by, weights_sha256=base.weights_sha256)
        if make_default or not BaseModel.objects.filter(is_default=True).exists():
            _make_default(base, by)
    return base


def _make_default(base: BaseModel, by: User | None) -> None:
    if base.is_default:
        return
    BaseModel.objects.filter(is_default=True).update(is_default=False)
    BaseModel.objects.filter(pk=base.pk).update(is_default=True)
    base.is_default = True
    Event.record("made the default", base, by=by)


def _refuse_code(directory: Path) -> None:
    """A base model is numbers and settings: nothing in its folder may run, or lead out of it."""
    for file in sorted(directory.rglob("*")):
        reason = ""
        if file.is_symlink():
            reason = "is a link"
        elif file.suffix.lower() in CODE_OR_PICKLES:
            reason = "can carry code; only safetensors, JSON and text are taken"
        elif file.name.endswith("config.json") and b'"auto_map"' in file.read_bytes():
            reason = "asks to run code of its own (auto_map)"
        if reason:
            raise ValidationError({"directory": f"{directory.name}/{file.relative_to(directory)} {reason}."})


def _refuse_changes(directory: Path, named: dict[str, str]) -> None:
    """Its description names files by their sha256: those must be there, unchanged."""
    for name, sha256 in named.items():
        file = directory / name
        if not file.is_file():
            raise ValidationError({"directory": f"{directory.name} has no {name}."})
        if file_sha256(file) != sha256:
            raise ValidationError({"directory": f"{directory.name}/{name} is not the one that {DESCRIPTION} names."})


def _read_description(directory: Path) -> dict[str, Any]:
    """What is stored of it, and as `files` what it names by hash: weights and template always, others if it does."""
    try:
        described = json.loads((directory / DESCRIPTION).read_text(encoding="utf-8"))
        texts = {name: described[name] for name in ("name", "weights_sha256", "chat_template_sha256")}
        files = described.get("files", {})
        if not all(isinstance(text, str) for text in [*texts.values(), *files.values()]):
            raise TypeError("name and hashes are text")
        if type(described["parameters"]) is not int:
            raise TypeError("parameters is a whole number")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValidationError(
            {
                "directory": f"{directory} is not a prepared base model: "
                f"it needs a {DESCRIPTION} with its name and hashes."
            }
        ) from error
    return {
        **texts,
        "parameters": described["parameters"],
        **{name: str(described.get(name, "")) for name in ("source", "license")},
        "files": files | {WEIGHTS: texts["weights_sha256"], TEMPLATE: texts["chat_template_sha256"]},
    }
