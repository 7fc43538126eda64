"""The real thing in a data directory of its own: gunicorn, the worker, SQLite, collected static files."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from config.management.commands.serve import commands

ROOT = Path(__file__).resolve().parents[2]
SCENE = "import sys, django; django.setup(); from tests.browser import scenes; scenes.main(*sys.argv[1:])"
BASE_MODEL = ROOT / "var" / "base-models" / "smollm2-135m-instruct"


class House:
    """An installation that tests may fill, visit and kill. Its processes end with it."""

    def __init__(self, data_dir: Path, **env: str) -> None:
        self.data_dir = data_dir
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        own = {"DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "WARNING"}
        self.env = {**os.environ, **own, **env}
        self.env.pop("DATABASE_URL", None)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.sessions: dict[str, Any] = {}

    def manage(self, *arguments: str) -> str:
        return self._run("manage.py", *arguments)

    def scene(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Put something into the database, in a process of its own: see tests/browser/scenes.py."""
        printed = self._run("-c", SCENE, name, json.dumps(arguments))
        return json.loads(printed.splitlines()[-1])

    def _run(self, *arguments: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"{arguments[:3]}: {done.stderr[-3000:]}"
        return done.stdout.strip()

    def start(self, name: str) -> None:
        """`web` or `worker`, by the very command that `manage.py serve` uses."""
        with self.log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                commands("127.0.0.1", self.port)[name],
                cwd=ROOT,
                env=self.env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if name == "web":
            eventually(self._answers, 60)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self, name: str) -> None:
        """kill -9, master and children at once, as the machine's own out-of-memory killer or a power cut would."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def log(self, name: str) -> Path:
        return self.data_dir / f"{name}.log"

    def sign_in_link(self, username: str) -> str:
        return self.manage("sign_in_link", username, "--base-url", self.url).splitlines()[-1].strip()

    def web_processes(self) -> list[int]:
        """The gunicorn master and its workers."""
        master = self.processes["web"].pid
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        return [master, *map(int, children)]


def prepare(folder: Path) -> Path:
    """A data directory as `make run` leaves it at its first start; copied by those that come after."""
    if folder.exists():
        return folder
    assert BASE_MODEL.is_dir(), f"{BASE_MODEL} is missing; `make test` prepares it, then runs this test."
    made = folder.with_name(folder.name + "-in-the-making")
    (made / "base-models").mkdir(parents=True)
    (made / "base-models" / BASE_MODEL.name).symlink_to(BASE_MODEL)
    House(made).scene("first_start")
    made.rename(folder)
    return folder


def copy(prepared: Path, target: Path) -> Path:
    shutil.copytree(prepared, target, symlinks=True)
    return target


def eventually(true: Callable[[], Any], seconds: float, every: float = 0.1) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = true()
        if found:
            return found
        time.sleep(every)
    raise AssertionError(f"it never happened in {seconds} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
