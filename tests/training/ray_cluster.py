"""A Ray cluster of one node on this machine, for as long as a test needs it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from training.other_server import Away, Server

TOKEN = "a-token-of-this-test-" + "0" * 16


@contextmanager
def cluster(*, token: str | None = TOKEN) -> Iterator[str]:
    """Its address. It knows secrets that no recipe may see."""
    address = f"http://127.0.0.1:{free_port()}"
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # Ray's sockets lie in it, whose paths must be short
    ports = ["--port", str(free_port()), "--dashboard-port", address.rsplit(":", 1)[1]]
    with (Path(folder) / "head.txt").open("wb") as said:
        head = subprocess.Popen(
            [sys.executable, "-m", "ray.scripts.scripts", "start", *LEAN, *ports, "--temp-dir", folder],
            env={**_environment(token), "HOME": folder},
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for(address, token, head, Path(folder) / "head.txt")
        yield address
    finally:
        _end(head, folder)
        shutil.rmtree(folder, ignore_errors=True)


LEAN = [
    "--head",
    "--block",
    "--num-cpus",
    "2",
    "--object-store-memory",
    "80000000",
    "--disable-usage-stats",
    "--include-dashboard",
    "true",
]


def _environment(token: str | None) -> dict[str, str]:
    locked = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token} if token else {"RAY_AUTH_MODE": "disabled"}
    secrets = {"SECRET_KEY": "s3cret", "DATABASE_URL": "postgres://somewhere"}
    return {"PATH": os.environ["PATH"], "RAY_JOB_STOP_WAIT_TIME_S": "1", **locked, **secrets}


def _wait_for(address: str, token: str | None, head: subprocess.Popen[bytes], said: Path) -> None:
    server = Server(address, {"Authorization": f"Bearer {token}"} if token else {})
    deadline = time.monotonic() + 120
    while True:
        with contextlib.suppress(Away):
            if server.ask("GET", "/api/jobs/").status == 200:
                return
        assert head.poll() is None, said.read_text()
        assert time.monotonic() < deadline, said.read_text()
        time.sleep(0.2)


def _end(head: subprocess.Popen[bytes], folder: str) -> None:
    """`ray stop` would end every cluster of this machine."""
    ours = [psutil.Process(head.pid), *psutil.Process(head.pid).children(recursive=True)]
    named = [each for each in psutil.process_iter(["cmdline"]) if folder in " ".join(each.info["cmdline"] or ())]
    for process in (*ours, *named):
        with contextlib.suppress(psutil.Error):
            process.kill()
    head.wait()
    psutil.wait_procs([*ours, *named], timeout=10)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
