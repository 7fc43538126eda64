"""Stands in for a recipe in the runner's tests: a real process that keeps the run directory's contract.

`params.json` says how to behave: {"act": ..., "seconds": ...}.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from training.run_dir import DISK_FULL, RunDir, write_json  # noqa: E402


def guard_stdin() -> None:
    def watch() -> None:
        os.read(0, 1)  # not through sys.stdin, whose lock would break the exit of the interpreter
        os._exit(3)

    threading.Thread(target=watch, daemon=True).start()


def main(run_dir: RunDir) -> int:
    guard_stdin()
    params = run_dir.read_params()
    act = params["act"]
    rank = os.environ.get("RANK", "0")
    write_json(run_dir.path / f"pid-{rank}.json", {"pid": os.getpid()})
    if act == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if rank != "0":
        time.sleep(params.get("seconds", 0))
        return 0
    run_dir.append_event("phase", message="Training")
    run_dir.append_event("start", max_steps=10)
    write_json(run_dir.path / "seen.json", {"env": dict(os.environ), "pid": os.getpid(), "nice": os.nice(0)})
    for step in range(1, 11):
        run_dir.append_event(
            "log", step=step, max_steps=10, loss=1 / step, tokens_per_second=9.0, seconds_left=10 - step
        )
        time.sleep(params.get("seconds", 0) / 10)
    if act == "kill itself":
        os.kill(os.getpid(), signal.SIGKILL)
    if act == "crash":
        raise RuntimeError("the fake recipe broke")
    if act == "no room":
        return 5
    if act == "no result":
        return 0
    results = {
        "diverge": {"status": "failed", "failure_code": "diverged", "message": "The loss is no longer a number."},
        "refuse": {"status": "refused", "message": "The rows cannot be used.", "reasons": ["Row 3 is too long."]},
        "disk full": {"status": "failed", "failure_code": "disk_full", "message": DISK_FULL},
        "interrupted": {"status": "failed", "failure_code": "interrupted", "message": "Asked to stop."},
    }
    write_json(run_dir.result_file, results.get(act, {"status": "succeeded", "global_step": 10, "max_steps": 10}))
    return 0


if __name__ == "__main__":
    sys.exit(main(RunDir(Path(sys.argv[1]))))
