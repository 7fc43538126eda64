"""Claims, leases and ends in every order, and many workers at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests import factories
from tests.postgres import postgres_url  # noqa: F401 - a fixture
from tests.training.claim_race import FEW, JOBS, TURNS, WORKERS
from training.jobs import FINAL, Status
from training.models import BaseModel, Sampling

ROOT = Path(__file__).resolve().parents[2]


def race(database_url: str, tmp_path: Path) -> dict[str, Any]:
    env = {**os.environ, "DATABASE_URL": database_url, "DATA_DIR": str(tmp_path / "data"), "LOG_LEVEL": "ERROR"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.training.claim_race"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def check(report: dict[str, Any]) -> None:
    assert (len(report["samplings"]), set(report["samplings"].values())) == (JOBS, {1})
    assert report["attempts"] == [1]
    assert report["numbers"] == list(range(1, WORKERS + 1))
    assert report["rounds"] == {"claims": WORKERS, "most_at_once": 1, "attempts": [1] * WORKERS}
    turns = report["in_turn"]
    assert (turns["claimed"], turns["different"], turns["attempts"]) == (TURNS, TURNS, [1])
    assert turns["ends"] == ["succeeded"]
    # three projects by turns as long as each has rounds waiting, the one that has just trained last
    assert sorted(turns["order"][: 3 * FEW]) == [0] * FEW + [1] * FEW + [2] * FEW
    assert turns["order"][3 * FEW :] == [0] * (TURNS - 3 * FEW)


def test_many_workers_claim_each_job_once(tmp_path: Path) -> None:
    check(race(f"sqlite:///{tmp_path / 'race.sqlite3'}", tmp_path))


@pytest.mark.postgres
def test_many_workers_claim_each_job_once_on_postgresql(postgres_url: str, tmp_path: Path) -> None:  # noqa: F811
    check(race(postgres_url, tmp_path))


class Attempts(RuleBasedStateMachine):
    """Workers that claim, renew, freeze, come back and settle in any order, beside people who cancel.

    `alive` holds what each worker believes: (attempt, owner). Only the one that the row names may change it.
    """

    job: Sampling

    def __init__(self) -> None:
        super().__init__()
        user = User.objects.create_user(f"person-{uuid.uuid4()}")
        base = BaseModel.objects.create(
            name=str(uuid.uuid4()), path="x", weights_sha256="1", chat_template_sha256="2", parameters=1
        )
        self.pk = Sampling.objects.create(
            project=factories.project(created_by=user),
            purpose="playground",
            base_model=base,
            sources=[],
            prompts=[],
            params={},
            created_by=user,
        ).pk
        self.alive: list[tuple[Sampling, uuid.UUID]] = []
        self.ended: str | None = None
        self.last_attempt = 0

    def row(self) -> Sampling:
        return Sampling.objects.get(pk=self.pk)

    def belief(self, data: Any) -> tuple[Sampling, uuid.UUID]:
        return data.draw(st.sampled_from(self.alive))

    def holds(self, job: Sampling, owner: uuid.UUID) -> bool:
        row = self.row()
        return (row.status, row.attempt, row.lease_owner) == (Status.RUNNING, job.attempt, owner)

    @rule()
    def claim(self) -> None:
        before, job, owner = self.row(), self.row(), uuid.uuid4()
        assert job.claim(owner) == (before.status == Status.QUEUED)
        if job.lease_owner == owner:
            assert job.attempt == before.attempt + 1
            self.alive.append((job, owner))

    @rule()
    def let_the_lease_run_out(self) -> None:
        Sampling.objects.filter(pk=self.pk, status=Status.RUNNING).update(
            lease_expires_at=timezone.now() - timedelta(seconds=5)
        )

    @rule()
    def take_over(self) -> None:
        abandoned = Sampling.objects.abandoned().filter(pk=self.pk).exists()
        job, owner = self.row(), uuid.uuid4()
        assert job.take_over(owner) == abandoned
        if abandoned:
            self.alive.append((job, owner))

    @precondition(lambda self: self.alive)
    @rule(data=st.data())
    def renew(self, data: Any) -> None:
        job, owner = self.belief(data)
        held = self.holds(job, owner)
        assert job.renew(owner, {"step": 1}) == held

    @precondition(lambda self: self.alive)
    @rule(data=st.data(), how=st.sampled_from(["succeed", "fail", "requeue", "cancelled"]))
    def settle(self, data: Any, how: str) -> None:
        job, owner = self.belief(data)
        before, held = self.row(), self.holds(job, owner)
        asked_to_stop = before.cancel_requested_at is not None
        calls = {
            "succeed": (lambda: job.succeed(owner, {}), held and not asked_to_stop),
            "fail": (lambda: job.fail(owner, "code", "Sentence."), held),
            "requeue": (lambda: job.requeue(owner), held and not asked_to_stop),
            "cancelled": (lambda: job.cancelled(owner), held and asked_to_stop),
        }
        call, expected = calls[how]
        assert call() == expected

    @rule()
    def ask_to_cancel(self) -> None:
        before = self.row()
        asked = self.row().request_cancel()
        assert asked == (before.status not in FINAL and before.cancel_requested_at is None)

    @invariant()
    def what_is_over_stays_over(self) -> None:
        row = self.row()
        assert self.ended in (None, row.status)
        assert row.attempt >= self.last_attempt
        self.last_attempt = row.attempt
        if row.status in FINAL:
            self.ended = row.status
            assert row.finished_at is not None
            assert row.lease_owner is None
        if row.status == Status.RUNNING:
            assert row.lease_owner is not None
            assert row.lease_expires_at is not None
        if row.status == Status.QUEUED:
            assert row.cancel_requested_at is None


class TestAttempts(TestCase):
    def test_no_order_of_events_lets_a_stranger_change_an_attempt(self) -> None:
        run_state_machine_as_test(
            Attempts, settings=hypothesis_settings(max_examples=60, stateful_step_count=25, deadline=None)
        )
