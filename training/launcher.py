"""A recipe as a process of its own on this machine: start, look, stop."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from training.run_dir import RunDir

# What a recipe may know of its surroundings. No database, no secret key, no tokens of any kind.
ALLOWED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH")
FIXED = {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "PYTHONUNBUFFERED": "1",
    "PRECEPTOR_STDIN_GUARD": "1",
}
NICENESS = 10
GRACE_SECONDS = 20


@dataclass(frozen=True)
class Child:
    process: subprocess.Popen[bytes]

    def exit_code(self, wait_seconds: float = 0) -> int | None:
        """None while it runs; negative when a signal ended it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(wait_seconds)
        return None

    def stop(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """Ask, wait, then kill the whole group. Returns when nothing of it is left."""
        self._signal(signal.SIGTERM)
        if self.exit_code(grace_seconds) is None:
            self._signal(signal.SIGKILL)
        self.process.wait()
        self._signal(signal.SIGKILL)  # what it may have started and left behind
        self.close()

    def close(self) -> None:
        if self.process.stdin:
            with contextlib.suppress(OSError):
                self.process.stdin.close()

    def _signal(self, number: signal.Signals) -> None:
        # The group's id is the child's pid (start_new_session); it stays valid while a member of it lives.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)


def command(recipe: str, run_dir: Path) -> list[str]:
    return [sys.executable, "-m", f"training.recipes.{recipe}", str(run_dir)]


def environment() -> dict[str, str]:
    allowed = {name: os.environ[name] for name in ALLOWED if name in os.environ}
    threads = settings.RECIPE_THREADS or os.cpu_count() or 1
    return {**allowed, **FIXED, "PRECEPTOR_THREADS": str(threads)}


def start(recipe: str, run_dir: RunDir) -> Child:
    """Its stdin stays open as long as this process lives: the recipe exits when it closes, so none is orphaned."""
    with run_dir.log.open("ab") as log:
        process = subprocess.Popen(
            command(recipe, run_dir.path),
            cwd=settings.BASE_DIR,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    with contextlib.suppress(OSError):  # the pages stay quick while the machine trains
        os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
    return Child(process)
