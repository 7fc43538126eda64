"""What a node of a Ray cluster runs: the recipe, for as long as somebody waits for it.

Pure: the node needs the folders, not the database. Elsewhere a recipe ends when the pipe to its worker closes; no pipe
reaches another machine, so here a file in the run directory must keep changing.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from training.run_dir import RunDir, write_json
from training.running.processes import allowed_environment, processes_of

LOOK_SECONDS = 0.5
UNWATCHED_GRACE_SECONDS = 10.0
UNWATCHED = 3  # as a recipe ends whose pipe closes
NO_FOLDER = 2


@dataclass(frozen=True)
class Watched:
    """The file by which a worker says that it waits for an attempt, or waits no more."""

    run_dir: RunDir

    @property
    def file(self) -> Path:
        return self.run_dir.path / "watched.json"

    def show(self) -> None:
        """The node looks only whether this changes: clocks of two machines need not agree."""
        write_json(self.file, {"shown_at": time.time()})

    def stop(self, grace_seconds: float) -> None:
        write_json(self.file, {"stop_within": grace_seconds})

    def read(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            return json.loads(self.file.read_text(encoding="utf-8"))
        return {}


def main(arguments: list[str]) -> int:
    module, path, threads, patience = arguments
    run_dir = RunDir(Path(path))
    if not run_dir.params.exists():
        sys.stdout.write(f"This node of the cluster does not see {path}: DATA_DIR must be the same folder on each.\n")
        return NO_FOLDER
    with run_dir.log.open("ab") as log:
        recipe = subprocess.Popen(
            [sys.executable, "-m", module, path],
            env=allowed_environment(int(threads)),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    code = _code_of(recipe, Watched(run_dir), float(patience))
    left = processes_of(run_dir)
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(left, timeout=5)
    return code


def _code_of(recipe: subprocess.Popen[bytes], watched: Watched, patience: float) -> int:
    seen, changed = watched.read(), time.monotonic()
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return recipe.wait(LOOK_SECONDS)
        now = watched.read()
        if "stop_within" in now:
            recipe.terminate()
            _end(recipe, float(now["stop_within"]))
            return -signal.SIGTERM
        if now != seen:
            seen, changed = now, time.monotonic()
        elif time.monotonic() - changed > patience:
            _end(recipe, UNWATCHED_GRACE_SECONDS)
            return UNWATCHED


def _end(recipe: subprocess.Popen[bytes], grace_seconds: float) -> None:
    """Close its pipe, wait, then kill."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        recipe.communicate(timeout=grace_seconds)
    recipe.kill()
    recipe.wait()


def leave(code: int) -> None:
    """By the same signal, if one ended the recipe: Ray tells the worker how this process ended, and nothing more."""
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
