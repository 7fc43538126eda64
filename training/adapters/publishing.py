"""From a run directory to an adapter: verify, store under the hash of its content, record."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings

from annotation.models import Event
from training.adapters import model_card, provenance
from training.models import Adapter, TrainingRound
from training.params import is_full
from training.run_dir import ADAPTER_CONFIG, CARD, RunDir, directory_sha256, sync, verify_adapter_files, write_json
from training.running.runner import JobFailed, expect_success


def check(round: TrainingRound, run_dir: RunDir, result: dict[str, Any]) -> None:
    """The round came to its end and its adapter is sound; then the adapter is stored. Nothing points to it yet."""
    expect_success(round, run_dir, result)
    step, last = result.get("global_step"), result.get("max_steps")
    if not result.get("early_stopped") and (step is None or step != last):
        raise JobFailed("incomplete", f"Training ended at step {step} of {last}, so its adapter is not used.")
    problems = verify_adapter_files(run_dir.adapter, is_full(round.params))
    if problems:
        raise JobFailed("bad_adapter", " ".join(problems))
    promised = result.get("adapter_sha256")
    if promised and promised != directory_sha256(run_dir.adapter):
        raise JobFailed("bad_adapter", "The adapter's files are not those that the training process wrote.")
    facts = provenance.facts(round, result)
    result["adapter_sha256"] = store(
        run_dir.adapter,
        base_id=facts.base.weights_id,
        revision=facts.base.weights_revision,
        card=model_card.card(facts),
    )


def publish(round: TrainingRound, run_dir: RunDir, result: dict[str, Any]) -> None:
    sha256 = result["adapter_sha256"]
    size = sum(file.stat().st_size for file in (settings.ADAPTERS_DIR / sha256).iterdir())
    adapter = Adapter.objects.create(
        project=round.project, round=round, base_model=round.base_model, sha256=sha256, size_bytes=size
    )
    Event.record("published", adapter, by=None, project=round.project, round=round.number, sha256=sha256)


def intact(adapter: Adapter) -> bool:
    """Whether the stored files are still those that were published."""
    return directory_sha256(adapter.directory) == adapter.sha256


def store(source: Path, *, base_id: str, card: str, revision: str | None = None) -> str:
    """Copy an adapter and its card into their place and return its hash. Doing it again changes nothing."""
    settings.ADAPTERS_DIR.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=settings.ADAPTERS_DIR, prefix=".incoming-"))
    try:
        copy = scratch / "adapter"
        shutil.copytree(source, copy)
        if (copy / ADAPTER_CONFIG).exists():  # a whole model needs no other
            _name_base_model(copy / ADAPTER_CONFIG, base_id, revision)
        (copy / CARD).write_text(card, encoding="utf-8")
        for file in copy.iterdir():
            file.chmod(0o644)
            sync(file)
        sync(copy)
        sha256 = directory_sha256(copy)
        target = settings.ADAPTERS_DIR / sha256
        if not target.exists():
            copy.rename(target)
            sync(settings.ADAPTERS_DIR)
        elif directory_sha256(target) != sha256:
            raise JobFailed("bad_adapter", f"The stored adapter {sha256[:12]} was changed on disk.")
        return sha256
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _name_base_model(config: Path, base_id: str, revision: str | None) -> None:
    """An adapter leaves this machine with its base model's name and revision, never with a path of this server."""
    values = json.loads(config.read_text(encoding="utf-8"))
    named = {**values, "base_model_name_or_path": base_id, "revision": revision}
    if named != values:
        write_json(config, named)
