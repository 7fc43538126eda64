"""Rows that are made ready before the database is held, so that it is held for their writing alone.

What `bulk_create` does takes nearly all of its time before the database is asked; SQLite lets one write at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

from annotation.models.projects import OwnerKnown

# To a statement, which SQLite can take of these 32,766. At the end of each one it writes down what its search index has
# gathered, so that few and long ones take half the time.
MOST_VALUES = 30_000


@dataclass(frozen=True)
class Insert:
    """`into` and `known` stand around the values of the rows."""

    into: str
    known: str
    rows: list[tuple[Any, ...]]

    def statements(self) -> Iterator[tuple[str, list[Any]]]:
        columns = len(self.rows[0])
        at_once = MOST_VALUES // columns
        places = f"({', '.join(['%s'] * columns)})"
        for start in range(0, len(self.rows), at_once):
            some = self.rows[start : start + at_once]
            yield f"{self.into} VALUES {', '.join([places] * len(some))}{self.known}", list(chain(*some))


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
    into = f"INSERT INTO {name(kind._meta.db_table)} ({columns})"
    known = " ON CONFLICT DO NOTHING" if once else ""
    for each in objects:
        if isinstance(each, OwnerKnown):
            each.know_owner()
    return [Insert(into, known, list(zip(*(_column(field, objects, database) for field in fields), strict=True)))]


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
            for sql, values in each.statements():
                cursor.execute(sql, values)
