"""What the benchmarks of the annotation server share: a database of their own, and gunicorn as `make run` starts it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
ANSWER = "Parties: Denise Okafor, tenant; Peachtree Crossing LLC, landlord. " * 11
GUNICORN = [
    "--worker-class",
    "gthread",
    "--workers",
    "2",
    "--threads",
    "4",
    "--keep-alive",
    "60",
    "--log-level",
    "error",
]


class Server:
    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = psutil.Process(process.pid), port

    def cpu(self) -> float:
        """Seconds of the processor, of the workers that are there."""
        return sum(sum(each.cpu_times()[:2]) for each in (self.process, *self.process.children()))


@contextmanager
def served(app: str, folder: Path, environment: dict[str, str]) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", app, "--bind", f"127.0.0.1:{port}", "--chdir", str(folder), *GUNICORN]
    process = subprocess.Popen(command, env={**os.environ, **environment})
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield Server(process, port)
    finally:
        process.terminate()
        process.wait(timeout=30)


def fresh_database(folder: Path, prompts: int, people: int) -> tuple[dict[str, str], dict[str, str]]:
    return filled_database(folder, "annotation_data.py", str(prompts), str(people))


def filled_database(folder: Path, by: str, *size: str) -> tuple[dict[str, str], dict[str, str]]:
    """The environment it is served in; what the neighbour that fills it says of it: name -> project or session."""
    ours = {"DATA_DIR": str(folder), "LOG_LEVEL": "ERROR", "ALLOWED_HOSTS": "127.0.0.1"}
    ours |= {"DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": f"sqlite:///{folder / 'preceptor.sqlite3'}"}
    filled = say([str(Path(__file__).with_name(by)), *size], ours)
    return ours, dict(line.split() for line in filled)


def say(command: list[str], environment: dict[str, str]) -> list[str]:
    done = subprocess.run(
        [sys.executable, *command], env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        sys.exit(f"{command[0]} failed")
    return done.stdout.split("\n")[:-1]
