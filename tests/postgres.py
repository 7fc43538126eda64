"""A PostgreSQL server of the test run's own: a throw-away cluster on a free loopback port."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _somebody_else() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: as root, run it as a user without rights."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = known.get("postgres") or known["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [], "env": {"PATH": os.environ["PATH"]}}


@contextmanager
def server() -> Iterator[str]:
    """DATABASE_URL of an empty database."""
    folder = Path(tempfile.mkdtemp(prefix="preceptor-postgres-"))
    port, owner, log = _free_port(), _somebody_else(), folder / "log"
    if owner:
        os.chown(folder, owner["user"], owner["group"])

    def run(*command: str) -> None:
        # into a file: the server would keep a pipe open, and the call would wait for its end
        with (folder / "output").open("ab") as output:
            subprocess.run(command, check=True, cwd=folder, stdout=output, stderr=output, timeout=60, **owner)

    data = str(folder / "data")
    run("initdb", "-D", data, "-U", "preceptor", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    run("pg_ctl", "-D", data, "-l", str(log), "-w", "-o", options, "start")
    try:
        yield f"postgres://preceptor@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """DATABASE_URL of an empty database."""
    with server() as url:
        yield url
