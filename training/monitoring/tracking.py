"""Rounds on the MLflow server that whoever runs this installation named; without one, nothing.

What is written are settings, figures and hashes, and none of the project's texts. It is written once a round is over,
by a task of its own, so that a server that is away never holds a round up; what is owed is tried again when the next
round ends, or by hand.
"""

from __future__ import annotations

import base64
import fcntl
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from huey.contrib.djhuey import db_task

from training.jobs import FINAL, Status
from training.models import TrainingRound
from training.monitoring import event_files
from training.monitoring.mlflow_server import Metric, NotWritten, Run, write
from training.other_server import Server
from training.run_dir import write_json

log = structlog.get_logger(__name__)

OWED_FOR = timedelta(days=30)
MOST_AT_ONCE = 20
STATUS = {Status.SUCCEEDED: "FINISHED", Status.FAILED: "FAILED", Status.CANCELLED: "KILLED"}


def is_on() -> bool:
    return bool(settings.MLFLOW_TRACKING_URI)


def owe(round: TrainingRound) -> None:
    """It is to be written; from here on that is known, whoever comes to do it."""
    if is_on():
        _note(round, {**told(round), "owed": True})
        transaction.on_commit(lambda: write_owed(str(round.pk)))


@dataclass(frozen=True)
class Shown:
    """For the round's page: what became of it, and where it is to be seen."""

    status: str
    label: str
    detail: str = ""
    link: str = ""


def shown(round: TrainingRound) -> Shown | None:
    """None where there is nothing to say."""
    if not is_on() or not round.is_final:
        return None
    known = told(round)
    if known.get("problem"):
        return Shown("failed", "Not written", f"{known['problem']} It is tried again when the next round is over.")
    if known.get("owed"):
        return Shown("queued", "Being written")
    if known.get("run_id"):
        where = f"{known['address']}/#/experiments/{known['experiment_id']}/runs/{known['run_id']}"
        return Shown("done", "Written", link=where)
    return Shown("queued", "Not written", "It was over before the server was named.")


def told(round: TrainingRound) -> dict[str, Any]:
    """What is known of it: owed, problem, experiment_id, run_id, written_at, address. Empty when it was never due."""
    with suppress(OSError, ValueError):
        value = json.loads(_note_file(round).read_text(encoding="utf-8"))
        return value if isinstance(value, dict) else {}
    return {}


@db_task()
def write_owed(first: str) -> None:
    """This round, then what else is owed; nothing more once the server turns out to be away."""
    for round in _owed(first) if is_on() else []:
        try:
            send(round)
        except NotWritten as problem:
            log.warning("round not written to MLflow", round=str(round.pk), problem=str(problem))
            if problem.away:
                return


def send(round: TrainingRound) -> None:
    """Raises NotWritten, after noting why."""
    server = Server(settings.MLFLOW_TRACKING_URI, _credentials())
    try:
        with _alone(round):
            experiment, run = write(server, run_of(round))
    except NotWritten as problem:
        _note(round, {**told(round), "owed": True, "problem": str(problem)})
        raise
    known = {"experiment_id": experiment, "run_id": run, "address": server.address}
    _note(round, {"owed": False, **known, "written_at": timezone.now().isoformat()})


@contextmanager
def _alone(round: TrainingRound) -> Iterator[None]:
    """Two at once would not find each other's run, and make two."""
    round.root.mkdir(parents=True, exist_ok=True)
    with (round.root / "mlflow.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run_of(round: TrainingRound) -> Run:
    return Run(
        project_id=str(round.project_id),
        experiment=f"{round.project.name} ({str(round.project_id)[:8]})",
        run_id=str(round.pk),
        name=str(round),
        started=_milliseconds(round.started_at or round.created_at),
        ended=_milliseconds(round.finished_at or timezone.now()),
        status=STATUS[Status(round.status)],
        params={name: _text(value) for name, value in round.params.items()},
        tags=_tags(round),
        metrics=_metrics(round),
    )


def _tags(round: TrainingRound) -> dict[str, str]:
    version, adapter = round.dataset_version, getattr(round, "adapter", None)
    tags = {
        "mlflow.source.name": "Preceptor",
        "outcome": round.status,
        "failure": round.failure_code,
        "project": round.project.name,
        "round": str(round.number),
        "method": round.method,
        "dataset_version": str(version),
        "dataset_sha256": version.sha256,
        "base_model": round.base_model.name,
        "base_model_sha256": round.base_model.weights_sha256,
        "parent_adapter_sha256": round.parent_adapter.sha256 if round.parent_adapter else "",
        "adapter_sha256": adapter.sha256 if adapter else "",
        "attempts": str(round.attempt),
    }
    return {name: value for name, value in tags.items() if value}


def _metrics(round: TrainingRound) -> list[Metric]:
    """By step, then the figures of the result."""
    by_step = [
        Metric(tag, value, int(event_files.seconds(event) * 1000), int(event["step"]))
        for event in round.events()
        for tag, value in event_files.measured(event)
    ]
    ended = _milliseconds(round.finished_at or timezone.now())
    last = int(round.result.get("global_step") or 0)
    return [*by_step, *(Metric(f"result/{name}", value, ended, last) for name, value in _figures(round))]


def _figures(round: TrainingRound) -> list[tuple[str, float]]:
    return [
        (name, float(value))
        for name, value in round.result.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    ]


def _owed(first: str) -> list[TrainingRound]:
    rows = TrainingRound.objects.select_related(
        "project", "dataset_version", "base_model", "parent_adapter", "adapter"
    ).filter(status__in=FINAL)
    recent = rows.filter(finished_at__gte=timezone.now() - OWED_FOR).exclude(pk=first).order_by("-finished_at")
    due = [*rows.filter(pk=first), *recent[:MOST_AT_ONCE]]
    return [round for round in due if told(round).get("owed")]


def _note_file(round: TrainingRound) -> Path:
    return round.root / "mlflow.json"


def _note(round: TrainingRound, known: dict[str, Any]) -> None:
    round.root.mkdir(parents=True, exist_ok=True)
    write_json(_note_file(round), known)


def _credentials() -> dict[str, str]:
    if settings.MLFLOW_TRACKING_TOKEN:
        return {"Authorization": f"Bearer {settings.MLFLOW_TRACKING_TOKEN}"}
    if settings.MLFLOW_TRACKING_USERNAME:
        pair = f"{settings.MLFLOW_TRACKING_USERNAME}:{settings.MLFLOW_TRACKING_PASSWORD}"
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    return {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
