"""Parquet, read by a process of its own: what a few bytes of it unfold to is known only once they are unfolded.

The process has a bounded memory and hands on each row as a line of JSON, which is checked like any other. A file that
breaks it breaks nothing else.
"""

from __future__ import annotations

import io
import shutil
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
DAMAGED = "This Parquet file is damaged, or of a kind that cannot be read here. Write it again."
# The other pools of memory reserve more than the process may have. Nothing else of ours is told to it.
ENVIRONMENT = {"ARROW_DEFAULT_MEMORY_POOL": "system"}
SAID = b"!"  # begins a line that says what is wrong with its row
REFUSED = 3  # the exit status of a process that said why


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
        try:
            yield from _read(process.stdout)
            status = process.wait()
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        if status:
            raise Unreadable(_reason(status, said))


def _read(said: IO[bytes]) -> Iterator[Row | Problem]:
    for number, line in physical_lines(said):
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
    try:
        file.fileno()
    except (AttributeError, io.UnsupportedOperation):
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(file, copy)
            copy.flush()
            yield copy
        return
    yield file


def _reason(status: int, said: IO[bytes]) -> str:
    if status != REFUSED:
        return DAMAGED
    said.seek(0)
    return said.read(2_000).decode("utf-8", "replace").strip()
