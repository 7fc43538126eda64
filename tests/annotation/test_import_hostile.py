"""Files made to stop the worker: each is refused within ten seconds, with its line, and the worker goes on."""

from __future__ import annotations

import io
import time
import zlib
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from annotation import parts
from annotation.actions import uploads
from annotation.imports import importing
from annotation.models import Import, LineProblem, Project

SECONDS = 10
GOOD = b'{"instruction": "Sum up.", "output": "Short."}\n'
POISONED = b'{"instruction": "Sum %s up.", "output": "Short."}\n'


def json_line(value: bytes) -> bytes:
    return GOOD + b'{"instruction": "Sum up.", "extra": ' + value + b"}\n" + GOOD


def in_list(content: bytes) -> bytes:
    return b"[" + b",\n".join(content.splitlines()) + b"]"


LINES: dict[str, bytes] = {
    "giant line": GOOD + b'{"instruction": "' + b"x" * 50_000_000 + b'"}\n',
    "giant cell": GOOD + b'{"instruction": "' + b"x" * 300_000 + b'"}\n',
    "deep nesting": json_line(b"[" * 100_000 + b"]" * 100_000),
    "deep objects": json_line(b'{"a":' * 5_000 + b"1" + b"}" * 5_000),
    "NUL escaped": GOOD + POISONED % b"\\u0000",
    "NUL as it is": GOOD + POISONED % b"\x00",
    "lone surrogate": GOOD + POISONED % b"\\ud800",
    "NaN": json_line(b"NaN"),
    "Infinity": json_line(b"-Infinity"),
    "endless number": json_line(b"9" * 500_000),
    "huge exponent": json_line(b"1e999999999"),
    "no UTF-8": GOOD + POISONED % b"\xff\xfe",
}
LISTS = {name: in_list(LINES[name]) for name in ("giant cell", "NUL escaped", "lone surrogate", "NaN", "deep objects")}


def bomb(cell: int, rows: int) -> bytes:
    """One long text that every row names: some kilobytes on the disk."""
    file = io.BytesIO()
    cells = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["x" * cell]))
    pq.write_table(pa.table({"instruction": cells}), file, compression="zstd", store_schema=False)
    return file.getvalue()


FILES: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "Parquet of 22 GB": ("parquet", lambda: bomb(cell=1_100_000, rows=20_000), "Row 1: here this file has unfolded"),
    "Parquet of 2 GB": ("parquet", lambda: bomb(cell=20_000, rows=100_000), "Row 2,401: here this file"),
    "gzip of a gigabyte": ("jsonl", lambda: zlib.compress(b"\0" * 10_000_000, wbits=31), "Line 1: this file is a gzip"),
    "list without an end": ("json", lambda: b"[" + GOOD.strip() + b',{"a": "' + b"x" * 20_000_000, "Line 1"),
    "list of lists": ("json", lambda: b"[" * 1_000_000, "Line 1 is nested"),
    "CSV quote without an end": ("csv", lambda: b'instruction,output\na,"' + b"x\n" * 5_000_000, "Line 2"),
    "CSV cell": ("csv", lambda: b"instruction,output\na,b\n1," + b"x" * 30_000_000, "Line 3"),
    "empty lines": ("jsonl", lambda: GOOD + b"\n" * 10_000_000, "Line 100,002"),
}


def queued(project: Project, by: User, content: bytes, format: str) -> Import:
    file = ContentFile(content, name="x")
    columns = ["instruction", "output"]
    row = uploads.upload(project=project, file=file, file_name="x", format=format, columns=columns, by=by)
    uploads.start(row=row, by=by, ring=False)
    return row


def refused(project: Project, by: User, content: bytes, format: str) -> Import:
    row = queued(project, by, content, format)
    started = time.monotonic()
    parts.run(row, importing.do)
    assert time.monotonic() - started < SECONDS
    row.refresh_from_db()
    assert row.status == Import.Status.FAILED
    assert not project.prompts.exists()
    return row


def goes_on(project: Project, by: User) -> None:
    """The same process takes the next file."""
    row = queued(project, by, GOOD, "jsonl")
    parts.run(row, importing.do)
    row.refresh_from_db()
    assert row.status == Import.Status.DONE
    assert project.prompts.count() == 1


@pytest.mark.parametrize(
    ("content", "format"),
    [
        *[pytest.param(content, "jsonl", id=name) for name, content in LINES.items()],
        *[pytest.param(content, "json", id=f"{name} in a list") for name, content in LISTS.items()],
    ],
)
def test_a_hostile_line_is_refused_with_its_number(project: Project, ada: User, content: bytes, format: str) -> None:
    row = refused(project, ada, content, format)
    told = list(LineProblem.objects.filter(work=row).values_list("line", flat=True))
    assert told == [2] or (told == [] and row.problem.startswith("Line 2")), (told, row.problem)
    goes_on(project, ada)


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_refused_with_the_reason(project: Project, ada: User, name: str) -> None:
    format, made, words = FILES[name]
    assert words in refused(project, ada, made(), format).problem
    goes_on(project, ada)


def test_what_is_hostile_is_refused_as_it_is_uploaded(project: Project, ada: User, sign_in: Any) -> None:
    """Before anything of it is kept, by the web server, which goes on."""
    client, page = sign_in(ada), f"/projects/{project.pk}/import/"
    for name, content in (
        ("bomb.parquet", FILES["Parquet of 22 GB"][1]()),
        ("deep.json", b"[" * 1_000_000),
        ("notes.jsonl", FILES["gzip of a gigabyte"][1]()),
    ):
        started = time.monotonic()
        answer = client.post(page, {"file": SimpleUploadedFile(name, content)})
        assert time.monotonic() - started < SECONDS
        assert answer.status_code == 422, name
    assert not project.imports.exists()
    assert client.post(page, {"file": SimpleUploadedFile("good.jsonl", GOOD)}).status_code == 302
