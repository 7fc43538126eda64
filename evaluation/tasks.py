"""The doorbell of contestants. The rows say what there is to do; the worker's watch looks after them."""

from __future__ import annotations

from huey.contrib.djhuey import db_task

from evaluation.collecting import CONTESTANT
from training.running import runner
from training.tasks import watched


@db_task()
def run_contestant(pk: str) -> None:
    runner.run(CONTESTANT, pk)


watched.append((CONTESTANT, run_contestant))
