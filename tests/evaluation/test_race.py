from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.evaluation.race import NEEDED, PEOPLE
from tests.postgres import postgres_url  # noqa: F401 - a fixture

ROOT = Path(__file__).resolve().parents[2]


def race(database_url: str, tmp_path: Path) -> dict[str, Any]:
    env = {**os.environ, "DATABASE_URL": database_url, "DATA_DIR": str(tmp_path / "data")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.evaluation.race"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def check(report: dict[str, Any]) -> None:
    scored = Counter(item for items in report["scored"].values() for item in items)
    assert "doubled" not in scored
    assert "refused" not in scored  # an output is never in more hands than it needs
    assert set(scored.values()) == {NEEDED}
    assert len(scored) == len(report["done"]) == 24
    assert report["done"] == report["reviews"] == [NEEDED] * 24
    assert all(len(items) == len(set(items)) for items in report["scored"].values())
    promoted = Counter(outcome for outcomes in report["promoted"].values() for outcome in outcomes)
    assert promoted == {"promoted": 1, "refused": PEOPLE - 1}


def test_it_takes_neither_a_review_too_many_nor_two_promotions_at_once(tmp_path: Path) -> None:
    check(race(f"sqlite:///{tmp_path / 'race.sqlite3'}", tmp_path))


@pytest.mark.postgres
def test_it_is_as_exact_on_postgresql(postgres_url: str, tmp_path: Path) -> None:  # noqa: F811
    check(race(postgres_url, tmp_path))
