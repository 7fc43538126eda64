"""What the data folder holds, as pages, command and API say it."""

from __future__ import annotations

import json
import os
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import call_command
from django.urls import reverse

from annotation.models import Project
from training import disk

pytestmark = pytest.mark.django_db
MIB = 1024**2


def fill(file: Path, mib: int) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x" * mib * MIB)
    return file


@pytest.fixture
def full(settings: Any) -> None:
    cache.clear()
    run = settings.RUNS_DIR / "1" / "attempt-1"
    checkpoint = fill(run / "checkpoints" / "checkpoint-2" / "optimizer.pt", 2)
    resumed = settings.RUNS_DIR / "1" / "attempt-2" / "resume" / "checkpoint-2"
    resumed.mkdir(parents=True)
    os.link(checkpoint, resumed / "optimizer.pt")
    fill(run / "package" / "merged" / "model.safetensors", 3)
    fill(settings.ADAPTERS_DIR / "abc" / "adapter_model.safetensors", 1)


def test_it_counts_each_file_once(full: None) -> None:
    found = disk.use()
    assert [round(taken / MIB) for taken in (found.runs_bytes, found.packages_bytes, found.adapters_bytes)] == [2, 3, 1]
    assert found.datasets_bytes == found.base_models_bytes == 0
    assert found.free_bytes > 0
    assert found.sentence.startswith("Runs 2 MB, packages 3 MB, adapters 1 MB, dataset versions less than 1 MB, ")


def test_it_looks_at_most_once_a_minute(full: None, settings: Any) -> None:
    before = disk.use()
    fill(settings.ADAPTERS_DIR / "def" / "adapter_model.safetensors", 1)
    assert disk.use() == before
    cache.clear()
    assert disk.use().adapters_bytes > before.adapters_bytes


def test_pages_command_and_api_say_it(
    full: None, taught: Project, dataset: Any, base_model: Any, rung: Any, ada: User, sign_in: Any
) -> None:
    from training.actions import launch_round

    launch_round(project=taught, method="sft", dataset_version=dataset, params={}, by=ada)
    client = sign_in(ada)
    text = client.get(reverse("rounds", args=[taught.pk])).text
    assert "On disk, all projects together: Runs 2 MB, packages 3 MB, adapters 1 MB" in text
    assert "at most its two newest checkpoints are kept" in text
    told = StringIO()
    call_command("disk_use", "--json", stdout=told)
    answered = client.get("/api/v1/disk-use/").json()
    assert {name: json.loads(told.getvalue())[name] for name in answered} == answered
    assert answered["packages_bytes"] >= 3 * MIB
