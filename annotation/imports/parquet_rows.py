"""Parquet, read by a process of its own: what a few bytes of it unfold to is known only once they are unfolded.

The process has a bounded memory and hands on each row as a line of JSON, which is checked like any other. A file that
breaks it breaks nothing else.
"""

from __future__ import annotations

import io
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from annotation.imports.json_rows import values_of
from annotation.imports.rows import Problem, Row, RowRefused, Unreadable, physical_lines

MAGIC = b"PAR1"
# The other pools of memory reserve more than the process may have. Nothing else of ours is told to it.
ENVIRONMENT = {"ARROW_DEFAULT_MEMORY_POOL": "system"}
SAID = b"!"  # begins a line that says what is wrong with its row
# Exit statuses of the process. Of REFUSED it has said why.
REFUSED, DAMAGED, NO_MEMORY = 3, 4, 5
REASONS = {
    DAMAGED: "this Parquet file is damaged, or of a kind that cannot be read here. Write it again.",
    NO_MEMORY: "a row group of this file unfolds to more than there is memory for. Write it in smaller row groups.",
    -signal.SIGXCPU: "reading this file took longer than it may. Cut it into several.",
}
BROKE_OFF = (
    "the reading of this file broke off, which does not mean that the file is damaged: the machine may be short of "
    "memory. Try again; if it breaks off here each time, write the file again."
)


def parquet_rows(file: IO[bytes]) -> Iterator[Row | Problem]:
    with _on_disk(file) as opened, tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "annotation.imports.parquet_process", str(opened.fileno())],
            cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            pass_fds=[opened.fileno()],
            env=ENVIRONMENT,
        )
        assert process.stdout is not None
        reached = 0
        try:
            for row in _read(process.stdout):
                reached = row.line
                yield row
            status = process.wait()
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        if status:
            raise Unreadable(_reason(status, said, reached))


def _read(said: IO[bytes]) -> Iterator[Row | Problem]:
    for number, line in physical_lines(said):
        if line is not None and not line.endswith(b"\n"):  # it ended in the middle of it
            return
        try:
            if line is not None and line.startswith(SAID):
                raise RowRefused(line.removeprefix(SAID).decode().strip())
            yield Row(number, values_of(line), len(line or b""))
        except RowRefused as refused:
            yield Problem(number, str(refused))


@contextmanager
def _on_disk(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """The file as one that another process can open, from its beginning."""
    file.seek(0)
    if _is_on_disk(file):
        yield file
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(file, copy)
        copy.flush()
        yield copy


def _is_on_disk(file: IO[bytes]) -> bool:
    try:
        file.fileno()
    except (AttributeError, io.UnsupportedOperation):
        return False
    return True


def _reason(status: int, said: IO[bytes], reached: int) -> str:
    if status == REFUSED:
        said.seek(0)
        return said.read(2_000).decode("utf-8", "replace").strip()
    where = f"After row {reached:,}" if reached else "Before the first row"
    return f"{where}: {REASONS.get(status, BROKE_OFF)}"
