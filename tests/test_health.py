from __future__ import annotations

import os
import shutil
from collections import namedtuple

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.test.utils import CaptureQueriesContext

Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def _nothing_remembered():
    cache.clear()
    yield
    cache.clear()


def test_it_says_that_it_lives_without_asking_the_database(client: Client):
    assert client.get("/livez").json() == {"status": "ok"}


def test_it_is_ready_when_all_is_well(client: Client, db, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**12, 0, 10**12))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "problems": {}})


def test_it_is_not_ready_before_the_migrations(client: Client, db):
    MigrationRecorder.Migration.objects.filter(app="evaluation").delete()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "migrations" in answer.json()["problems"]


def test_it_is_not_ready_on_a_full_disk(client: Client, db, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**12, 10**12, 10**6))
    assert client.get("/readyz").json()["problems"] == {"data folder": "less than 500 MB free"}


def test_it_is_not_ready_when_the_database_cannot_be_written(client: Client, db, monkeypatch, tmp_path):
    if connection.vendor == "sqlite":
        file = tmp_path / "database.sqlite3"
        file.touch()
        monkeypatch.setitem(connection.settings_dict, "NAME", str(file))
        monkeypatch.setattr(os, "access", lambda path, mode: path != str(file))  # root may write to anything
    else:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL transaction_read_only = on")
    assert client.get("/readyz").json()["problems"]["database"] == "cannot be written to"


def test_it_is_not_ready_when_the_database_does_not_answer(client: Client, db):
    with connection.execute_wrapper(_broken):
        answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["problems"]) == (503, {"database": "does not answer"})


def _broken(execute, sql, params, many, context):
    raise OperationalError("disk I/O error")


def test_it_looks_once_in_a_few_seconds_and_never_takes_a_lock(client: Client, db):
    with CaptureQueriesContext(connection) as first:
        client.get("/readyz")
    assert first.captured_queries
    assert {query["sql"].split()[0] for query in first.captured_queries} <= {"SELECT", "PRAGMA", "SHOW"}
    with CaptureQueriesContext(connection) as again:
        client.get("/readyz")
    assert not again.captured_queries
