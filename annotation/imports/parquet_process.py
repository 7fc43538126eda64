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

from annotation.imports.parquet_rows import DAMAGED, NO_MEMORY, REFUSED, SAID
from annotation.imports.rows import MAX_COLUMNS, MAX_LINE_BYTES

MEMORY = 1_500_000_000
SECONDS = 600
MAX_DECODED = 2_000_000_000
MAX_UNFOLDED = 50  # times the file's size
ALWAYS_DECODED = 50_000_000
MAX_ROW_GROUP = 1_000_000_000
MAX_ROWS = 5_000_000
AT_ONCE = 100
NO_TEXT = (UnicodeDecodeError, TypeError, ValueError, OverflowError)
SMALLER = "Write it in smaller row groups."
CUT = "Cut it into several."
TOO_MANY = f"Row {MAX_ROWS + 1:,}: a file can have {MAX_ROWS:,} rows. {CUT}"


class TooMuch(Exception):
    """Its message tells the person whose file it is."""


def lines(file: Any) -> Iterator[bytes]:
    parquet = pq.ParquetFile(file, pre_buffer=False)
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
    row, size = 1, 0
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        if group.total_byte_size > MAX_ROW_GROUP:
            raise TooMuch(f"Row {row:,}: the row group that begins here unfolds to more than 1 GB. {SMALLER}")
        size += group.total_byte_size
        if size > MAX_DECODED:
            raise TooMuch(f"Row {row:,}: in the row group that begins here this file unfolds to more than 2 GB. {CUT}")
        row += group.num_rows


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
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))  # the first ends it by a signal of its own
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
        sys.stderr.write(str(refused))
        return _ended(REFUSED)
    except MemoryError:
        return _ended(NO_MEMORY)
    except OSError as error:  # the machine's have a number, Arrow's have none
        return _ended(DAMAGED if error.errno is None else 1)
    except (pa.ArrowException, ValueError, KeyError):
        return _ended(DAMAGED)
    return 0


def _ended(status: int) -> int:
    """With all rows told that were read: from their number a person learns where it ended."""
    sys.stdout.buffer.flush()
    return status


if __name__ == "__main__":
    status = main(sys.argv[1])
    sys.stderr.flush()
    # Not by sys.exit: a thread of Arrow's that is late on a busy machine then aborts what was read to its end.
    os._exit(status)
