"""Is this process able to do its work? Read by whatever restarts it or sends it visitors."""

from __future__ import annotations

import os
import shutil

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

SPACE_NEEDED = 500 * 1024 * 1024
REMEMBERED_SECONDS = 5


def problems() -> dict[str, str]:
    """What is wrong, by check; empty when all is well. Visitors see it unsigned: no names, no paths.

    Whoever reaches the port may ask as often as they like: so it is looked at once in a few seconds, without a lock.
    """
    return cache.get_or_set("problems", _look, REMEMBERED_SECONDS) or {}


def _look() -> dict[str, str]:
    try:
        waiting = _waiting_migrations()
        read_only = _is_read_only()
    except DatabaseError:
        return {"database": "does not answer"}
    found = {}
    if read_only:
        found["database"] = "cannot be written to"
    if waiting:
        found["migrations"] = f"{waiting} not applied"
    if not os.access(settings.DATA_DIR, os.W_OK):
        found["data folder"] = "cannot be written to"
    elif shutil.disk_usage(settings.DATA_DIR).free < SPACE_NEEDED:
        found["data folder"] = "less than 500 MB free"
    return found


def _is_read_only() -> bool:
    if connection.vendor == "sqlite":
        file = connection.settings_dict["NAME"]
        return os.path.exists(file) and not os.access(file, os.W_OK)
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        return cursor.fetchone() == ("on",)


def _waiting_migrations() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
