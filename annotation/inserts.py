"""Rows that are made ready before the database is held, so that it is held for their writing alone.

What `bulk_create` does takes nearly all of its time before the database is asked; SQLite lets one write at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

from annotation.models.projects import OwnerKnown


@dataclass(frozen=True)
class Insert:
    sql: str
    rows: list[tuple[Any, ...]]


def insert_of(objects: Sequence[models.Model], once: bool = False) -> list[Insert]:
    """Of objects of one model, whose ids are known or the database's own to give; nothing for none.

    `once`: those that are there already are passed over.
    """
    if not objects:
        return []
    kind = type(objects[0])
    database = connections[DEFAULT_DB_ALIAS]
    fields: list[Any] = [field for field in kind._meta.concrete_fields if not field.generated and not _numbered(field)]
    name = database.ops.quote_name
    columns = ", ".join(name(field.column) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    known = " ON CONFLICT DO NOTHING" if once else ""
    sql = f"INSERT INTO {name(kind._meta.db_table)} ({columns}) VALUES ({places}){known}"  # noqa: S608 - our own names
    for each in objects:
        if isinstance(each, OwnerKnown):
            each.know_owner()
    return [Insert(sql, list(zip(*(_column(field, objects, database) for field in fields), strict=True)))]


def _numbered(field: Any) -> bool:
    return isinstance(field, models.AutoField | models.BigAutoField)


def _column(field: Any, objects: Sequence[models.Model], database: Any) -> Iterator[Any]:
    """As the database takes it. Most columns hold the same thing all the way down, which is prepared once; and what is
    written together arrived at one time."""
    at_one_time = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    now = field.pre_save(objects[0], True) if at_one_time else None
    before = stored = object()
    for each in objects:
        value = now or field.pre_save(each, True)
        if value is not before and not _both_empty(value, before):
            before, stored = value, field.get_db_prep_save(value, database)
        yield stored


def _both_empty(value: Any, before: Any) -> bool:
    """Lists of nothing are a new list for each row."""
    return not value and not before and type(value) is type(before)


def run(inserts: Iterable[Insert]) -> None:
    with connection.cursor() as cursor:
        for each in inserts:
            cursor.executemany(each.sql, each.rows)
