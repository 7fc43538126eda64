"""Attempts from outside that belong to no page of their own: made-up cursors, odd JSON, files and logs left open."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from base64 import b64encode
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from annotation.models import Project
from config.management.commands.serve import Command
from tests import factories

LISTS = [
    *("prompts", "demonstrations", "comparisons", "rankings", "imports", "datasets", "rounds", "adapters"),
    *("samplings", "evaluations", "evaluation-sets", "promotions"),
]


@pytest.fixture
def as_ada(client: Client, project: Project, ada: User) -> Client:
    client.force_login(ada)
    return client


def api(project: Project, rest: str = "") -> str:
    return f"/api/v1/projects/{project.pk}/{rest}"


@pytest.mark.parametrize("name", LISTS)
def test_it_has_no_page_at_a_made_up_cursor(as_ada: Client, project: Project, name: str) -> None:
    for text in ("p=abc", "p=2025-99-99", "r=1&p=%00", "o=-1", "o=99999999999999999999", ""):
        cursor = quote(b64encode(text.encode()))
        assert as_ada.get(api(project, f"{name}/?cursor={cursor}")).status_code in (200, 404), text
    for query in ("cursor=%FF", "page_size=-1", "page_size=99999999999999999999"):
        assert as_ada.get(api(project, f"{name}/?{query}")).status_code in (200, 404), query


def test_it_answers_at_most_two_hundred_rows_at_once(as_ada: Client, project: Project) -> None:
    for _ in range(201):
        factories.prompt(project)
    assert len(as_ada.get(api(project, "prompts/?page_size=1000")).json()["results"]) == 200


@pytest.mark.parametrize(
    "change",
    [
        {"rubric": {"\ud800": {}}},
        {"rubric": {"accuracy": {"\ud800": "x"}}},
        {"rubric": {"accuracy": {"1": "a\x00"}}},
        {"sections": ["\ud800"]},
        {"\ud800": 1, "name": ""},
    ],
)
def test_it_refuses_half_characters_wherever_they_stand(as_ada: Client, project: Project, change: Any) -> None:
    response = as_ada.patch(api(project), json.dumps(change), content_type="application/json")
    assert response.status_code == 400


def test_it_refuses_a_share_that_is_no_number(as_ada: Client, project: Project) -> None:
    prompts = {"prompts": [{"instruction": "Say something."}], "evaluation_share": "nan"}
    response = as_ada.post(api(project, "prompts/"), json.dumps(prompts), content_type="application/json")
    assert response.status_code == 400
    assert not project.prompts.exists()


def test_it_prints_links_for_demo_people_only_and_voids_those_of_the_last_start(ada: User, erin: User) -> None:
    erin.set_unusable_password()
    erin.save()
    printed = [StringIO(), StringIO()]
    for output in printed:
        Command(stdout=output).print_links("http://localhost:8000")
    assert "Erin Expert" in printed[1].getvalue()
    assert "Ada Admin" not in printed[1].getvalue()
    before, now = (re.search(r"/sign-in/[^/]+/", each.getvalue())[0] for each in printed)
    assert [Client().get(link).status_code for link in (before, now)] == [410, 200]


# --- What an installation leaves lying about -----------------------------------------------------------------


def settings_with(tmp_path: Path, code: str, **environment: str) -> str:
    """What `code` says in a process that starts with this environment."""
    started = subprocess.run(
        [sys.executable, "-c", f"from config import settings\n{code}"],
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path / "data"), **environment},
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return started.stdout.strip()


def test_it_makes_a_data_folder_that_only_its_owner_can_open(tmp_path: Path) -> None:
    settings_with(tmp_path, "")
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode) == 0o600


def test_it_closes_a_data_folder_that_was_left_open(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o755)
    settings_with(tmp_path, "")
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_it_takes_the_key_of_whoever_started_first(tmp_path: Path) -> None:
    code = """
import config.settings, os, pathlib, secrets
path = config.settings.DATA_DIR / "other" / "secret_key"
path.parent.mkdir()
before = secrets.token_urlsafe
def late(size):
    if not path.exists():
        path.write_text("made by the other process")  # between our look and our writing
    return before(size)
secrets.token_urlsafe = late
print(config.settings._secret_key(path), sorted(file.name for file in path.parent.iterdir()))
"""
    assert settings_with(tmp_path, code) == "made by the other process ['secret_key']"


@pytest.mark.parametrize("where", ["environment", "file"])
def test_it_refuses_a_key_that_can_be_guessed(tmp_path: Path, where: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret_key").write_text("" if where == "file" else "k" * 64)
    with pytest.raises(subprocess.CalledProcessError) as refused:
        settings_with(tmp_path, "", SECRET_KEY="changeme" if where == "environment" else "")
    assert "fewer than 32 characters" in refused.value.stdout


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "preceptor.example.org"])
def test_it_shows_errors_in_detail_to_this_machine_only(settings: Any, host: str) -> None:
    settings.DEBUG = True
    with pytest.raises(CommandError, match="DEBUG"):
        call_command("serve", host=host)


def test_it_insists_on_https_behind_an_https_proxy(tmp_path: Path) -> None:
    code = "print(settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.SECURE_HSTS_SECONDS > 0)"
    assert settings_with(tmp_path, code) == "False False False"
    assert settings_with(tmp_path, code, BEHIND_PROXY="true") == "True True True"


FAILURE = """
import logging.config
logging.config.dictConfig(settings.LOGGING)
def view(note):
    raise ValueError("it failed")
try:
    view(chr(65) * 20)
except ValueError:
    logging.getLogger("django.request").exception("Internal Server Error: %s", "/sign-in/" + chr(84) * 43 + "/")
"""


def test_it_logs_failures_without_texts_or_tokens(tmp_path: Path) -> None:
    """Where it failed is logged, never the values that were at hand; nor is a link that still opens the door."""
    said = settings_with(tmp_path, FAILURE)
    assert "ValueError: it failed" in said
    assert "/sign-in/…/" in said
    assert "A" * 20 not in said
    assert "T" * 43 not in said
