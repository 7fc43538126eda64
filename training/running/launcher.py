"""How a recipe becomes processes: submit, poll, cancel, tail.

A launcher owns nothing but processes. State, leases and results stay in the row and in the run directory, so that
no launcher has to be trusted with running a recipe exactly once.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import psutil
from django.conf import settings

from training.run_dir import RunDir
from training.running.processes import allowed_environment, processes_of

RECIPES = "training.recipes"
NICENESS = 10
GRACE_SECONDS = 20
# Recipes that are shown to do in several processes what they do in one.
IN_SEVERAL = frozenset({"sft", "dpo"})


@dataclass(frozen=True)
class Handle:
    """One attempt's processes: the one we started, and whatever works on the same run directory."""

    process: subprocess.Popen[bytes]
    run_dir: RunDir


class Attempt(Protocol):
    """What a launcher knows an attempt's processes by."""

    @property
    def run_dir(self) -> RunDir: ...


A = TypeVar("A", bound=Attempt)


class Launcher(Protocol[A]):
    def submit(self, recipe: str, run_dir: RunDir) -> A:
        """Start. Recipes exit when this process is gone: none is orphaned."""

    def poll(self, handle: A, wait_seconds: float = 0) -> int | None:
        """None while it runs; else its exit code, negative when a signal ended it. Nothing of it is left then."""

    def cancel(self, handle: A, grace_seconds: float = GRACE_SECONDS) -> None:
        """Ask, wait, then kill. Returns when nothing of it is left."""

    def tail(self, handle: A, lines: int = 40) -> str:
        """The end of what it printed."""


class Local:
    """One process on this machine. Its stdin is a pipe that stays open as long as this process lives."""

    def command(self, recipe: str, run_dir: Path) -> list[str]:
        return [sys.executable, "-m", f"{RECIPES}.{recipe}", str(run_dir)]

    def environment(self) -> dict[str, str]:
        return environment()

    def submit(self, recipe: str, run_dir: RunDir) -> Handle:
        with run_dir.log.open("ab") as log:
            process = subprocess.Popen(
                self.command(recipe, run_dir.path),
                cwd=settings.BASE_DIR,
                env=self.environment(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        with contextlib.suppress(OSError):  # the pages stay quick while the machine trains
            mine = os.getpriority(os.PRIO_PROCESS, process.pid)
            os.setpriority(os.PRIO_PROCESS, process.pid, max(mine, NICENESS))
        return Handle(process, run_dir)

    def poll(self, handle: Handle, wait_seconds: float = 0) -> int | None:
        if handle.process.returncode is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                handle.process.wait(wait_seconds)
                _clear(handle)
        return handle.process.returncode

    def cancel(self, handle: Handle, grace_seconds: float = GRACE_SECONDS) -> None:
        _signal(handle, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            handle.process.wait(grace_seconds)
        _clear(handle)

    def tail(self, handle: Handle, lines: int = 40) -> str:
        return handle.run_dir.log_tail(lines)


class Accelerate(Local):
    """Several processes on this machine, by `accelerate launch`."""

    def command(self, recipe: str, run_dir: Path) -> list[str]:
        config = settings.ACCELERATE_CONFIG
        how = ["--config_file", config] if config else ["--multi_gpu", *SINGLE_MACHINE]
        return [
            *(sys.executable, "-m", "accelerate.commands.launch", *how),
            *("--num_processes", str(settings.ACCELERATE_PROCESSES), "--main_process_port", "0"),
            *("--module", f"{RECIPES}.{recipe}", str(run_dir)),
        ]

    def environment(self) -> dict[str, str]:
        given = environment()
        share = max(1, int(given["PRECEPTOR_THREADS"]) // settings.ACCELERATE_PROCESSES)
        return {**given, "PRECEPTOR_THREADS": str(share), "OMP_NUM_THREADS": str(share)}

    def poll(self, handle: Handle, wait_seconds: float = 0) -> int | None:
        """accelerate ends with 1 whatever became of its processes; its last words say which ended first, and how."""
        code = super().poll(handle, wait_seconds)
        return _first_end(self.tail(handle, 200)) or code if code == 1 else code


SINGLE_MACHINE = ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]


def launcher_for(recipe: str) -> Launcher[Any]:
    """Which recipes take several processes is known; a cluster takes all, as it is what the rounds are planned for."""
    if settings.LAUNCHER == "ray":
        from training.running.ray_jobs import Ray  # here, as it stands on this module

        return Ray()
    several = settings.LAUNCHER == "accelerate" and recipe in IN_SEVERAL
    return Accelerate() if several else Local()


def refusals(method: str, params: dict[str, Any]) -> dict[str, list[str]]:
    """What stands against training by this method with the launcher of this installation, by field."""
    if settings.LAUNCHER != "accelerate":
        return {}
    count = settings.ACCELERATE_PROCESSES
    if method not in IN_SEVERAL:
        problem = f"Rounds are set to train in {count} processes here, which this way of training cannot. "
        return {"method": [problem + "Whoever runs this installation sets LAUNCHER to local."]}
    together = params["per_device_train_batch_size"] * params["gradient_accumulation_steps"]
    if together % count:
        problem = f"{together} rows per step cannot be shared evenly by {count} processes: choose a multiple."
        return {"gradient_accumulation_steps": [problem]}
    return {}


def environment() -> dict[str, str]:
    return allowed_environment(settings.RECIPE_THREADS)


def _first_end(log: str) -> int | None:
    ended = re.findall(r"Root Cause \(first observed failure\):.*?exitcode\s*:\s*(-?\d+)", log, re.DOTALL)
    stopped = re.findall(r"SignalException: Process \d+ got signal: (\d+)", log)
    if ended:
        return int(ended[-1])
    return -int(stopped[-1]) if stopped else None


def _clear(handle: Handle) -> None:
    """Kill what is left of it, in whatever session: those who start processes do not always take them along."""
    if handle.process.stdin:
        with contextlib.suppress(OSError):
            handle.process.stdin.close()
    _signal(handle, signal.SIGKILL)
    handle.process.wait()
    left = processes_of(handle.run_dir)
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(left, timeout=5)


def _signal(handle: Handle, number: signal.Signals) -> None:
    # The group's id is the process's pid (start_new_session); it stays valid while a member of it lives.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(handle.process.pid, number)
