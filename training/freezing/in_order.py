"""Many rows of the database one after the other, without a cursor that stays open while others write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from django.db.models import Model, QuerySet

AT_ONCE = 500
M = TypeVar("M", bound=Model)


def in_order(rows: QuerySet[M], *fields: str) -> Iterator[M]:
    """Sorted by `fields`. What is no longer among `rows` when its turn comes is passed over."""
    keys = list(rows.order_by(*fields).values_list("pk", flat=True))
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        there = rows.in_bulk(some)
        yield from (there[key] for key in some if key in there)
