"""Writes a run to an MLflow server over its REST interface, version 2.0. Pure: what is written is given.

Writing the same run twice leaves one: it is looked for by its tag first, and MLflow keeps equal values once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from training.other_server import Away, Server

PREFIX = "/api/2.0/mlflow/"
# What one log-batch request may hold.
MOST_METRICS, MOST_PARAMS, MOST_TAGS = 1000, 100, 100
LONGEST_PARAM, LONGEST_TAG = 500, 5000  # what every version and storage takes
PROJECT_TAG, RUN_TAG = "preceptor.project_id", "preceptor.round_id"


class NotWritten(Exception):
    """Why, as a sentence. `away`: it is no use to try the next run now."""

    def __init__(self, message: str, *, away: bool = False) -> None:
        super().__init__(message)
        self.away = away


@dataclass(frozen=True)
class Metric:
    key: str
    value: float
    timestamp: int  # in milliseconds
    step: int


@dataclass(frozen=True)
class Run:
    project_id: str
    experiment: str
    run_id: str  # ours
    name: str
    started: int  # in milliseconds
    ended: int
    status: str  # FINISHED, FAILED or KILLED
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: list[Metric] = field(default_factory=list)


def write(server: Server, run: Run) -> tuple[str, str]:
    """The server's ids of the experiment and of the run. Raises NotWritten."""
    experiment = _experiment(server, run)
    found = _run(server, experiment, run)
    for batch in _batches(run):
        _call(server, "runs/log-batch", {"run_id": found, **batch})
    _call(server, "runs/update", {"run_id": found, "status": run.status, "end_time": run.ended})
    return experiment, found


def _experiment(server: Server, run: Run) -> str:
    """By its tag, as projects are renamed."""
    wanted = {"max_results": 1, "filter": f"tags.`{PROJECT_TAG}` = '{run.project_id}'"}
    found = _call(server, "experiments/search", wanted).get("experiments") or []
    if found:
        return _id(found[0], "experiment_id")
    fresh = {"name": run.experiment, "tags": _pairs({PROJECT_TAG: run.project_id})}
    return _id(_call(server, "experiments/create", fresh), "experiment_id")


def _run(server: Server, experiment: str, run: Run) -> str:
    wanted = {"experiment_ids": [experiment], "max_results": 1, "filter": f"tags.`{RUN_TAG}` = '{run.run_id}'"}
    found = _call(server, "runs/search", wanted).get("runs") or []
    if not found:
        tags = _pairs({RUN_TAG: run.run_id})
        fresh = {"experiment_id": experiment, "run_name": run.name, "start_time": run.started, "tags": tags}
        found = [_call(server, "runs/create", fresh).get("run")]
    return _id((found[0] or {}).get("info") or {}, "run_id")


def _batches(run: Run) -> Iterator[dict[str, Any]]:
    for params in _pieces(_pairs(run.params, LONGEST_PARAM), MOST_PARAMS):
        yield {"params": params}
    for tags in _pieces(_pairs(run.tags, LONGEST_TAG), MOST_TAGS):
        yield {"tags": tags}
    for metrics in _pieces([vars(metric) for metric in run.metrics], MOST_METRICS):
        yield {"metrics": metrics}


def _pieces(items: list[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    left = iter(items)
    while piece := list(islice(left, size)):
        yield piece


def _pairs(values: dict[str, str], longest: int = LONGEST_TAG) -> list[dict[str, Any]]:
    return [{"key": key, "value": value[:longest]} for key, value in values.items()]


def _id(found: dict[str, Any], name: str) -> str:
    if not found.get(name):
        raise NotWritten(f"What answered did not name the {name}, as an MLflow server does.")
    return str(found[name])


def _call(server: Server, path: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = server.ask("POST", PREFIX + path, body)
    except Away as away:
        raise NotWritten(f"The MLflow server at {server.address} does not answer: {away}.", away=True) from away
    if answer.status == 200:
        return answer.json
    if answer.status == 401:
        raise NotWritten(f"The MLflow server at {server.address} asks for a name and password, or a token.", away=True)
    said = str(answer.json.get("message") or answer.text).strip().splitlines()
    reason = said[0][:300] if said else "no reason given"
    raise NotWritten(f"The MLflow server at {server.address} refused it ({answer.status}): {reason}")
