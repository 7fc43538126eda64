"""From a file's rows to what they say, a stretch at a time; in the shape of some tool, or column by column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from annotation import shapes
from annotation.imports.records import Earlier, Mapping, Record, guess_columns, read_record
from annotation.imports.rows import Problem, Row
from annotation.shapes import Item, Refused

AT_ONCE = 400
MOST_BYTES = 4_000_000


class Reader:
    """Reads the rows of one file in its order: what was said before is held against what comes.

    `shape` is a name that `annotation.shapes` knows; empty: the mapping says which column is what. Without splits it
    does not matter what the file says is held out.
    """

    def __init__(self, mapping: Mapping, shape: str = "", with_splits: bool = True) -> None:
        self.mapping = mapping
        self.with_splits = with_splits
        if not with_splits:
            columns = {field: column for field, column in mapping.columns.items() if field != "split"}
            self.mapping = replace(mapping, columns=columns)
        self.shape = shape
        self.earlier = Earlier()

    def items(self, rows: Iterable[Row | Problem]) -> list[Item | Problem]:
        said = (item for row in rows for item in self._said(row))
        return [item if isinstance(item, Problem) else self.earlier.against(item) or item for item in said]

    def _said(self, row: Row | Problem) -> Sequence[Item | Problem]:
        if isinstance(row, Problem):
            return [row]
        if not self.shape:
            return [read_record(row, self.mapping)]
        try:
            said = shapes.read(self.shape, row.values, row.line)
            return said if self.with_splits else [replace(item, split="") for item in said]
        except Refused as refused:
            return [Problem(row.line, str(refused))]


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


def detected(samples: Sequence[Row]) -> str:
    """The shape these rows are in; empty where they are in none."""
    return shapes.detect([row.values for row in samples]) or ""


def says_more(shape: str, samples: Sequence[Row]) -> bool:
    """Whether the shape reads out of these rows what their columns, as they are usually called, do not."""
    if not shape:
        return False
    mapping = Mapping(guess_columns(dict.fromkeys(name for row in samples for name in row.values)))
    return any(_differ(shape, row, mapping) for row in samples)


def _differ(shape: str, row: Row, mapping: Mapping) -> bool:
    try:
        said = shapes.read(shape, row.values, row.line)
    except Refused:
        return False
    plain = read_record(row, mapping)
    return len(said) != 1 or not _alike(said[0], plain)


def _alike(one: Item, other: Record | Problem) -> bool:
    if not isinstance(one, Record) or not isinstance(other, Record):
        return False
    texts = [(each.instruction, each.input, each.response, each.history) for each in (one, other)]
    return texts[0] == texts[1]
