"""Rows on disk, as JSON Lines and as CSV, some hundred at a time. Pure: no database, no HTTP."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

AT_ONCE = 1_000
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for a formula where a cell begins with it."""
Row = dict[str, Any]


def read(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            yield json.loads(line)


def line_of(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def stretches(path: Path) -> Iterator[list[Row]]:
    rows = read(path)
    while stretch := list(islice(rows, AT_ONCE)):
        yield stretch


def write_csv(path: Path, source: Path, told: Callable[[], object], spreadsheet: bool = False) -> None:
    """`spreadsheet`: what a program would take for a formula gets an apostrophe before it."""
    columns = _columns(source)
    with path.open("w", encoding="utf-8-sig" if spreadsheet else "utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([_safe(name) for name in columns] if spreadsheet else columns)
        for stretch in stretches(source):
            for row in stretch:
                cells = [_cell(row.get(name)) for name in columns]
                writer.writerow([_safe(cell) for cell in cells] if spreadsheet else cells)
            told()


def _columns(source: Path) -> list[str]:
    found: dict[str, None] = {}
    for row in read(source):
        found.update(dict.fromkeys(row))
    return list(found)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(DANGEROUS) else cell


def publish(made: Path, target: Path) -> None:
    """On disk for good before anybody can find it."""
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    made.rename(target)
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
