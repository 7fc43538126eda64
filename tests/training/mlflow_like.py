"""The part of MLflow's REST interface that rounds are written by, as strict as its documentation (2.0, MLflow 3.17)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tests.training.answering import Question

PREFIX = "/api/2.0/mlflow/"
STATUSES = {"RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"}
KEY = re.compile(r"[\w.\- /:]{1,250}")


class Bad(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = status, {"error_code": code, "message": message}


@dataclass
class Kept:
    experiment_id: str
    name: str
    start_time: int
    status: str = "RUNNING"
    end_time: int | None = None
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    metrics: set[tuple[str, float, int, int]] = field(default_factory=set)


class MLflow:
    """A server's state, and its answers."""

    def __init__(self) -> None:
        self.experiments: dict[str, dict[str, Any]] = {}
        self.runs: dict[str, Kept] = {}
        self.asked: list[str] = []
        self.authorizations: set[str | None] = set()
        self.broken: tuple[int, Any] | None = None

    def __call__(self, question: Question) -> tuple[int, Any]:
        self.authorizations.add(question.headers.get("authorization"))
        self.asked.append(question.path.removeprefix(PREFIX))
        if self.broken:
            return self.broken
        ways = {
            "experiments/search": self._search_experiments,
            "experiments/create": self._create_experiment,
            "runs/search": self._search_runs,
            "runs/create": self._create_run,
            "runs/log-batch": self._log_batch,
            "runs/update": self._update_run,
        }
        way = ways.get(question.path.removeprefix(PREFIX))
        if way is None or question.method != "POST" or question.headers.get("content-type") != "application/json":
            return 404, "<!doctype html><title>404 Not Found</title>"
        try:
            return 200, way(question.body)
        except Bad as bad:
            return bad.answer

    def _search_experiments(self, body: dict[str, Any]) -> dict[str, Any]:
        key, value = condition(body["filter"])
        assert 0 < body["max_results"] <= 1000
        return {"experiments": [each for each in self.experiments.values() if tags_of(each).get(key) == value]}

    def _create_experiment(self, body: dict[str, Any]) -> dict[str, Any]:
        if any(each["name"] == body["name"] for each in self.experiments.values()):
            raise Bad(400, "RESOURCE_ALREADY_EXISTS", f"Experiment(name={body['name']}) already exists.")
        fresh = {"experiment_id": str(len(self.experiments) + 1), "name": body["name"], "tags": body["tags"]}
        self.experiments[fresh["experiment_id"]] = fresh
        return {"experiment_id": fresh["experiment_id"]}

    def _search_runs(self, body: dict[str, Any]) -> dict[str, Any]:
        key, value = condition(body["filter"])
        found = [
            {"info": {"run_id": run_id}, "data": {}}
            for run_id, run in self.runs.items()
            if run.experiment_id in body["experiment_ids"] and run.tags.get(key) == value
        ]
        return {"runs": found} if found else {}

    def _create_run(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["experiment_id"] not in self.experiments:
            raise Bad(404, "RESOURCE_DOES_NOT_EXIST", f"No Experiment with id={body['experiment_id']} exists")
        run_id = f"{len(self.runs) + 1:032x}"
        self.runs[run_id] = Kept(body["experiment_id"], body["run_name"], integer(body["start_time"]))
        self.runs[run_id].tags = {tag["key"]: text(tag["value"], 8000) for tag in body["tags"]}
        return {"run": {"info": {"run_id": run_id, "status": "RUNNING"}, "data": {}}}

    def _log_batch(self, body: dict[str, Any]) -> dict[str, Any]:
        run = self._found(body)
        metrics, params, tags = (body.get(name, []) for name in ("metrics", "params", "tags"))
        for items, most in ((metrics, 1000), (params, 100), (tags, 100), ([*metrics, *params, *tags], 1000)):
            if len(items) > most:
                raise Bad(400, "INVALID_PARAMETER_VALUE", f"A batch logging request can contain at most {most}.")
        for item in (*metrics, *params, *tags):
            if not KEY.fullmatch(item["key"]):
                raise Bad(400, "INVALID_PARAMETER_VALUE", f"Invalid name: {item['key']}")
        for param in params:
            if run.params.setdefault(param["key"], text(param["value"], 6000)) != param["value"]:
                raise Bad(400, "INVALID_PARAMETER_VALUE", "Changing param values is not allowed.")
        run.tags |= {tag["key"]: text(tag["value"], 8000) for tag in tags}
        run.metrics |= {
            (each["key"], number(each["value"]), integer(each["timestamp"]), integer(each["step"])) for each in metrics
        }
        return {}

    def _update_run(self, body: dict[str, Any]) -> dict[str, Any]:
        run = self._found(body)
        if body["status"] not in STATUSES:
            raise Bad(400, "INVALID_PARAMETER_VALUE", f"Invalid value {body['status']} for parameter 'status' supplied")
        run.status, run.end_time = body["status"], integer(body["end_time"])
        return {"run_info": {"run_id": body["run_id"], "status": run.status}}

    def _found(self, body: dict[str, Any]) -> Kept:
        if body["run_id"] not in self.runs:
            raise Bad(404, "RESOURCE_DOES_NOT_EXIST", f"Run with id={body['run_id']} not found")
        return self.runs[body["run_id"]]


def condition(filter: str) -> tuple[str, str]:
    match = re.fullmatch(r"tags\.`([^`]+)` = '([^']*)'", filter)
    if not match:
        raise Bad(400, "INVALID_PARAMETER_VALUE", f"Invalid clause(s) in filter string: {filter}")
    return match[1], match[2]


def tags_of(experiment: dict[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in experiment["tags"]}


def text(value: Any, most: int) -> str:
    if not isinstance(value, str) or not value or len(value) > most:
        raise Bad(400, "INVALID_PARAMETER_VALUE", f"Invalid value {value!r} supplied")
    return value


def number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Bad(400, "INVALID_PARAMETER_VALUE", f"Got invalid value {value!r} for metric")
    return float(value)


def integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Bad(400, "INVALID_PARAMETER_VALUE", f"Invalid value {value!r}: must be of type int64")
    return value
