"""Readers of people's files: what they give back of every format, and what none of them lets pass."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.imports import json_rows, parquet_process
from annotation.imports.files import format_of, read_rows, samples
from annotation.imports.rows import MAX_LINE_BYTES, Problem, Row, Unreadable

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40)
NAME = TEXT.filter(lambda name: name.strip() == name and bool(name))
VALUE = st.recursive(
    TEXT | st.booleans() | st.none() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
RECORDS = st.lists(st.dictionaries(NAME, VALUE, min_size=1, max_size=4), max_size=5)


def read(data: bytes | str, format: str) -> list[Row | Problem]:
    return list(read_rows(io.BytesIO(data.encode() if isinstance(data, str) else data), format))


def values(data: bytes | str, format: str) -> list[dict[str, Any]]:
    found = read(data, format)
    assert all(isinstance(each, Row) for each in found), found
    return [each.values for each in found if isinstance(each, Row)]


def reason(data: bytes | str, format: str) -> str:
    with pytest.raises(Unreadable) as raised:
        read(data, format)
    return str(raised.value)


# --- Round trips --------------------------------------------------------------------------------------------


@given(RECORDS, st.sampled_from([None, 1]), st.booleans())
def test_json_comes_back_as_it_went(records: list[dict[str, Any]], indent: int | None, ascii: bool) -> None:
    lines = "".join(json.dumps(each, ensure_ascii=ascii) + "\n" for each in records)
    assert values(lines, "jsonl") == records
    assert values(json.dumps(records, ensure_ascii=ascii, indent=indent), "json") == records


@given(RECORDS, st.integers(1, 9))
def test_a_list_is_the_same_in_whatever_pieces_it_is_read(records: list[dict[str, Any]], piece: int) -> None:
    whole, json_rows.PIECE = json_rows.PIECE, piece
    try:
        assert values(json.dumps(records), "json") == records
    finally:
        json_rows.PIECE = whole


@given(
    st.lists(NAME.filter(lambda name: "\r" not in name and "\n" not in name), min_size=1, max_size=4, unique=True),
    st.lists(TEXT, min_size=1, max_size=4),
    st.sampled_from([",", ";", "\t", "|"]),
)
def test_csv_comes_back_as_it_went(names: list[str], cells: list[str], delimiter: str) -> None:
    if len(names) == 1:
        names = [*names, "another column"] if names[0] != "another column" else ["a", "b"]
    row = [(cells * len(names))[number] for number in range(len(names))]
    if (
        not any(row)
        or any("\r" in cell for cell in row)
        or any(sign in "".join(names) for sign in ',;\t|"\r\n\x1c\x85')
    ):
        return
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows([names, row])
    assert values(file.getvalue(), "csv") == [dict(zip(names, row, strict=True))]


def parquet(table: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(TEXT, st.integers(-5, 5), st.lists(TEXT, max_size=3)), min_size=1, max_size=8))
def test_parquet_comes_back_as_it_went(rows: list[tuple[str, int, list[str]]]) -> None:
    records = [{"text": text, "count": count, "parts": [{"x": each} for each in parts]} for text, count, parts in rows]
    kind = pa.schema(
        [("text", pa.string()), ("count", pa.int64()), ("parts", pa.list_(pa.struct([("x", pa.string())])))]
    )
    assert values(parquet(pa.Table.from_pylist(records, kind)), "parquet") == records


# --- What a format is told by -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("a.jsonl", '{"a": 1}', "jsonl"),
        ("a.json", ' [{"a": 1}]', "json"),
        ("a.jsonl", '[{"a": 1}]', "json"),
        ("a.json", '{"a": 1}', "jsonl"),
        ("a", '\ufeff{"a": 1}', "jsonl"),
        ("a.txt", '{"a": 1}', "jsonl"),
        ("a.csv", "a;b\n", "csv"),
        ("a.csv", "a\tb\n", "tsv"),
        ("a.csv", '"x, y"\tb\n', "tsv"),
        ("a.md", "# A", "text"),
        ("a.bin", "PAR1", "parquet"),
        ("a.docx", "x", None),
    ],
)
def test_it_tells_the_format(name: str, content: str, format: str | None) -> None:
    assert format_of(name, io.BytesIO(content.encode())) == format


def test_a_document_is_one_row() -> None:
    assert values("# Title\n\nText.\n", "text") == [{"text": "# Title\n\nText."}]
    assert values("  \n", "text") == []


# --- One record at fault ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("element", "words"),
    [
        ("17", "not a JSON object"),
        ('{"a": NaN}', "NaN is not a value"),
        ('{"a": -Infinity}', "Infinity is not a value"),
        ('{"a": "x\\u0000"}', "NUL"),
        ('{"a": "\\ud800"}', "surrogate"),
        ('{"a": 1, "a": 2}', "occurs twice"),
        ('{"a": }', "not valid JSON"),
        ('{"a": "' + "x" * MAX_LINE_BYTES + '"}', "longer than 1 MB"),
        ('{"a": "' + "x" * 200_001 + '"}', "longer than 200,000"),
        ("", "no record before a comma"),
    ],
)
def test_a_list_goes_on_after_a_record_at_fault(element: str, words: str) -> None:
    found = read(f'[{{"a": 1}}, {element}, {{"a": 3}}]', "json")
    assert [type(each) for each in found] == [Row, Problem, Row]
    assert isinstance(found[1], Problem)
    assert (found[1].line, words in found[1].reason) == (2, True), found[1]


def test_a_parquet_file_goes_on_after_a_row_at_fault() -> None:
    table = pa.table({"a": ["x", "y", "x\x00", "z" * 1_100_000, "ok"], "n": [1.5, float("nan"), 1.0, 1.0, 2.0]})
    found = read(parquet(table), "parquet")
    assert [type(each) for each in found] == [Row, Problem, Problem, Problem, Row]
    assert [each.line for each in found] == [1, 2, 3, 4, 5]
    reasons = [each.reason for each in found if isinstance(each, Problem)]
    assert ("NaN" in reasons[0], "NUL" in reasons[1], "longer than 1 MB" in reasons[2]) == (True, True, True)


def test_a_parquet_row_of_bytes_is_refused_alone() -> None:
    found = read(parquet(pa.table({"a": [None, b"\xff"]})), "parquet")
    assert [type(each) for each in found] == [Row, Problem]


# --- A whole file at fault ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'[{"a": 1}', "Line 1: the file ends in the middle of its list."),
        (b'[{"a": 1},\n{"a"', "Line 2: the file ends in the middle"),
        (b'[{"a": 1}]\n\n{"a": 2}', "Line 3: something follows"),
        (b"[" + b"[" * 5_000_000, "nested more than 64 levels"),
        (b'[{"a": ' + b'{"a":' * 1_000_000, "nested more than 64 levels"),
        (b'[{"a": "' + b"x" * 20_000_000, "a record is longer than 10 MB"),
        (b"\x1f\x8b\x08" + b"\0" * 100, "gzip"),
        (b"PK\x03\x04" + b"\0" * 100, "zip"),
        (b"BZh91AY", "bzip2"),
        (b"\xfd7zXZ\x00", "xz"),
        (b"(\xb5/\xfd\x00", "zstd"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_at_once(content: bytes, words: str) -> None:
    started = time.process_time()
    assert words in reason(content, "json")
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    ("content", "format", "words"),
    [
        (b"\n" * 300_000, "jsonl", "100,000 empty lines"),
        (b"\n" * 300_000, "csv", "100,000 empty lines"),
        (b"a,b\n" + b'"' + b'\n","' * 1_000_000, "csv", "a record longer than 2 MB"),
        (b",".join(b"%d" % n for n in range(1_500)) + b"\n", "csv", "1,500 columns"),
        (b"a,b\n1," + b"x" * 1_100_000 + b"\n", "csv", "Line 2 is longer than 1 MB"),
        (b"a,b\n1,\xff\n", "csv", "Line 2 is not UTF-8"),
        (b"PAR1" + b"x" * 100, "parquet", "damaged"),
        (b"", "parquet", "damaged"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(content: bytes, format: str, words: str) -> None:
    assert words in reason(content, format)


def test_a_giant_line_is_passed_over_without_being_held() -> None:
    found = read(b'{"a": "' + b"x" * 30_000_000 + b'"}\n{"a": 1}\n', "jsonl")
    assert found == [Problem(1, "The line is longer than 1 MB."), Row(2, {"a": 1})]


def test_a_damaged_parquet_file_is_refused_with_the_row_it_was_read_to() -> None:
    content = parquet(pa.table({"a": [f"text {n}" for n in range(300)]}), row_group_size=100, compression="none")
    at = content.index(b"text 299")
    assert "After row 200: this Parquet file is damaged" in reason(
        content[: at - 900] + b"\xff" * 900 + content[at:], "parquet"
    )


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        ("kill -KILL $$", "After row 2: the reading of this file broke off"),
        ("kill -XCPU $$", "After row 2: reading this file took longer"),
        ("exit 5", "After row 2: a row group of this file unfolds"),
        ("exit 4", "After row 2: this Parquet file is damaged"),
    ],
)
def test_a_process_that_ends_early_says_no_more_than_it_knows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ending: str, words: str
) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\n" + r"""printf '{"a": 1}\n{"a": 2}\n{"a": ' """ + f"\n{ending}\n")
    python.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(python))
    assert words in reason(b"PAR1", "parquet")


def test_no_thread_reads_a_parquet_file() -> None:
    """One that was late as Python ended would abort what had been read to its end, and the file look damaged."""
    read_it = "import io, os, sys; from annotation.imports import parquet_process as p; "
    told = "print(len(list(p.lines(sys.stdin.buffer))), len(os.listdir('/proc/self/task')))"
    alone = "import pyarrow.parquet, os; print(0, len(os.listdir('/proc/self/task')))"
    with tempfile.TemporaryFile() as file:
        pq.write_table(pa.table({"a": ["x"] * 300}), file)
        file.seek(0)
        command = [sys.executable, "-c", read_it + told]
        rows, threads = subprocess.run(command, stdin=file, capture_output=True, check=True).stdout.split()
    others = subprocess.run([sys.executable, "-c", alone], capture_output=True, check=True).stdout.split()[1]
    assert (int(rows), threads) == (300, others)


def bomb(cell: int, rows: int, groups: int) -> bytes:
    """The same long text again and again: a few bytes on the disk."""
    file = io.BytesIO()
    table = pa.table({"t": pa.array(["x" * cell] * rows)})
    options = {"compression": "zstd", "dictionary_pagesize_limit": 50_000_000, "write_statistics": False}
    with pq.ParquetWriter(file, table.schema, **options) as writer:
        for _ in range(groups):
            writer.write_table(table)
    return file.getvalue()


def test_parquet_that_unfolds_without_end_is_refused() -> None:
    content = bomb(cell=1_100_000, rows=50, groups=5)
    assert len(content) < 10_000
    assert "unfolded to 50 MB" in reason(content, "parquet")


@pytest.mark.parametrize(
    ("name", "most", "words"),
    [
        ("MAX_DECODED", 1_000, "Row 1: in the row group"),
        ("MAX_ROW_GROUP", 100, "Row 1: the row group"),
        ("MAX_ROWS", 10, "can have 5,000,000 rows"),
        ("MAX_COLUMNS", 1, "2 columns"),
    ],
)
def test_parquet_is_refused_by_what_it_says_of_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, name: str, most: int, words: str
) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(parquet(pa.table({"a": [f"text {n}" for n in range(500)], "b": list(range(500))})))
    monkeypatch.setattr(parquet_process, name, most)
    with path.open("rb") as file, pytest.raises(parquet_process.TooMuch, match=words):
        list(parquet_process.lines(file))


def test_the_first_rows_are_enough_and_the_process_ends() -> None:
    table = pa.table({"a": [f"text {n}" for n in range(100_000)]})
    assert len(samples(io.BytesIO(parquet(table)), "parquet")) == 100
