"""Rows that are made ready before the database is held, so that it is held for their writing alone.

What `bulk_create` does takes nearly all of its time before the database is asked; SQLite lets one write at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from annotation.models.projects import OwnerKnown


@dataclass(frozen=True)
class Insert:
    sql: str
    rows: list[tuple[Any, ...]]

    def run(self) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(self.sql, self.rows)


def insert_of(objects: Sequence[models.Model]) -> list[Insert]:
    """Of objects of one model, whose ids are known or the database's own to give; nothing for none."""
    if not objects:
        return []
    kind = type(objects[0])
    fields: list[Any] = [field for field in kind._meta.concrete_fields if not field.generated and not _numbered(field)]
    name = connection.ops.quote_name
    columns = ", ".join(name(field.column) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    sql = f"INSERT INTO {name(kind._meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608 - names of our own
    return [Insert(sql, [_row(each, fields) for each in objects])]


def _numbered(field: Any) -> bool:
    return isinstance(field, models.AutoField | models.BigAutoField)


def _row(made: models.Model, fields: Sequence[Any]) -> tuple[Any, ...]:
    if isinstance(made, OwnerKnown):
        made.know_owner()
    return tuple(field.get_db_prep_save(field.pre_save(made, True), connection) for field in fields)


def run(inserts: Iterable[Insert]) -> None:
    for each in inserts:
        each.run()
