from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from evaluation import tasks
from evaluation.models import Evaluation
from tests.evaluation import factories
from training.models import Adapter


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The doorbells that were rung, instead of ringing them."""
    bells: list[str] = []
    monkeypatch.setattr(tasks, "run_contestant", bells.append)
    return bells


@pytest.fixture
def sft(project: Any) -> Adapter:
    return factories.adapter(project)


@pytest.fixture
def dpo(project: Any, sft: Adapter) -> Adapter:
    return factories.adapter(project, "dpo", parent=sft)


@pytest.fixture
def open_evaluation(project: Any, sft: Adapter, dpo: Adapter) -> Evaluation:
    """Base, SFT and DPO have answered 8 prompts; 6 of them wait for people."""
    return factories.evaluation(project, [None, sft, dpo], prompts=8, reviewed_prompts=6)


@pytest.fixture
def judged(open_evaluation: Evaluation, rita: User) -> Evaluation:
    factories.review_all(open_evaluation, rita, levels=(1, 4, 5))
    return open_evaluation


@pytest.fixture
def as_user() -> Callable[[User], Client]:
    """A client of one's own for each person, so that several can be signed in at once."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in
