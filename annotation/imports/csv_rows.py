"""CSV, by whatever sign the first line is divided."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import IO, Any

from annotation.imports.rows import (
    MAX_COLUMNS,
    MAX_LINE_BYTES,
    POISON,
    Problem,
    Row,
    RowRefused,
    Unreadable,
    check_text,
    physical_lines,
    repeated,
)

DELIMITERS = (",", ";", "\t", "|")
QUOTED = re.compile('"[^"]*"')

csv.field_size_limit(MAX_LINE_BYTES)


def delimiter_of(first_line: str) -> str:
    outside = QUOTED.sub("", first_line)
    return max(DELIMITERS, key=outside.count)


def csv_rows(file: IO[bytes]) -> Iterator[Row | Problem]:
    lines = _Lines(file)
    first = next(lines, "")
    reader = csv.reader(_chained(first, lines), delimiter=delimiter_of(first), strict=True)
    header = _header(_next(reader) or [])
    while True:
        line = reader.line_num + 1
        lines.held = 0
        cells = _next(reader)
        if cells is None:
            return
        if not any(cells):
            continue
        try:
            yield Row(line, _values(header, cells), lines.held)
        except RowRefused as refused:
            yield Problem(line, str(refused))


def _next(reader: Any) -> list[str] | None:
    begins = reader.line_num + 1
    try:
        return next(reader)
    except StopIteration:
        return None
    except csv.Error as error:
        if "field larger" in str(error):
            raise Unreadable(f"Line {begins:,}: a cell is longer than 1 MB, or its quote is not closed.") from None
        raise Unreadable(
            f"Line {reader.line_num:,}: the quotes do not match ({error}). A quote inside a cell is written twice."
        ) from None


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


class _Lines:
    """The file's lines; `held` is how much went into the record that is being read."""

    def __init__(self, file: IO[bytes]) -> None:
        self.lines = physical_lines(file)
        self.held = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        number, line = next(self.lines)
        self.held += len(line or b"")
        if line is None or self.held > 2 * MAX_LINE_BYTES:
            what = "is longer than 1 MB" if line is None else "ends a record longer than 2 MB: a quote is not closed"
            raise Unreadable(f"Line {number:,} {what}.")
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            raise Unreadable(
                f"Line {number:,} is not UTF-8 text. In a spreadsheet, save the file as “CSV UTF-8”."
            ) from None


def _header(cells: list[str]) -> list[str]:
    names = [cell.strip() or f"column {number}" for number, cell in enumerate(cells, start=1)]
    if len(names) > MAX_COLUMNS:
        raise Unreadable(f"The first line names {len(names):,} columns; there can be {MAX_COLUMNS:,}.")
    if any(POISON.search(name) for name in names):
        raise Unreadable("A column's name holds a NUL character.")
    if name := repeated(names):
        raise Unreadable(f"Two columns are called “{name}”. Give each its own name.")
    return names


def _values(header: list[str], cells: list[str]) -> dict[str, Any]:
    if len(cells) != len(header):
        raise RowRefused(f"The line has {len(cells):,} cells, the first line names {len(header):,} columns.")
    for cell in cells:
        check_text(cell)
    return dict(zip(header, cells, strict=True))
