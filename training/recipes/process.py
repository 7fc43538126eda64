"""What every recipe does as a process: be offline, die with its runner, and always leave a result."""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from training.run_dir import DISK_FULL, RunDir, is_disk_full, write_json

ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TQDM_DISABLE": "1",
    # threads that wait for each other spin for some microseconds, then give their core away: spinning for long starves
    # a busy machine, and not at all makes every step a third slower on an idle one
    "GOMP_SPINCOUNT": "20000",
}
PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "bitsandbytes")
RUNNER_GONE = 3
PEER_GONE = 4
NO_ROOM_TO_TELL = 5


class Stopped(Exception):
    """The recipe ends without success, for a reason a person can read."""

    def __init__(
        self, failure_code: str, message: str, *, status: str = "failed", reasons: list[str] | None = None
    ) -> None:
        super().__init__(message)
        self.outcome = {
            "status": status,
            "failure_code": failure_code,
            "message": message,
            "reasons": reasons or [],
        }


class Follower(RunDir):
    """The run directory as every process but the first sees it: what it would tell has been told."""

    def append_event(self, event: str, **values: Any) -> None:
        pass


def processes() -> int:
    """How many processes train together; a launcher says so in the environment."""
    return int(os.environ.get("WORLD_SIZE") or 1)


def is_first() -> bool:
    """The one that writes: events, checkpoints' manifests, the adapter, the result."""
    return int(os.environ.get("RANK") or 0) == 0


def run_dir_at(path: Path) -> RunDir:
    return (RunDir if is_first() else Follower)(path)


def run(work: Callable[[RunDir], dict[str, Any]], arguments: list[str] | None = None) -> int:
    """Call the recipe's work and write result.json last, whatever happened. SIGTERM leaves none: it kills."""
    given = sys.argv[1:] if arguments is None else arguments
    if len(given) != 1:
        sys.stderr.write("Give one argument: the run directory.\n")
        return 2
    run_dir = run_dir_at(Path(given[0]).resolve())
    if os.environ.get("PRECEPTOR_STDIN_GUARD") == "1":
        threading.Thread(target=_die_with_stdin, daemon=True).start()
    os.environ.update(ENVIRONMENT)
    os.environ["OMP_NUM_THREADS"] = str(threads())
    try:
        return _work_and_tell(work, run_dir)
    except OSError as error:
        if not is_disk_full(error):
            raise
        return NO_ROOM_TO_TELL


def _work_and_tell(work: Callable[[RunDir], dict[str, Any]], run_dir: RunDir) -> int:
    begun = time.monotonic()
    versions = {name: version(name) for name in PACKAGES}  # now: once memory has run out, there is none for it
    run_dir.append_event("phase", message="Loading libraries")
    result = {"seconds": 0.0, **_outcome(work, run_dir)}
    if _told_by_another(run_dir, result):
        return 0 if result["status"] == "succeeded" else 1
    result["seconds"] = round(time.monotonic() - begun, 3)
    result["processor_seconds"] = round(time.process_time(), 3)  # of all threads, without waiting for other programs
    result["threads"] = threads()
    result["processes"] = processes()
    result["versions"] = versions
    result["peak_memory_bytes"] = _peak_memory()
    write_json(run_dir.result_file, result)
    return 0 if result["status"] == "succeeded" else 1


def threads() -> int:
    return max(1, int(os.environ.get("PRECEPTOR_THREADS") or os.cpu_count() or 1))


def phase(run_dir: RunDir, message: str) -> None:
    run_dir.append_event("phase", message=message)


def _outcome(work: Callable[[RunDir], dict[str, Any]], run_dir: RunDir) -> dict[str, Any]:
    try:
        return {"status": "succeeded", "failure_code": "", "message": "", "reasons": []} | work(run_dir)
    except Stopped as stopped:
        return stopped.outcome
    except Exception as error:
        traceback.print_exc()
        if _lost_a_peer(error):
            os._exit(PEER_GONE)
        if is_disk_full(error):
            return {"status": "failed", "failure_code": "disk_full", "message": DISK_FULL, "reasons": []}
        if _is_out_of_memory(error):
            return _out_of_memory()
        message = f"The recipe met an error it does not know ({type(error).__name__}: {error}). See the log."
        return {"status": "failed", "failure_code": "error", "message": message, "reasons": []}


def _told_by_another(run_dir: RunDir, result: dict[str, Any]) -> bool:
    """Of several processes the first tells of success; of failure the one that met it, as the others only follow."""
    if processes() == 1:
        return False
    return run_dir.result() is not None or (result["status"] == "succeeded" and not is_first())


def _lost_a_peer(error: Exception) -> bool:
    """Another process of the same run was killed: this one has no result of its own to tell."""
    text = str(error).lower()
    return processes() > 1 and any(sign in text for sign in ("by peer", "broken pipe", "remote process exited"))


def _is_out_of_memory(error: Exception) -> bool:
    text = str(error).lower()
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    # the last is what oneDNN says
    signs = ("out of memory", "allocate memory", "enough memory", "start new thread", "could not create a primitive")
    return any(sign in text for sign in signs)


def _out_of_memory() -> dict[str, Any]:
    message = (
        "There was not enough memory. Lower the rows per step or the longest row in tokens, "
        "or raise the gradient accumulation instead."
    )
    return {"status": "failed", "failure_code": "out_of_memory", "message": message, "reasons": []}


def _die_with_stdin() -> None:
    """The runner holds the other end; when it is gone, nobody will read what this process makes."""
    while os.read(0, 4096):
        pass
    os._exit(RUNNER_GONE)


def _peak_memory() -> int:
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
