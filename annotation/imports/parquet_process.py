"""Writes the rows of a Parquet file as lines of JSON, in a process with a bounded memory. See parquet_rows.py.

Alone: `python -m annotation.imports.parquet_process NUMBER_OF_AN_OPEN_FILE`.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from annotation.imports.parquet_rows import REFUSED
from annotation.imports.rows import MAX_COLUMNS, MAX_LINE_BYTES

MEMORY = 1_500_000_000
SECONDS = 600
MAX_DECODED = 2_000_000_000
MAX_ROW_GROUP = 1_000_000_000
AT_ONCE = 100


class TooMuch(Exception):
    """Its message tells the person whose file it is."""


def rows(file: Any) -> Iterator[dict[str, Any]]:
    parquet = pq.ParquetFile(file)
    _check(parquet.metadata, parquet.schema_arrow)
    decoded, number = 0, 0
    for batch in parquet.iter_batches(batch_size=AT_ONCE, use_threads=False):
        decoded += batch.nbytes
        if decoded > MAX_DECODED:
            raise TooMuch(f"Row {number + 1:,}: up to here this file unfolds to 2 GB. Cut it into several.")
        yield from _of(batch)
        number += batch.num_rows


def _check(metadata: Any, schema: Any) -> None:
    """What the file itself says is too much; what it does not say is counted while it is read."""
    if len(schema.names) > MAX_COLUMNS or metadata.num_columns > MAX_COLUMNS:
        raise TooMuch(f"The file has {metadata.num_columns:,} columns; there can be {MAX_COLUMNS:,}.")
    if len(set(schema.names)) < len(schema.names):
        raise TooMuch("Two columns have the same name. Give each its own.")
    sizes = [metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups)]
    if sum(sizes) > MAX_DECODED:
        raise TooMuch(f"This file unfolds to {sum(sizes) / 1e9:,.0f} GB; it can be 2 GB. Cut it into several.")
    if max(sizes, default=0) > MAX_ROW_GROUP:
        raise TooMuch("A row group of this file unfolds to more than 1 GB. Write it in smaller row groups.")


def _of(batch: Any) -> Iterator[dict[str, Any]]:
    """A row with a text that is none does not take the others of its batch along."""
    try:
        yield from batch.to_pylist()
    except (UnicodeDecodeError, ValueError, OverflowError):
        for at in range(batch.num_rows):
            try:
                yield from batch.slice(at, 1).to_pylist()
            except (UnicodeDecodeError, ValueError, OverflowError):
                yield {"": b""}  # refused where it is written


def line(values: dict[str, Any]) -> bytes:
    try:
        written = json.dumps(values, ensure_ascii=False, default=_plain)
    except _NoText:
        return b"\xff\n"  # not UTF-8, and told so of its row
    encoded = written.encode("utf-8", "surrogatepass")
    return b" " * (MAX_LINE_BYTES + 2) + b"x\n" if len(encoded) > MAX_LINE_BYTES else encoded + b"\n"


class _NoText(Exception):
    pass


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, UUID):
        return str(value)
    raise _NoText


def main(number: str) -> int:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    try:
        with os.fdopen(int(number), "rb") as file:
            for values in rows(file):
                sys.stdout.buffer.write(line(values))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except TooMuch as refused:
        sys.stdout.buffer.flush()
        sys.stderr.write(str(refused))
        return REFUSED
    except MemoryError:
        sys.stderr.write("A row group of this file unfolds to more than there is memory for. Write smaller row groups.")
        return REFUSED
    except (pa.ArrowException, OSError, ValueError, KeyError):
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
