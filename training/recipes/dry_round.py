"""Check a round, then try it: it trains for real on sixteen of its rows, and nothing of it is kept.

    python -m training.recipes.dry_round RUN_DIR

The round's own recipe does it, in a process of its own that is ended after two minutes.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import resource
import shutil
import subprocess
import sys
from datetime import datetime
from typing import Any

from training.methods import from_json
from training.recipes import preflight, process
from training.run_dir import RunDir, read_rows, write_json, write_rows

ROWS = 16
LIMIT_SECONDS = 120
NAME = "dry"


def prepare(run_dir: RunDir) -> RunDir:
    """A run directory inside this one: the same settings, sixteen rows, one pass."""
    spec = run_dir.read_params()
    params = dict(spec["params"])
    rows = choose(preflight.picked(read_rows(run_dir.train), from_json(spec["method"], params)).rows)
    per_step = params["per_device_train_batch_size"] * params["gradient_accumulation_steps"]
    params |= {"max_steps": math.ceil(len(rows) / per_step), "early_stopping_patience": 0, "save_steps": 10**6}
    if "find_settings" in params:
        params["find_settings"] = False  # sixteen rows leave none to set aside, and what is tried is a step
    dry = RunDir(run_dir.path / NAME)
    shutil.rmtree(dry.path, ignore_errors=True)
    dry.path.mkdir()
    write_json(dry.params, {**spec, "recipe": spec["method"], "params": params, "resume_from": None})
    write_rows(dry.train, rows)
    write_rows(dry.validation, [])
    return dry


def choose(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """From the shortest to the longest in equal strides, the longest one included: it decides about memory."""
    if len(rows) <= ROWS:
        return rows
    by_length = sorted(rows, key=lambda row: len(json.dumps(row)))
    chosen = [by_length[round(place * (len(rows) - 1) / (ROWS - 1))] for place in range(ROWS)]
    labels = {row.get("label") for row in chosen}
    other = next((row for row in rows if row.get("label") not in labels), None)  # good and bad only teach together
    return [other, *chosen[1:]] if other else chosen


def attempt(dry: RunDir, method: str) -> int | None:
    """The exit code of the round's recipe; None when its time was over first."""
    command = [sys.executable, "-m", f"training.recipes.{method}", str(dry.path)]
    environment = {**os.environ, "PRECEPTOR_STDIN_GUARD": "1"}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE) as child:
        try:
            return child.wait(LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.kill()


def outcome(dry: RunDir, code: int | None, peak: int) -> dict[str, Any]:
    """What was measured, from the files; they are there also when its time was over."""
    result = dry.result() or {}
    events = dry.events()
    logs = [event for event in events if event["event"] == "log"]
    last = logs[-1] if logs else {}
    ended = code is not None
    return {
        "rows": len(read_rows(dry.train)),
        "steps": last.get("step", 0),
        "seconds": result.get("seconds"),
        "train_seconds": result.get("train_seconds") or _between(events, last),
        "share": last["step"] / last["max_steps"] if last else 0.0,
        "memory_bytes": result.get("peak_memory_bytes") or (peak if _on_cpu(dry) else None),
        "tokens_per_second": last.get("tokens_per_second"),
        "loss": last.get("loss"),
        "finite": bool(logs) and all(event.get("loss") is not None for event in logs),
        "ended": ended,
        "problem": _problem(result, logs, ended, code),
        "dry": True,
        "estimate": preflight_of(dry).get("estimate", {}),
    }


def preflight_of(run_dir: RunDir) -> dict[str, Any]:
    if not run_dir.preflight.exists():
        return {}
    return json.loads(run_dir.preflight.read_text(encoding="utf-8"))


def _on_cpu(dry: RunDir) -> bool:
    return preflight_of(dry).get("estimate", {}).get("device") == "cpu"


def _between(events: list[dict[str, Any]], last: dict[str, Any]) -> float | None:
    start = next((event for event in events if event["event"] == "start"), None)
    if start is None or not last:
        return None
    return (datetime.fromisoformat(last["at"]) - datetime.fromisoformat(start["at"])).total_seconds()


def _problem(result: dict[str, Any], logs: list[dict[str, Any]], ended: bool, code: int | None) -> str:
    """Why the round would fail; empty when nothing speaks against it."""
    if any(event.get("loss") is None for event in logs):
        return "In the dry round the loss was not a number. Lower the learning rate or look for broken rows."
    if not ended or result.get("status") == "succeeded":
        return ""
    if result.get("message"):
        return f"The dry round failed. {result['message']}"
    return f"The dry round ended with an error (code {code}). Most often the machine ran out of memory."


def work(run_dir: RunDir) -> dict[str, Any]:
    done = preflight.work(run_dir)
    process.phase(run_dir, "Trying it on a few rows, for two minutes at most")
    dry = prepare(run_dir)
    try:
        code = attempt(dry, run_dir.read_params()["method"])
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        found = outcome(dry, code, peak)
    finally:
        shutil.rmtree(dry.path, ignore_errors=True)
    report = preflight_of(run_dir)
    report["dry"] = found
    if found["problem"]:
        report["reasons"].append(found["problem"])
    write_json(run_dir.preflight, report)
    return done


def main(arguments: list[str] | None = None) -> int:
    return process.run(work, arguments)


if __name__ == "__main__":
    sys.exit(main())
