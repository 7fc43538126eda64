"""Runs recipes in forks of one process that has loaded the libraries: a kill -9 then costs a second instead of ten.

python -m tests.training.recipes.forks   reads requests, one JSON object a line: {"recipe", "run_dir", "limits"};
answers with the fork's pid, then with how it ended, as os.waitpid says it.
`limits` are names of the resource module: "RLIMIT_FSIZE": 4096, or "RLIMIT_AS": "+4096" for what is in use and more.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from training.run_dir import RunDir

ROOT = Path(__file__).resolve().parents[3]


def main() -> None:
    for library in ("torch", "peft", "trl", "training.recipes.training_run", "training.recipes.sft"):
        importlib.import_module(library)
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if not pid:
            os._exit(_run(request))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        sys.stdout.write(f"{os.waitpid(pid, 0)[1]}\n")
        sys.stdout.flush()


def _run(request: dict[str, Any]) -> int:
    run_dir = RunDir(Path(request["run_dir"]))
    log = os.open(run_dir.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    for name, limit in request["limits"].items():
        value = _in_use() + int(limit[1:]) if isinstance(limit, str) else limit
        resource.setrlimit(getattr(resource, name), (value, value))
    return importlib.import_module(f"training.recipes.{request['recipe']}").main([str(run_dir.path)])


def _in_use() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


class Forks:
    """The other end, for tests."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.training.recipes.forks"]
        env = {**os.environ, "PRECEPTOR_THREADS": "1", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, recipe: str, run_dir: RunDir, **limits: int | str) -> int:
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"recipe": recipe, "run_dir": str(run_dir.path), "limits": limits}) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def wait(self) -> int:
        """Its exit code, negative when a signal ended it."""
        return os.waitstatus_to_exitcode(self._answer())

    def run(self, recipe: str, run_dir: RunDir, **limits: int | str) -> int:
        self.start(recipe, run_dir, **limits)
        return self.wait()

    def _answer(self) -> int:
        assert self.process.stdout
        return int(self.process.stdout.readline())


if __name__ == "__main__":
    main()
