"""Rows that are made ready before the database is held, so that it is held for their writing alone.

What `bulk_create` does takes nearly all of its time before the database is asked; SQLite lets one write at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.utils import timezone

# To a statement, which SQLite can take of these 32,766. At the end of each one it writes down what its search index has
# gathered, so that few and long ones take half the time.
MOST_VALUES = 30_000
# Seconds, at least, between two parts of long work: who waits to write on SQLite looks every tenth of a second.
BREATH = 0.12
_UNSAID = object()

Values = dict[str, Any]  # of a row, by the columns' names in the model


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


def insert_of(kind: type[models.Model], rows: Sequence[Values], once: bool = False) -> list[Insert]:
    """Without the rows' objects, which would take as long to make as all the rest. What a row does not say is the
    model's default. Nothing for no rows.

    `once`: those that are there already are passed over. Raises TypeError for a name that the model does not have.
    """
    if not rows:
        return []
    database = connections[DEFAULT_DB_ALIAS]
    fields: list[Any] = [field for field in kind._meta.concrete_fields if not field.generated and not _numbered(field)]
    if unknown := set().union(*rows) - {field.attname for field in fields}:
        raise TypeError(f"{kind.__name__} has no {', '.join(sorted(unknown))}.")
    name = database.ops.quote_name
    columns = ", ".join(name(field.column) for field in fields)
    into = f"INSERT INTO {name(kind._meta.db_table)} ({columns})"
    known = " ON CONFLICT DO NOTHING" if once else ""
    return [Insert(into, known, list(zip(*(_column(field, rows, database) for field in fields), strict=True)))]


def _numbered(field: Any) -> bool:
    return isinstance(field, models.AutoField | models.BigAutoField)


def _column(field: Any, rows: Sequence[Values], database: Any) -> Iterator[Any]:
    """As the database takes it. Most columns hold the same thing all the way down, which is prepared once."""
    name = field.attname
    before = stored = object()
    for value in _values(field, [row.get(name, _UNSAID) for row in rows]):
        if value is not before and not _both_empty(value, before):
            before, stored = value, field.get_db_prep_save(value, database)
        yield stored


def _values(field: Any, said: list[Any]) -> Iterable[Any]:
    """What is written together arrived at one time."""
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return repeat(timezone.now(), len(said))
    if _UNSAID not in said:
        return said
    if not callable(field.default):
        usual = field.get_default()
        return (usual if value is _UNSAID else value for value in said)
    return (field.get_default() if value is _UNSAID else value for value in said)


def _both_empty(value: Any, before: Any) -> bool:
    """Lists of nothing are a new list for each row."""
    return not value and not before and type(value) is type(before)


def run(inserts: Iterable[Insert]) -> None:
    with connection.cursor() as cursor:
        for each in inserts:
            for sql, values in each.statements():
                cursor.execute(sql, values)
