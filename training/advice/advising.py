"""Which way to take, for a base model and a dataset version as they are here: for the page, the command, the API."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from training.advice.this_machine import this_machine
from training.advice.which_way import LEARNING, comparison, recommend
from training.methods import METHODS
from training.models import BaseModel, DatasetVersion


def which_way(base: BaseModel, version: DatasetVersion) -> dict[str, Any]:
    machine = this_machine()
    advice = recommend(parameters=base.parameters, rows=version.train_rows, machine=machine)
    return {
        "base_model": base.name,
        "dataset_version": str(version),
        "rows": version.train_rows,
        "machine": str(machine),
        **asdict(advice),
        "comparison": comparison(base.parameters),
        "learning": {METHODS[key].name: when for key, when in LEARNING.items()},
    }
