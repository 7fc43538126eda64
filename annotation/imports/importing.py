"""The worker's part of an import: checks the file to its end, then takes it, some hundred records at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from annotation import inserts, queues
from annotation.actions.arriving import Origin, comparisons
from annotation.actions.importing import IMPORTED, Judgements, arriving, last_position, refusal
from annotation.imports.files import read_rows
from annotation.imports.items import Reader, stretches
from annotation.imports.planning import Counts, Planned, Planner
from annotation.imports.records import Mapping
from annotation.imports.rows import Problem, Row, Unreadable
from annotation.inserts import BREATH, Insert
from annotation.models import Event, Import, LineProblem
from annotation.parts import Unable
from annotation.shapes import Item
from annotation.splits import Shares

MOST_PROBLEMS = 10_000
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
    by_chance = work.mapping["split_by"] == "group"
    mapping = Mapping(work.mapping["columns"], work.mapping["fixed_instruction"].strip())
    return Reader(mapping, work.mapping.get("shape", ""), with_splits=not by_chance)


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
    counts, reader = Counts.of(work.counts), reader_of(work)
    read, free_since = 0, time.monotonic()
    with _rows(work) as rows:
        for stretch in stretches(rows):
            items = reader.items(stretch)
            read += len(stretch)
            if read <= work.done:
                continue
            part = _ready(work, items)
            time.sleep(max(0.0, free_since + BREATH - time.monotonic()))
            with work.part():
                queues.lock(work.project)
                if last_position(work.project) != part.position:  # other prompts arrived meanwhile
                    part = _ready(work, items)
                for item in part.planned:
                    counts.add(item)
                _write(part)
                _tell(work, part.planned)
                work.done, work.counts = read, counts.numbers()
            free_since = time.monotonic()
            told(work)
    with work.part():
        work.state = {"taken": True}
        about = {"source": work.file_name, "sha256": work.sha256, **work.counts}
        Event.record(IMPORTED, work.project, by=work.created_by, project=work.project, **about)


@dataclass(frozen=True)
class _Part:
    """What becomes of some records while the project's last prompt is at `position`, ready to be written."""

    position: int
    planned: list[Planned | Problem]
    inserts: list[Insert]


def _ready(work: Import, items: list[Item | Problem]) -> _Part:
    assert work.created_by is not None
    position = last_position(work.project)
    planned = planner_of(work).planned(items)
    new = arriving(
        project=work.project,
        planned=planned,
        position=position,
        responses=work.mapping["responses"],
        author=work.author or work.created_by,
        by=work.created_by,
    )
    decides = work.mapping.get("judgements") == Judgements.DECIDE
    origin = Origin(work.project, work.file_name, decides, work.created_by)
    return _Part(position, planned, [*new.inserts, *comparisons(planned, new.prompts, origin)])


def _write(part: _Part) -> None:
    inserts.run(part.inserts)


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
