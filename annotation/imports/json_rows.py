"""JSON: an object on every line, or one list of objects over as many lines as it likes."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import IO, Any

from annotation.imports.rows import (
    MAX_DEPTH,
    MAX_LINE_BYTES,
    Problem,
    Row,
    RowRefused,
    Unreadable,
    check_values,
    physical_lines,
    repeated,
    shown,
)

PIECE = 65_536
MAX_PASSED_OVER = 10 * MAX_LINE_BYTES  # of one record of a list
OUTSIDE = re.compile(rb'["{}\[\],]')
INSIDE = re.compile(rb'["\\]')


def line_rows(file: IO[bytes]) -> Iterator[Row | Problem]:
    for number, line in physical_lines(file):
        try:
            values = None if line is not None and not line.strip() else values_of(line)
        except RowRefused as refused:
            yield Problem(number, str(refused))
            continue
        if values is not None:
            yield Row(number, values, len(line or b""))


def list_rows(file: IO[bytes]) -> Iterator[Row | Problem]:
    """Numbered as they stand in the list, which may be a single line. One that is wrong is passed over as in JSON
    Lines; where the list itself breaks off, Unreadable says so."""
    for number, element in enumerate(_elements(file), start=1):
        try:
            if element is not None and not element.strip():
                raise RowRefused("There is no record before a comma.")
            yield Row(number, values_of(element), len(element or b""))
        except RowRefused as refused:
            yield Problem(number, str(refused))


def values_of(line: bytes | None) -> dict[str, Any]:
    """The object that these bytes are; None stands for too many of them."""
    if line is None:
        raise RowRefused("The line is longer than 1 MB.")
    try:
        text = line.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise RowRefused("The line is not UTF-8 text.") from None
    value = _parse(text)
    if not isinstance(value, dict):
        raise RowRefused("The line is not a JSON object ({…}).")
    check_values(value)
    return value


def _no_constant(name: str) -> None:
    raise RowRefused(f"{name} is not a value JSON knows.")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise RowRefused("A number is too large.")
    return number


def _without_repeated_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        name = repeated([name for name, _ in pairs]) or ""
        raise RowRefused(f"The name “{shown(name)}” occurs twice in one object.")
    return values


DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_without_repeated_names)


def _parse(text: str) -> Any:
    try:
        return DECODER.decode(text)
    except RecursionError:
        raise RowRefused(f"The line is nested more than {MAX_DEPTH} levels deep.") from None
    except json.JSONDecodeError as error:
        raise RowRefused(f"The line is not valid JSON: {error.msg} at character {error.pos + 1}.") from None
    except ValueError:  # an integer of thousands of digits
        raise RowRefused("A number has too many digits.") from None


# --- One list -----------------------------------------------------------------------------------------------


class _Element:
    """The bytes of one record as they come in; `line` is where it begins."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.kept = bytearray()
        self.line = 0
        self.size = 0

    def add(self, piece: bytes, line: int) -> None:
        if not self.line and piece.strip():
            self.line = line
        self.size += len(piece)
        if self.size > MAX_PASSED_OVER:
            raise Unreadable(f"Line {self.line:,}: a record is longer than {MAX_PASSED_OVER // 1_000_000} MB.")
        if self.size <= MAX_LINE_BYTES:
            self.kept += piece

    def taken(self) -> bytes | None:
        found = bytes(self.kept) if self.size <= MAX_LINE_BYTES else None
        self.clear()
        return found


def _elements(file: IO[bytes]) -> Iterator[bytes | None]:
    """The records of a list; None for one that is too long.

    Only quotes and brackets are looked at, piece by piece: of a list of 200 MB no more is held than one record.
    """
    element, line, depth, quoted, skipped = _Element(), 1, 0, False, 0
    while piece := file.readline(PIECE):
        start, at = 0, skipped
        skipped = 0
        while found := (INSIDE if quoted else OUTSIDE).search(piece, at):
            sign, at = found.group(), found.end()
            if sign == b"\\":
                at += 1
            elif sign == b'"':
                quoted = not quoted
            elif sign in b"{[":
                depth += 1
                start = at if depth == 1 else start
            elif sign in b"}]":
                depth -= 1
            elif depth == 1:
                element.add(piece[start : found.start()], line)
                yield element.taken()
                start = at
            if depth > MAX_DEPTH + 1:
                raise Unreadable(f"Line {line:,} is nested more than {MAX_DEPTH} levels deep.")
            if depth == 0 and sign in b"}]":
                element.add(piece[start : found.start()], line)
                if element.line:
                    yield element.taken()
                _nothing_more(piece[at:], file, line)
                return
        skipped = max(0, at - len(piece))
        element.add(piece[start:], line)
        line += piece.endswith(b"\n")
    raise Unreadable(f"Line {line:,}: the file ends in the middle of its list.")


def _nothing_more(piece: bytes, file: IO[bytes], line: int) -> None:
    while piece:
        if piece.strip():
            raise Unreadable(f"Line {line:,}: something follows after the end of the list.")
        line += piece.endswith(b"\n")
        piece = file.readline(PIECE)
