"""From a file's rows to what they say, a stretch at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from annotation.imports.rows import Problem, Row
from annotation.records import Earlier, Mapping, Record, read_record

AT_ONCE = 500
MOST_BYTES = 4_000_000


class Reader:
    """Reads the rows of one file in its order: what was said before is held against what comes."""

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self.earlier = Earlier()

    def items(self, rows: Iterable[Row | Problem]) -> list[Record | Problem]:
        return [
            row if isinstance(row, Problem) else self.earlier.checked(read_record(row, self.mapping)) for row in rows
        ]


def stretches(rows: Iterable[Row | Problem]) -> Iterator[list[Row | Problem]]:
    """Some hundred rows at once, and fewer where they are large."""
    stretch: list[Row | Problem] = []
    size = 0
    for row in rows:
        stretch.append(row)
        size += row.size if isinstance(row, Row) else 0
        if len(stretch) == AT_ONCE or size > MOST_BYTES:
            yield stretch
            stretch, size = [], 0
    if stretch:
        yield stretch
