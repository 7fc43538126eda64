"""Reading JSON Lines and CSV files row by row: one pass, bounded memory, every complaint with its line.

What a database or a template could choke on later is refused here: NUL, lone surrogates, NaN and Infinity (SQLite
takes them and PostgreSQL does not), lines and cells without end, nesting without end.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

MAX_LINE_BYTES = 1_000_000
MAX_CELL = 200_000
MAX_DEPTH = 64
MAX_COLUMNS = 1_000  # a form offers each of them for each field
FORMATS = {"jsonl": "JSON Lines", "csv": "CSV"}
DELIMITERS = (",", ";", "\t")
POISON = re.compile("[\x00\ud800-\udfff]")
OTHER_ENCODINGS = {
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\x1f\x8b": "a gzip archive",
}

csv.field_size_limit(MAX_LINE_BYTES)


class Unreadable(Exception):
    """The file as a whole cannot be read. The message says why, where, and what to do."""


@dataclass(frozen=True)
class Row:
    line: int
    values: dict[str, Any]


@dataclass(frozen=True)
class Problem:
    """What is wrong with one line."""

    line: int
    reason: str


class _Refused(Exception):
    """One row is refused; its message is the reason."""


def format_of(file_name: str) -> str | None:
    """The format a file name announces."""
    ending = file_name.rsplit(".", 1)[-1].lower()
    return {"jsonl": "jsonl", "ndjson": "jsonl", "json": "jsonl", "csv": "csv", "tsv": "csv"}.get(ending)


def read_rows(file: IO[bytes], format: str) -> Iterator[Row | Problem]:
    """Rows and problems in the file's order. Raises Unreadable where going on would guess."""
    _skip_byte_order_mark(file)
    return _json_rows(file) if format == "jsonl" else _csv_rows(file)


def read_text(file: IO[bytes]) -> str:
    """A whole file as one text. Raises Unreadable with the reason."""
    _skip_byte_order_mark(file)
    data = file.read(4 * MAX_CELL + 1)  # a character takes at most four bytes
    try:
        text = data.decode("utf-8") if len(data) <= 4 * MAX_CELL else "x" * (MAX_CELL + 1)
        _check_text(text)
    except UnicodeDecodeError:
        raise Unreadable("The text is not UTF-8. Save it as text in UTF-8.") from None
    except _Refused as refused:
        raise Unreadable(str(refused)) from None
    return text


def columns_of(file: IO[bytes], format: str) -> list[str]:
    """Names of the fields in the order they first appear, looking at the first hundred rows."""
    names: dict[str, None] = {}
    for row in islice(read_rows(file, format), 100):
        if isinstance(row, Row):
            names.update(dict.fromkeys(row.values))
    if len(names) > MAX_COLUMNS:
        raise Unreadable(f"The first records name {len(names):,} fields; there can be {MAX_COLUMNS:,}.")
    return list(names)


def _skip_byte_order_mark(file: IO[bytes]) -> None:
    file.seek(0)
    start = file.read(4)
    for mark, name in OTHER_ENCODINGS.items():
        if start.startswith(mark):
            raise Unreadable(f"This file is {name}. Save it as text in UTF-8 and upload it again.")
    file.seek(3 if start.startswith(b"\xef\xbb\xbf") else 0)


