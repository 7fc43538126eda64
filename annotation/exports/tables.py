"""Rows as Parquet, and as a folder that the `datasets` library loads. Pure: no database, no HTTP.

Loaded where such a file is made and nowhere else: pyarrow takes 50 MB.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from annotation.exports.files import stretches

SPLITS = {"train": "train", "validation": "validation", "evaluation": "test"}
Row = dict[str, Any]


class Uneven(Exception):
    """The rows do not fit into one table."""


def schema_of(source: Path) -> pa.Schema:
    """Of all rows: a column that is missing in some is empty there."""
    schema = pa.schema([])
    try:
        for stretch in stretches(source):
            found = pa.Table.from_pylist(stretch, schema=_named(stretch)).schema
            schema = pa.unify_schemas([schema, found], promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise Uneven(str(error)) from None
    return schema


def _named(stretch: list[Row]) -> pa.Schema:
    names = dict.fromkeys(name for row in stretch for name in row)
    return pa.schema([(name, pa.infer_type([row.get(name) for row in stretch])) for name in names])


def write_parquet(
    path: Path, source: Path, told: Callable[[], object], schema: pa.Schema, split: str = "", usual: str = "train"
) -> int:
    """`split`: only its rows; `usual`: of rows that do not say. Returns how many there are."""
    count = 0
    with pq.ParquetWriter(path, schema) as writer:
        for stretch in stretches(source):
            chosen = [row for row in stretch if not split or row.get("split", usual) == split]
            if chosen:
                writer.write_table(pa.Table.from_pylist(chosen, schema=schema))
                count += len(chosen)
            told()
    return count


def write_hugging_face(
    path: Path,
    source: Path,
    told: Callable[[], object],
    card: Callable[[list[tuple[str, str]], dict[str, int]], str],
    usual: str = "train",
) -> None:
    """A folder as the `datasets` library loads it, as a zip: a Parquet file for each split, and a card."""
    schema = schema_of(source)
    features = [(field.name, str(field.type)) for field in schema]
    counts: dict[str, int] = {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as folder:
        for split, name in SPLITS.items():
            scratch = path.with_suffix(".split")
            try:
                if count := write_parquet(scratch, source, told, schema, split, usual):
                    counts[name] = count
                    with scratch.open("rb") as file:
                        _put(folder, f"data/{name}-00000-of-00001.parquet", file)
            finally:
                scratch.unlink(missing_ok=True)
        _put(folder, "README.md", BytesIO(card(features, counts).encode()))


def _put(folder: zipfile.ZipFile, name: str, content: IO[bytes]) -> None:
    """With a time that never changes: the same rows are the same bytes."""
    with folder.open(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), "w", force_zip64=True) as place:
        shutil.copyfileobj(content, place)
