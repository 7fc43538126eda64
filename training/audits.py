"""Bias audits: the rows, and the worker's part, which reads what there is piece by piece in processes of its own."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import Any
from uuid import UUID

from annotation import bias_rows
from annotation.bias import figures, lists, tallies
from annotation.bias.tallies import OwnLists, Row, Tally
from annotation.parts import Unable
from training.freezing import datasets
from training.models import BiasAudit, DatasetVersion

PART = 2_000
PIECE = 500  # rows that a process counts at a time
WORTH_PROCESSES = 4_000
PROCESSES = 2
PARTS_OF_VERSION = ("train", "validation")
GONE = "The files of this version are missing or changed, so it cannot be audited. Freeze a new one."


def do(work: BiasAudit) -> None:
    own = OwnLists.of(work.lists["groups"], work.lists["outcomes"])
    if not work.state:
        with work.part():
            work.total = _total(work)
            work.state = {"tally": tallies.empty(), "after": -1}
    with _counting(work.total or 0) as pool:
        for rows, after in _pieces(work):
            tally = _count(rows, own, pool)
            with work.part():
                work.state = {"tally": tallies.merge(work.state["tally"], tally), "after": after}
                work.done = min(work.done + sum(row.first for row in rows), work.total or 0)
    with work.part():
        work.report = {**figures.report(work.state["tally"], own), "lists": lists_sha256(), "own": work.lists}
        work.done, work.state = work.total or 0, {"over": True}


def _total(work: BiasAudit) -> int:
    version = work.dataset_version
    return version.train_rows + version.validation_rows if version else work.project.prompts.count()


def _pieces(work: BiasAudit) -> Iterator[tuple[list[Row], int]]:
    """What is left to read, with how far each piece goes."""
    if "over" in work.state:
        return
    if work.dataset_version:
        yield from _of_version(work.dataset_version, work.state["after"])
        return
    after: int | None = work.state["after"]
    while after is not None:
        rows, after = bias_rows.of_project(work.project, after, PART)
        if after is not None:
            yield rows, after


def _of_version(version: DatasetVersion, after: int) -> Iterator[tuple[list[Row], int]]:
    if not datasets.intact(version):
        raise Unable(GONE)
    lines = _lines(version)
    seen = {row.get("prompt_id", row["id"]) for row in islice(lines, after + 1)}
    while some := list(islice(lines, PART)):
        after += len(some)
        yield _frozen_rows(some, seen), after


def _lines(version: DatasetVersion) -> Iterator[dict[str, Any]]:
    for part in PARTS_OF_VERSION:
        path = datasets.file_of(version, part)
        assert path is not None
        with path.open(encoding="utf-8") as file:
            for line in file:
                if line.strip():
                    yield json.loads(line)


def _frozen_rows(some: list[dict[str, Any]], seen: set[str]) -> list[Row]:
    told = bias_rows.facts(filter(None, (_id(row["id"]) for row in some)))
    rows: list[Row] = []
    for row in some:
        prompt_id = row.get("prompt_id", row["id"])
        answer = row.get("completion") or row.get("chosen")
        known = told.get(_id(row["id"]) or UUID(int=0), {})
        rows.append(
            Row(
                id=row["id"],
                prompt_id=row.get("prompt_id", ""),
                prompt=bias_rows.text_of(row.get("prompt")) or row.get("text", ""),
                response=bias_rows.text_of(answer),
                first=prompt_id not in seen,
                **{
                    name: value for name, value in known.items() if name != "approved"
                },  # every frozen response was approved
            )
        )
        seen.add(prompt_id)
    return rows


def _id(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None


@contextmanager
def _counting(total: int) -> Iterator[Executor | None]:
    """Processes for much to read, so that the other threads of this one go on; None for little."""
    if total < WORTH_PROCESSES:
        yield None
        return
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def _count(rows: list[Row], own: OwnLists, pool: Executor | None) -> Tally:
    if pool is None:
        return tallies.count(rows, own)
    pieces = [rows[at : at + PIECE] for at in range(0, len(rows), PIECE)]
    tally = tallies.empty()
    for counted in pool.map(tallies.count, pieces, [own] * len(pieces)):
        tally = tallies.merge(tally, counted)
    return tally


def lists_sha256() -> str:
    """Of our word lists: two audits with the same one looked for the same words."""
    digest = hashlib.sha256()
    for path in sorted(lists.FOLDER.iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()
