"""The worker's part of an import: checks the file to its end, then takes it, some hundred records at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from annotation import queues
from annotation.actions.arriving import Arriving, make_comparisons
from annotation.actions.importing import IMPORTED, Judgements, refusal, store
from annotation.imports.files import read_rows
from annotation.imports.items import Reader, stretches
from annotation.imports.rows import Problem, Row, Unreadable
from annotation.models import Event, Import, LineProblem
from annotation.parts import Unable
from annotation.planning import Counts, Planned, Planner
from annotation.records import Mapping
from annotation.splits import Shares

MOST_PROBLEMS = 10_000
BREATH = 0.03  # between two parts: SQLite lets one write at a time, and people save meanwhile
GONE = "The uploaded file is no longer there. Discard this entry and upload the file again."


Told = Callable[[Import], None]


def nothing(work: Import) -> None:
    pass


def do(work: Import, told: Told = nothing) -> None:
    """`told` is called after each part, for who waits for it."""
    if not work.has_begun:
        _check(work, told)
    if not work.state.get("taken"):
        _take(work, told)
    work.file.delete(save=False)


def reader_of(work: Import) -> Reader:
    columns = dict(work.mapping["columns"])
    if work.mapping["split_by"] == "group":
        columns.pop("split", None)
    mapping = Mapping(columns, work.mapping["fixed_instruction"].strip())
    return Reader(mapping, work.mapping.get("shape", ""))


def planner_of(work: Import) -> Planner:
    evaluation, validation = work.mapping["evaluation_share"] / 100, work.mapping["validation_share"] / 100
    return Planner(work.project, Shares(evaluation, validation))


def _check(work: Import, told: Told) -> None:
    """Of the whole file, before anything of it is in the project. Begun anew after a break: it takes seconds."""
    with work.part():
        work.problems.all().delete()
        work.done, work.total, work.counts = 0, None, {}
    counts, reader, planner = Counts(), reader_of(work), planner_of(work)
    with _rows(work) as rows:
        for stretch in stretches(rows):
            planned = planner.planned(reader.items(stretch))
            for item in planned:
                counts.add(item)
            with work.part():
                _tell(work, planned)
                work.done += len(stretch)
                work.counts = counts.numbers()
            told(work)
            if counts.problems > MOST_PROBLEMS:
                raise Unable(f"More than {MOST_PROBLEMS:,} lines have a problem; nothing was imported.")
    if counts.problems and not work.skip_problems:
        raise Unable(refusal(counts.problems))
    with work.part():
        work.problems.all().delete()  # told again, each together with what is taken beside it
        work.done, work.total, work.counts = 0, work.done, {}


def _take(work: Import, told: Told) -> None:
    """What was taken before a break is read again and left as it is."""
    counts, reader, planner = Counts.of(work.counts), reader_of(work), planner_of(work)
    read = 0
    with _rows(work) as rows:
        for stretch in stretches(rows):
            items = reader.items(stretch)
            read += len(stretch)
            if read <= work.done:
                continue
            with work.part():
                queues.lock(work.project)
                planned = planner.planned(items)
                for item in planned:
                    counts.add(item)
                _store(work, planned)
                _tell(work, planned)
                work.done, work.counts = read, counts.numbers()
            told(work)
            time.sleep(BREATH)
    with work.part():
        work.state = {"taken": True}
        about = {"source": work.file_name, "sha256": work.sha256, **work.counts}
        Event.record(IMPORTED, work.project, by=work.created_by, project=work.project, **about)


def _store(work: Import, planned: list[Planned | Problem]) -> None:
    assert work.created_by is not None
    author = work.author or work.created_by
    responses = work.mapping["responses"]
    store(project=work.project, planned=planned, responses=responses, author=author, by=work.created_by)
    decides = work.mapping.get("judgements") == Judgements.DECIDE
    arriving = Arriving(work.project, work.file_name, decides, work.created_by)
    make_comparisons([item for item in planned if isinstance(item, Planned)], arriving)


def _tell(work: Import, planned: list[Planned | Problem]) -> None:
    """Why lines are left out, and which ones the project has with another text."""
    LineProblem.objects.bulk_create(
        LineProblem(work=work, line=line, reason=reason[:1000], differs=differs)
        for line, reason, differs in map(_told, planned)
        if reason
    )


def _told(item: Planned | Problem) -> tuple[int, str, bool]:
    if isinstance(item, Problem):
        return item.line, item.reason, False
    if not item.differs:
        return item.record.line, "", False
    return item.record.line, f"The project has “{item.record.external_id}” with another text, and keeps it.", True


@contextmanager
def _rows(work: Import) -> Iterator[Iterator[Row | Problem]]:
    try:
        with opened(work) as file:
            rows = read_rows(file, work.format)
            yield rows
    except OSError:
        raise Unable(GONE) from None
    except Unreadable as error:
        raise Unable(str(error)) from None


def opened(work: Import) -> IO[bytes]:
    file: IO[bytes] = work.file.open("rb")
    return file
