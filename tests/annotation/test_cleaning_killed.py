"""A cleaning run whose process is killed goes on where it was, on both databases; and many are decided there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.postgres import postgres_url  # noqa: F401 - a fixture

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("database", ["SQLite", "PostgreSQL"])
def test_a_killed_run_goes_on_where_it_was(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    on_postgres = database == "PostgreSQL"
    url = request.getfixturevalue("postgres_url") if on_postgres else f"sqlite:///{tmp_path / 'preceptor.sqlite3'}"
    env = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": url, "LOG_LEVEL": "ERROR"}

    def call(act: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tests.annotation.cleaning_killed_house", act]
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)

    assert json.loads(call("prepare").stdout)[0] == "queued"
    assert call("die").returncode == -signal.SIGKILL
    assert json.loads(call("tell").stdout) == ["running", 20, 20, 20, 0]
    assert json.loads(call("work").stdout) == ["done", 40, 40, 40, 40]
