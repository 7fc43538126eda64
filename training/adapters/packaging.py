"""Adapters as files to be taken elsewhere: the job that packs them, and what can be packed."""

from __future__ import annotations

import json
import re
from typing import Any

from training.adapters import model_card, provenance
from training.models import Adapter, BaseModel, Package
from training.run_dir import RunDir, file_sha256, write_json
from training.running.kinds import weights_of
from training.running.runner import JobFailed, JobKind, expect_success

ENDINGS = {Package.Format.ADAPTER: "zip", Package.Format.MERGED: "zip", Package.Format.GGUF: "gguf"}
WRITTEN_AS_GGUF = {"llama"}


def refusal(adapter: Adapter, format: str) -> str:
    """Why an adapter cannot be packed so; empty when it can."""
    if adapter.judges and format != Package.Format.ADAPTER:
        return "A reward model writes nothing, so it is not merged into a model that writes."
    if adapter.is_full and format == Package.Format.ADAPTER:
        return "This round trained the whole model, so there is no adapter: take the merged model, which is all of it."
    return _of_base(adapter.base_model, format)


def _of_base(base: BaseModel, format: str) -> str:
    if format != Package.Format.GGUF:
        return ""
    try:
        kind = json.loads((base.directory / "config.json").read_text(encoding="utf-8")).get("model_type", "unknown")
    except (OSError, ValueError):
        return f"The folder of {base} is missing on this machine."
    if kind in WRITTEN_AS_GGUF:
        return ""
    return f"GGUF files are written for base models of the Llama family; {base} is of the kind {kind}."


def file_name(adapter: Adapter, format: str) -> str:
    """Two adapters never share a name: downloads end up in one folder."""
    words = f"{adapter.base_model.name} {adapter.project.name} round {adapter.round.number} {_suffix(format)}"
    plain = re.sub(r"[^a-z0-9.]+", "-", words.lower()).strip("-.")
    return f"{plain}.{ENDINGS[Package.Format(format)]}"


def _suffix(format: str) -> str:
    return "adapter" if format == Package.Format.ADAPTER else ""


def _inputs(package: Package, run_dir: RunDir) -> None:
    adapter = package.adapter
    refused = refusal(adapter, package.format)
    if refused:
        raise JobFailed("no_gguf", refused)
    facts = provenance.facts(adapter.round, adapter.round.result)
    params = {
        "recipe": "package",
        "format": package.format,
        "file_name": file_name(adapter, package.format),
        **weights_of(adapter.pk, adapter.base_model),
        "card": model_card.card(facts, merged=True),
        "about": {
            "name": facts.title,
            "description": facts.objective,
            "base_model": facts.base.id,
            "license": facts.base.license,
        },
    }
    write_json(run_dir.params, params)


def _whole(package: Package, run_dir: RunDir, result: dict[str, Any]) -> None:
    expect_success(package, run_dir, result)
    file = run_dir.path / "package" / str(result.get("file"))
    if not file.is_file() or file_sha256(file) != result.get("sha256"):
        raise JobFailed("incomplete", "The file was not written whole. Is the disk full?")


def _nothing_more(package: Package, run_dir: RunDir, result: dict[str, Any]) -> None:
    """The file stays where it was made; the row's result names it."""


PACKAGE = JobKind(
    model=Package,
    recipe=lambda _package: "package",
    write_inputs=_inputs,
    check=_whole,
    publish=_nothing_more,
)
