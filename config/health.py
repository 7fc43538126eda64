"""Is this process able to do its work? Read by whatever restarts it or sends it visitors."""

from __future__ import annotations

import os
import shutil

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

SPACE_NEEDED = 500 * 1024 * 1024


def problems() -> dict[str, str]:
    """What is wrong, by check; empty when all is well. Visitors see it unsigned: no names, no paths."""
    try:
        _write_nothing()
        waiting = _waiting_migrations()
    except DatabaseError:
        return {"database": "cannot be written to"}
    found = {}
    if waiting:
        found["migrations"] = f"{waiting} not applied"
    if not os.access(settings.DATA_DIR, os.W_OK):
        found["data folder"] = "cannot be written to"
    elif shutil.disk_usage(settings.DATA_DIR).free < SPACE_NEEDED:
        found["data folder"] = "less than 500 MB free"
    return found


def _write_nothing() -> None:
    """Takes the write lock and changes no row; a read-only database or a full disk's journal fails here."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE django_session SET session_key = session_key WHERE 1 = 0")


def _waiting_migrations() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