def _physical_lines(file: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Numbered lines; None for one that is too long, which is passed over without holding it."""
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) <= MAX_LINE_BYTES:
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE_BYTES)
        yield number, None


# --- JSON Lines ---------------------------------------------------------------------------------------------


def _json_rows(file: IO[bytes]) -> Iterator[Row | Problem]:
    for number, line in _physical_lines(file):
        try:
            values = _json_values(number, line)
        except _Refused as refused:
            yield Problem(number, str(refused))
            continue
        if values is not None:
            yield Row(number, values)


def _json_values(number: int, line: bytes | None) -> dict[str, Any] | None:
    """The object on one line; None for a blank line."""
    if line is None:
        raise _Refused("The line is longer than 1 MB.")
    try:
        text = line.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise _Refused("The line is not UTF-8 text.") from None
    if not text:
        return None
    if number == 1 and text.startswith("["):
        raise Unreadable("This file is one JSON list. JSON Lines has one object per line, without brackets around.")
    value = _parse(text)
    if not isinstance(value, dict):
        raise _Refused("The line is not a JSON object ({…}).")
    if len(value) > MAX_COLUMNS:
        raise _Refused(f"The line has {len(value):,} fields; there can be {MAX_COLUMNS:,}.")
    _check_depth(value)
    return value


def _no_constant(name: str) -> None:
    raise _Refused(f"{name} is not a value JSON knows.")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _Refused("A number is too large.")
    return number


def _without_repeated_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        repeated = _repeated([name for name, _ in pairs]) or ""
        raise _Refused(f"The name “{_shown(repeated)}” occurs twice in one object.")
    return values


DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_without_repeated_names)


def _parse(text: str) -> Any:
    try:
        return DECODER.decode(text)
    except RecursionError:
        raise _Refused(f"The line is nested more than {MAX_DEPTH} levels deep.") from None
    except json.JSONDecodeError as error:
        raise _Refused(f"The line is not valid JSON: {error.msg} at character {error.pos + 1}.") from None
    except ValueError:  # an integer of thousands of digits
        raise _Refused("A number has too many digits.") from None


def _check_depth(value: Any) -> None:
    """Refuse what is nested too deep or holds characters that no text has, wherever in the object it is."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            if isinstance(item, str):
                _check_text(item)
            elif isinstance(item, dict):
                below += item.keys()
                below += item.values()
            elif isinstance(item, list):
                below += item
        if not below:
            return
        level = below
    raise _Refused(f"The line is nested more than {MAX_DEPTH} levels deep.")


def _check_text(text: str) -> None:
    if len(text) > MAX_CELL:
        raise _Refused(f"A text is longer than {MAX_CELL:,} characters.")
    found = POISON.search(text)
    if found is None:
        return
    what = "a NUL character" if found.group() == "\x00" else "half of a character (a lone surrogate)"
    raise _Refused(f"A text holds {what}, which no database stores alike.")


def _shown(name: str) -> str:
    return POISON.sub("?", name[:80])


# --- CSV ----------------------------------------------------------------------------------------------------


def _csv_rows(file: IO[bytes]) -> Iterator[Row | Problem]:
    lines = _csv_lines(file)
    first = next(lines, "")
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(_chained(first, lines), delimiter=delimiter, strict=True)
    header = _header(_next(reader) or [])
    while True:
        line = reader.line_num + 1
        cells = _next(reader)
        if cells is None:
            return
        if not any(cells):
            continue
        try:
            yield Row(line, _csv_values(header, cells))
        except _Refused as refused:
            yield Problem(line, str(refused))


def _next(reader: Any) -> list[str] | None:
    try:
        return next(reader)
    except StopIteration:
        return None
    except csv.Error as error:
        raise Unreadable(
            f"Line {reader.line_num}: the quotes do not match ({error}). A quote inside a cell is written twice."
        ) from None


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _csv_lines(file: IO[bytes]) -> Iterator[str]:
    for number, line in _physical_lines(file):
        if line is None:
            raise Unreadable(f"Line {number} is longer than 1 MB.")
        try:
            yield line.decode("utf-8")
        except UnicodeDecodeError:
            raise Unreadable(
                f"Line {number} is not UTF-8 text. In a spreadsheet, save the file as “CSV UTF-8”."
            ) from None


def _header(cells: list[str]) -> list[str]:
    names = [cell.strip() or f"column {number}" for number, cell in enumerate(cells, start=1)]
    if len(names) > MAX_COLUMNS:
        raise Unreadable(f"The first line names {len(names):,} columns; there can be {MAX_COLUMNS:,}.")
    if any(POISON.search(name) for name in names):
        raise Unreadable("A column's name holds a NUL character.")
    if repeated := _repeated(names):
        raise Unreadable(f"Two columns are called “{repeated}”. Give each its own name.")
    return names


def _repeated(names: list[str]) -> str | None:
    """The first name that is there a second time."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _csv_values(header: list[str], cells: list[str]) -> dict[str, Any]:
    if len(cells) != len(header):
        raise _Refused(f"The line has {len(cells)} cells, the first line names {len(header)} columns.")
    for cell in cells:
        _check_text(cell)
    return dict(zip(header, cells, strict=True))
