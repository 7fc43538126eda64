"""A worker killed between an adapter's place on the disk and its row: real processes, a real database file."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import factories
from tests.training.test_real_worker import ROOT, House


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = House(tmp_path)
    made.env["JOB_LEASE_SECONDS"] = "1"
    made.call("prepare", str(factories.base_model_folder(tmp_path / "base-models" / "tiny")))
    return made


@pytest.mark.parametrize("when", ["stored", "recorded"])
def test_a_round_is_published_once_when_its_worker_is_killed_in_between(house: House, when: str) -> None:
    pk = house.call("launch", "{}")
    command = [sys.executable, "-m", "tests.training.house", "die", pk, when]
    assert subprocess.run(command, cwd=ROOT, env=house.env, check=False).returncode == -signal.SIGKILL
    assert (house.row(pk)["status"], house.row(pk)["adapter"]) == ("running", None)
    (stored,) = (house.data_dir / "adapters").glob("[0-9a-f]*")
    time.sleep(1.1)
    for _look in range(2):
        house.call("settle")
    row = house.row(pk)
    assert (row["status"], row["attempt"], row["adapter"]) == ("succeeded", 1, stored.name)
    assert list((house.data_dir / "adapters").glob("[0-9a-f]*")) == [stored]
    with sqlite3.connect(house.data_dir / "preceptor.sqlite3") as connection:
        assert connection.execute("SELECT count(*) FROM training_adapter").fetchone() == (1,)
