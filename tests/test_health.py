from __future__ import annotations

import shutil
from collections import namedtuple

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

Usage = namedtuple("Usage", "total used free")


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


@pytest.mark.django_db(transaction=True)
def test_it_is_not_ready_when_nothing_can_be_written(client: Client):
    if connection.vendor != "sqlite":
        statement, undo = "SET default_transaction_read_only = on", "SET default_transaction_read_only = off"
    else:
        statement, undo = "PRAGMA query_only = 1", "PRAGMA query_only = 0"
    with connection.cursor() as cursor:
        cursor.execute(statement)
    try:
        assert client.get("/readyz").json()["problems"] == {"database": "cannot be written to"}
    finally:
        with connection.cursor() as cursor:
            cursor.execute(undo)
