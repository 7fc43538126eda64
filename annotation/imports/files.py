"""Files of every format that can be imported: which one it is, and its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import IO

from annotation.imports.csv_rows import csv_rows, delimiter_of
from annotation.imports.json_rows import line_rows, list_rows
from annotation.imports.parquet_rows import MAGIC, parquet_rows
from annotation.imports.rows import (
    MAX_CELL,
    MAX_COLUMNS,
    Problem,
    Row,
    RowRefused,
    Unreadable,
    check_text,
    to_first_character,
)

FORMATS = {
    "jsonl": "JSON Lines",
    "json": "JSON list",
    "csv": "CSV",
    "tsv": "Tab-separated",
    "parquet": "Parquet",
    "text": "Text document",
}
COUNTED = {"json": "record", "parquet": "row"}  # what numbers count where it is not lines
ENDINGS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".txt", ".md")
JSON_ENDINGS = ("jsonl", "ndjson", "json")
HEAD = 65_536
SAMPLES = 100


def format_of(file_name: str, file: IO[bytes]) -> str | None:
    """By what the file holds, and by its name where that leaves it open."""
    file.seek(0)
    head = file.read(HEAD)
    ending = file_name.rsplit(".", 1)[-1].lower()
    if head.startswith(MAGIC) or ending == "parquet":
        return "parquet"
    text = head.decode("utf-8-sig", "replace").lstrip()
    if ending in ("txt", "md", "markdown") and not text.startswith('{"'):
        return "text"
    if ending in ("csv", "tsv"):
        return "tsv" if delimiter_of(text.split("\n", 1)[0]) == "\t" else "csv"
    if text.startswith("["):
        return "json"
    return "jsonl" if text.startswith("{") or ending in JSON_ENDINGS else None


def read_rows(file: IO[bytes], format: str) -> Iterator[Row | Problem]:
    """Rows and problems in the file's order. Raises Unreadable where going on would guess."""
    if format == "parquet":
        return parquet_rows(file)
    to_first_character(file)
    readers: dict[str, Callable[[IO[bytes]], Iterator[Row | Problem]]] = {
        "jsonl": line_rows,
        "json": list_rows,
        "csv": csv_rows,
        "tsv": csv_rows,
        "text": _document,
    }
    return readers[format](file)


def _document(file: IO[bytes]) -> Iterator[Row]:
    if text := read_text(file).strip():
        yield Row(1, {"text": text}, len(text))


def read_text(file: IO[bytes]) -> str:
    """A whole file as one text. Raises Unreadable with the reason."""
    to_first_character(file)
    data = file.read(4 * MAX_CELL + 1)  # a character takes at most four bytes
    try:
        text = data.decode("utf-8") if len(data) <= 4 * MAX_CELL else "x" * (MAX_CELL + 1)
        check_text(text)
    except UnicodeDecodeError:
        raise Unreadable("The text is not UTF-8. Save it as text in UTF-8.") from None
    except RowRefused as refused:
        raise Unreadable(str(refused)) from None
    return text


def samples(file: IO[bytes], format: str) -> list[Row]:
    """The first rows, from which fields and shape are told."""
    return [row for row in islice(read_rows(file, format), SAMPLES) if isinstance(row, Row)]


def columns_of(rows: list[Row]) -> list[str]:
    """Names of the fields in the order they first appear."""
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(row.values))
    if len(names) > MAX_COLUMNS:
        raise Unreadable(f"The first records name {len(names):,} fields; there can be {MAX_COLUMNS:,}.")
    return list(names)
