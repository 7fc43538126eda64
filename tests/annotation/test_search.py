from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from annotation import search, search_tables
from annotation.actions.importing import Responses, take_records
from annotation.imports.records import Record
from annotation.models import Demonstration, Project, Prompt
from annotation.search import Term, terms
from annotation.splits import Shares
from tests import factories
from tests.postgres import postgres_url  # noqa: F401 - a fixture

ROOT = Path(__file__).resolve().parents[2]
EVERY = ["case-lease", "case-odd", "case-will"]
# what people find, on either database
FOUND = {
    "lease": ["case-lease"],
    "LEASES": ["case-lease"],
    "eas": [],
    "le": [],
    '"peachtree crossing"': ["case-lease"],
    '"crossing peachtree"': [],
    '"peachtree cross"': [],
    "peachtree cross": ["case-lease"],
    "j\\xfcrgen": ["case-will"],
    "2/14/25": ["case-lease"],
    "denise@example": ["case-lease"],
    "1,450": ["case-will"],
    "case-will": ["case-will"],
    "lease*": ["case-lease"],
    "": EVERY,
    "???": [],
}


def check(report: dict[str, Any]) -> None:
    assert {name: report["found"][name] for name in FOUND} == FOUND
    assert report["changed"] == [0, 1, 1]
    assert report["left"] == []
    assert report["alike"] == ["b"]


def on_server(url: str, folder: Path) -> dict[str, Any]:
    env = {**os.environ, "DATABASE_URL": url, "DATA_DIR": str(folder / "data"), "LOG_LEVEL": "ERROR"}
    command = [sys.executable, "-m", "tests.annotation.search_on_server"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_it_finds_words_beginnings_and_phrases(tmp_path: Path) -> None:
    check(on_server(f"sqlite:///{tmp_path / 'search.sqlite3'}", tmp_path))


@pytest.mark.postgres
def test_it_finds_the_same_on_postgresql(postgres_url: str, tmp_path: Path) -> None:  # noqa: F811
    check(on_server(postgres_url, tmp_path))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Lease of", [Term(("Lease",), True), Term(("of",), False)]),
        ('"of the" lea', [Term(("of", "the"), False), Term(("lea",), True)]),
        ("case-12", [Term(("case", "12"), False)]),
        ("“quoted words”", [Term(("quoted", "words"), False)]),
        ("' ; -- *", []),
    ],
)
def test_it_reads_what_is_typed(typed: str, read: list[Term]) -> None:
    assert terms(typed) == read


class Anything(TestCase):
    @settings(max_examples=60)
    @given(st.text(max_size=60), st.booleans())
    def test_it_takes_any_text(self, typed: str, many: bool) -> None:
        owner, _ = User.objects.get_or_create(username="ada")
        project, _ = Project.objects.get_or_create(name="Any", defaults={"objective": "", "created_by": owner})
        few, search.FEW = search.FEW, 0 if many else search.FEW
        try:
            list(search.find(project.prompts.all(), project, typed))
        finally:
            search.FEW = few


def test_it_follows_imports_and_whatever_else_writes(project: Project, ada: User) -> None:
    record = Record(line=1, instruction="Summarise.", input="A novel codicil", response="The testator revokes.")
    take_records(project=project, items=[record], shares=Shares(0, 0), responses=Responses.APPROVED, by=ada)
    answers = Demonstration.objects.filter(project=project)
    assert search.find(project.prompts.all(), project, "codic").count() == 1
    assert search.find(answers, project, "revokes").count() == 1
    answers.update(text="Nothing stands.")
    assert (search.find(answers, project, "revokes").count(), search.find(answers, project, "stands").count()) == (0, 1)
    answers.delete()
    Prompt.objects.filter(project=project).delete()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM annotation_searched")
        assert cursor.fetchone() == (0,)
        cursor.execute("INSERT INTO annotation_words (annotation_words) VALUES ('integrity-check')")


def test_it_is_filled_again_when_a_migration_copied_a_table(project: Project) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER annotation_prompt_found")
    factories.prompt(project, input="Unheard of until now")
    assert not search.find(project.prompts.all(), project, "unheard").exists()
    search_tables.keep(connection)
    assert search.find(project.prompts.all(), project, "unheard").count() == 1


def test_the_api_searches_and_hides_what_it_hid(
    project: Project, ada: User, rita: User, erin: User, eve: User, sign_in
) -> None:
    prompt = factories.prompt(project, input="A codicil of Georgia")
    factories.demonstration(prompt, erin, text="The testator revokes.", status="draft")
    mine = factories.demonstration(prompt, eve, text="The testator revokes all.", status="submitted")
    asked = f"/api/v1/projects/{project.pk}"
    found = sign_in(ada).get(f"{asked}/prompts/?search=codicil").json()["results"]
    assert [each["id"] for each in found] == [str(prompt.pk)]
    for person, seen in ((rita, [str(mine.pk)]), (eve, [str(mine.pk)])):
        results = sign_in(person).get(f"{asked}/demonstrations/?search=testator&status=").json()["results"]
        assert [each["id"] for each in results] == seen
    assert sign_in(erin).get(f"{asked}/demonstrations/?search=all").json()["results"] == []
