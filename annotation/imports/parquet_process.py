"""Writes the rows of a Parquet file as lines of JSON, in a process with a bounded memory. See parquet_rows.py.

Alone: `python -m annotation.imports.parquet_process NUMBER_OF_AN_OPEN_FILE`.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from annotation.imports.parquet_rows import REFUSED, SAID
from annotation.imports.rows import MAX_COLUMNS, MAX_LINE_BYTES

MEMORY = 1_500_000_000
SECONDS = 600
MAX_DECODED = 2_000_000_000
MAX_UNFOLDED = 50  # times the file's size
ALWAYS_DECODED = 200_000_000
MAX_ROW_GROUP = 1_000_000_000
MAX_ROWS = 5_000_000
AT_ONCE = 100
NO_TEXT = (UnicodeDecodeError, TypeError, ValueError, OverflowError)
TOO_MANY = f"The file has more than {MAX_ROWS:,} rows. Cut it into several."


class TooMuch(Exception):
    """Its message tells the person whose file it is."""


def lines(file: Any) -> Iterator[bytes]:
    parquet = pq.ParquetFile(file)
    _check(parquet.metadata, parquet.schema_arrow)
    decoded, number = 0, 0
    most = min(MAX_DECODED, max(MAX_UNFOLDED * os.fstat(file.fileno()).st_size, ALWAYS_DECODED))
    for batch in parquet.iter_batches(batch_size=AT_ONCE, use_threads=False):
        decoded += batch.nbytes
        if decoded > most:
            size = f"{most // 1_000_000:,} MB"
            raise TooMuch(f"Row {number + 1:,}: here this file has unfolded to {size}, far more than texts do.")
        number += batch.num_rows
        if number > MAX_ROWS:
            raise TooMuch(TOO_MANY)
        yield from _lines(batch)


def _check(metadata: Any, schema: Any) -> None:
    """What the file itself says is too much; what it does not say is counted while it is read."""
    if len(schema.names) > MAX_COLUMNS or metadata.num_columns > MAX_COLUMNS:
        raise TooMuch(f"The file has {metadata.num_columns:,} columns; there can be {MAX_COLUMNS:,}.")
    if metadata.num_rows > MAX_ROWS:
        raise TooMuch(TOO_MANY)
    if len(set(schema.names)) < len(schema.names):
        raise TooMuch("Two columns have the same name. Give each its own.")
    sizes = [metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups)]
    if sum(sizes) > MAX_DECODED:
        raise TooMuch(f"This file unfolds to {sum(sizes) / 1e9:,.0f} GB; it can be 2 GB. Cut it into several.")
    if max(sizes, default=0) > MAX_ROW_GROUP:
        raise TooMuch("A row group of this file unfolds to more than 1 GB. Write it in smaller row groups.")


def _lines(batch: Any) -> Iterator[bytes]:
    """Together where it can be: a row that is too large, or holds what is no text, does not take others along."""
    if batch.nbytes <= MAX_LINE_BYTES:
        with suppress(*NO_TEXT):
            yield from [_line(values) for values in batch.to_pylist()]
            return
    for at in range(batch.num_rows):
        yield _alone(batch.slice(at, 1))


def _alone(row: Any) -> bytes:
    if row.nbytes > MAX_LINE_BYTES:
        return SAID + b"The row is longer than 1 MB.\n"
    try:
        return _line(row.to_pylist()[0])
    except NO_TEXT:
        return SAID + b"The row holds something that is neither text nor a number nor a list of them.\n"


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, default=_plain).encode("utf-8", "surrogatepass") + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    raise TypeError


def main(number: str) -> int:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    try:
        with os.fdopen(int(number), "rb") as file:
            for line in lines(file):
                sys.stdout.buffer.write(line)
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
