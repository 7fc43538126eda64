"""A frozen folder without the rows that go: each leaves its id and the hash of what it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from training.erasing.scrubbing import Scrubber
from training.freezing import datasets
from training.freezing.row import row_sha256
from training.run_dir import dumps, write_json

KEPT = ("id", "prompt_id", "origin")


def tombstone(folder: Path, rows: set[str], scrubber: Scrubber) -> int:
    """How many rows of the folder are erased now. Done again it changes nothing."""
    if not folder.is_dir():
        return 0
    hashes: dict[str, str] = {}
    erased = sum(_rows(folder / name, rows, hashes) for name in (datasets.TRAIN, datasets.VALIDATION))
    manifest = json.loads((folder / datasets.MANIFEST).read_text(encoding="utf-8"))
    sources = manifest.pop("rows")
    for part, each in sources.items():
        sources[part] = [_source(source, hashes) for source in each]
    write_json(folder / datasets.MANIFEST, {**scrubber.clean(manifest), "rows": sources, "erased_rows": erased})
    return erased


def _rows(path: Path, rows: set[str], hashes: dict[str, str]) -> int:
    scratch, erased = path.with_name(f".{path.name}.erasing"), 0
    with path.open(encoding="utf-8") as old, scratch.open("w", encoding="utf-8") as new:
        for line in old:
            row = json.loads(line)
            if row["id"] in rows and not row.get("erased"):
                row = {**_kept(row), "erased": True, "sha256": row_sha256(row)}
                line = dumps(row) + "\n"
            if row.get("erased"):
                erased += 1
                hashes[row["id"]] = row["sha256"]
            new.write(line)
    scratch.replace(path)
    return erased


def _source(source: dict[str, Any], hashes: dict[str, str]) -> dict[str, Any]:
    if source["id"] not in hashes:
        return source
    return {**_kept(source), "people": [], "erased": True, "sha256": hashes[source["id"]]}


def _kept(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in KEPT if name in row}
