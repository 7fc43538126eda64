"""Imports whose worker is killed in the middle: real processes, on both databases."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.postgres import postgres_url  # noqa: F401 - a fixture

ROOT = Path(__file__).resolve().parents[2]


class House:
    def __init__(self, data_dir: Path, database_url: str) -> None:
        self.env = {**os.environ, "DATA_DIR": str(data_dir), "DATABASE_URL": database_url, "LOG_LEVEL": "ERROR"}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tests.annotation.import_house", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=120)

    def call(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout.strip()

    def tell(self) -> dict[str, Any]:
        return json.loads(self.call("tell"))


@pytest.mark.parametrize("database", ["SQLite", "PostgreSQL"])
def test_a_killed_import_goes_on_and_nothing_is_there_twice(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    on_postgres = database == "PostgreSQL"
    url = request.getfixturevalue("postgres_url") if on_postgres else f"sqlite:///{tmp_path / 'preceptor.sqlite3'}"
    house = House(tmp_path, url)
    house.call("prepare", "90")
    assert house.run("die", "3").returncode == -signal.SIGKILL
    killed = house.tell()
    assert (killed["status"], killed["done"], killed["prompts"], killed["comparisons"]) == ("running", 40, 40, 40)
    house.call("work")
    over = house.tell()
    assert (over["status"], over["attempt"], over["done"]) == ("done", 2, 90), over
    assert (over["prompts"], over["texts"], over["comparisons"], over["decisions"]) == (90, 90, 90, 90)
    assert (over["counts"]["new"], over["counts"]["known"], over["counts"]["comparisons"]) == (90, 0, 90)
    assert not list((tmp_path / "uploads" / "imports").iterdir())
