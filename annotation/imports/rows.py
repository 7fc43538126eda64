"""What readers of every format give, and what none of them lets pass.

What a database or a template could choke on later is refused: NUL, lone surrogates, NaN and Infinity (SQLite takes
them and PostgreSQL does not), lines and cells without end, nesting without end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

MAX_LINE_BYTES = 1_000_000
MAX_CELL = 200_000
MAX_DEPTH = 64
MAX_COLUMNS = 1_000  # a form offers each of them for each field
MAX_EMPTY_LINES = 100_000  # one after the other
POISON = re.compile("[\x00\ud800-\udfff]")
OTHER_ENCODINGS = {
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zX": "an xz archive",
    b"(\xb5/\xfd": "a zstd archive",
}


class Unreadable(Exception):
    """The file as a whole cannot be read. The message says why, where, and what to do."""


class RowRefused(Exception):
    """One row is refused; its message is the reason."""


@dataclass(frozen=True)
class Row:
    """`line`: where it begins in the file; of a list or a Parquet file its number in it. `size`: about its bytes."""

    line: int
    values: dict[str, Any]
    size: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Problem:
    """What is wrong with one line."""

    line: int
    reason: str


def to_first_character(file: IO[bytes]) -> None:
    """Past a byte order mark. Raises Unreadable for what is no text in UTF-8."""
    file.seek(0)
    start = file.read(4)
    for mark, name in OTHER_ENCODINGS.items():
        if start.startswith(mark):
            raise Unreadable(f"Line 1: this file is {name}. Save it as text in UTF-8 and upload it again.")
    file.seek(3 if start.startswith(b"\xef\xbb\xbf") else 0)


def physical_lines(file: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Numbered lines; None for one that is too long, which is passed over without holding it."""
    number, empty = 0, 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        empty = 0 if line.strip() else empty + 1
        if empty > MAX_EMPTY_LINES:
            raise Unreadable(f"Line {number:,}: more than {MAX_EMPTY_LINES:,} empty lines follow each other.")
        if len(line) <= MAX_LINE_BYTES:
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE_BYTES)
        yield number, None


def check_values(values: dict[str, Any]) -> None:
    """Refuse what is nested too deep or holds characters that no text has, wherever in the object it is."""
    if len(values) > MAX_COLUMNS:
        raise RowRefused(f"The line has {len(values):,} fields; there can be {MAX_COLUMNS:,}.")
    level: list[Any] = [values]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            if isinstance(item, str):
                check_text(item)
            elif isinstance(item, dict):
                below += item.keys()
                below += item.values()
            elif isinstance(item, list):
                below += item
        if not below:
            return
        level = below
    raise RowRefused(f"The line is nested more than {MAX_DEPTH} levels deep.")


def check_text(text: str) -> None:
    if len(text) > MAX_CELL:
        raise RowRefused(f"A text is longer than {MAX_CELL:,} characters.")
    found = POISON.search(text)
    if found is None:
        return
    what = "a NUL character" if found.group() == "\x00" else "half of a character (a lone surrogate)"
    raise RowRefused(f"A text holds {what}, which no database stores alike.")


def shown(name: str) -> str:
    """A name out of a file, fit for a sentence."""
    return POISON.sub("?", name[:80])


def repeated(names: list[str]) -> str | None:
    """The first name that is there a second time."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
