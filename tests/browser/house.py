"""The real thing in a data directory of its own: gunicorn, the worker, SQLite, collected static files."""

from __future__ import annotations

import ctypes
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
STAGE = "import django; django.setup(); from tests.browser import scenes; scenes.play()"
BASE_MODEL = Path(os.environ.get("DATA_DIR", ROOT / "var")) / "base-models" / "smollm2-135m-instruct"


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

    def scene(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """Have tests/browser/scenes.py put something into the database, or tell what is in it."""
        if "stage" not in self.processes:
            with self.log("stage").open("ab") as log:
                self.processes["stage"] = subprocess.Popen(
                    [sys.executable, "-c", STAGE],
                    cwd=ROOT,
                    env=self.env,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                )
        stage = self.processes["stage"]
        assert stage.stdin
        assert stage.stdout
        stage.stdin.write(json.dumps([name, arguments]).encode() + b"\n")
        stage.stdin.flush()
        answer = json.loads(stage.stdout.readline() or '{"error": "the stage is gone"}')
        assert "error" not in answer, f"scene {name}: {answer['error']}"
        return answer

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
                preexec_fn=_die_with_parent,
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
        return self.scene("sign_in_link", username=username, base_url=self.url)["link"]

    def web_processes(self) -> list[int]:
        """The gunicorn master and its workers."""
        master = self.processes["web"].pid
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        return [master, *map(int, children)]


def _die_with_parent() -> None:
    """Linux: a test run that is killed leaves no server behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def prepare(folder: Path) -> Path:
    """A data directory as `make run` leaves it at its first start; copied by those that come after."""
    if folder.exists():
        return folder
    assert BASE_MODEL.is_dir(), f"{BASE_MODEL} is missing; `make test` prepares it, then runs this test."
    made = folder.with_name(folder.name + "-in-the-making")
    (made / "base-models").mkdir(parents=True)
    (made / "base-models" / BASE_MODEL.name).symlink_to(BASE_MODEL)
    house = House(made)
    house.scene("first_start")
    house.close()
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
