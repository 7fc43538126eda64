"""Every page of a full project asks the database fewer than twelve questions, whoever opens it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.demo import loader
from annotation.models import Membership, Project, Role
from tests import factories, furnished
from tests.furnished import Page
from training import actions

pytestmark = pytest.mark.django_db
MOST = 12
# Who writes has talk, drafts and precedents beside; a queue's own page hands out an item and shows it in one answer.
# Who decides must not have the comparison in hand. Reports ask for each kind of judgement, and keep what they find.
WORK = {"write": 16, "write_next": 16, "rank_next": 20, "disagreement": 13}
MORE = {**WORK, "my_ranking": 14, "ranker": 16, "agreement": 18}
PEOPLE = ["erin", "rita", "ada"]


@pytest.fixture
def base_model(settings: Any) -> None:
    actions.register_base_model(directory=factories.base_model_folder(settings.BASE_MODELS_DIR / "toy"))


@pytest.fixture
def demo(base_model: None) -> Project:
    return loader.load()[0]


def test_every_page_asks_few_questions(demo: Project, client: Client) -> None:
    people = {name: User.objects.get(username=name) for name in PEOPLE}
    empty = factories.project(created_by=people["ada"], name="Nothing yet")
    Membership.objects.create(project=empty, user=people["ada"], role=Role.ADMIN)
    pages = [*furnished.plain_pages(demo), *furnished.furnish(demo, **people), *furnished.empty_pages(empty)]
    pages += _parts(pages, str(demo.pk))
    problems = [problem for name, user in people.items() for problem in _problems(client, name, user, pages)]
    assert not problems, "\n".join(problems)


def _problems(client: Client, name: str, user: User, pages: list[Page]) -> Iterator[str]:
    client.force_login(user)
    for page in pages:
        with CaptureQueriesContext(connection) as asked:
            response = client.get(reverse(page.name, args=page.arguments))
        allowed = (200, 302) if page.who == name else (200, 302, 403, 404)
        if response.status_code not in allowed:
            yield f"{page} as {name}: status {response.status_code}"
        questions = [query for query in asked if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
        if len(questions) > MORE.get(page.name, MOST):
            yield f"{page} as {name}: {len(questions)} queries"
        html = b"" if response.streaming else response.content
        if b" style=" in html or b" onclick=" in html:
            yield f"{page} as {name}: an inline style or script"


def _parts(pages: list[Page], pk: str) -> list[Page]:
    """What pages ask for again while they are open, and the files and ways to the next item beside them."""
    again = {"round": "round_progress", "evaluation": "evaluation_progress", "import_map": "import_problems"}
    parts = [Page(again[page.name], page.arguments, page.who, page.state) for page in pages if page.name in again]
    rows = [Page("dataset_manifest", page.arguments) for page in pages if page.name == "dataset"]
    work = [Page(name, [pk], "ada") for name in ("write_next", "approve_next", "rank_next", "score_next")]
    return [*parts, *rows, *work]
