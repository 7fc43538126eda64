from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import Max
from django.utils import timezone

from annotation import inserts, queues
from annotation.actions import Refused
from annotation.imports.planning import Counts, Planned, Planner
from annotation.imports.records import Record
from annotation.imports.rows import Problem
from annotation.inserts import Insert, Values, insert_of
from annotation.models import Demonstration, Event, Priority, Project, Prompt, Revision, Split
from annotation.splits import Shares

BATCH = 500
IMPORTED = "imported prompts"


class Responses(models.TextChoices):
    """What becomes of the responses that a file brings along."""

    APPROVED = "approved", "Approved: they are examples to learn from as they are"
    SUBMITTED = "submitted", "Submitted: a reviewer reads each one first"
    REFERENCE = "reference", "Reference only: shown to nobody, compared with later"


class Judgements(models.TextChoices):
    """What becomes of what a file says of answers to compare."""

    DECIDE = "decide", "Decisions: which one is better is learned from as the file says"
    ASK = "ask", "Nothing: your people rank them"


class ImportRefused(Refused):
    """Nothing was imported; `counts.first_problems` says why."""

    def __init__(self, message: str, counts: Counts) -> None:
        super().__init__(message)
        self.counts = counts


def take_records(
    *,
    project: Project,
    items: Iterable[Record | Problem],
    shares: Shares,
    responses: str,
    by: User,
    author: User | None = None,
    skip_problems: bool = False,
    source: str = "",
) -> Counts:
    """Import all records or, if one has a problem and that was not waved through, none. Returns what was done.

    `author` is who the responses are by, if not the importer. Held-out prompts keep theirs as a reference.
    """
    counts = Counts()
    planner = Planner(project, shares)
    with transaction.atomic():
        queues.lock(project)
        for stretch in _stretches(items):
            planned = planner.planned(stretch)
            for item in planned:
                counts.add(item)
            new = arriving(
                project=project,
                planned=planned,
                position=last_position(project),
                responses=responses,
                author=author or by,
                by=by,
            )
            inserts.run(new.inserts)
        if counts.problems and not skip_problems:
            raise ImportRefused(refusal(counts.problems), counts)
        Event.record(IMPORTED, project, by=by, project=project, source=source, **counts.numbers())
    return counts


def refusal(problems: int) -> str:
    return f"{problems:,} {'line has' if problems == 1 else 'lines have'} a problem; nothing was imported."


def _stretches(items: Iterable[Record | Problem]) -> Iterator[list[Record | Problem]]:
    remaining = iter(items)
    while stretch := list(islice(remaining, BATCH)):
        yield stretch


def last_position(project: Project) -> int:
    """While it is the same, no prompt has arrived."""
    return project.prompts.aggregate(last=Max("position"))["last"] or 0


@dataclass(frozen=True)
class Arriving:
    """What is new of some records, ready to be written. `prompts`: their ids by the name they have in their file."""

    prompts: dict[str, UUID]
    inserts: list[Insert]


def arriving(
    *, project: Project, planned: Iterable[Planned | Problem], position: int, responses: str, author: User, by: User
) -> Arriving:
    """`position` is the last one that is taken. Asks the database nothing."""
    new = {uuid4(): item for item in planned if isinstance(item, Planned) and not item.known}
    prompts = [
        _prompt(project, pk, item, position + number, responses)
        for number, (pk, item) in enumerate(new.items(), start=1)
    ]
    answered = {pk: item.record.response for pk, item in new.items() if _is_answered(item, responses)}
    named = {item.name: pk for pk, item in new.items()}
    return Arriving(named, [*insert_of(Prompt, prompts), *_responses(project, answered, responses, author, by)])


def _prompt(project: Project, pk: UUID, item: Planned, position: int, responses: str) -> Values:
    record = item.record
    return {
        "id": pk,
        "project_id": project.pk,
        "position": position,
        "external_id": record.external_id,
        "group": item.group,
        "task_type": record.task_type,
        "instruction": record.instruction,
        "input": record.input,
        "history": [{"role": role, "content": text} for role, text in record.history],
        "reference": record.response if _only_reference(item, responses) else "",
        "split": item.split,
        "text_sha256": item.text_sha256,
        "priority": Priority.USUAL if record.priority is None else record.priority,
        "answers_needed": _answers_needed(item, project),
        "answers_done": int(_is_answered(item, responses)),
    }


def _answers_needed(item: Planned, project: Project) -> int:
    """Nobody writes for what is held out, nor for what came to be compared."""
    if item.split == Split.EVALUATION or item.ranked:
        return 0
    return item.record.answers_needed or project.answers_per_prompt


def _only_reference(item: Planned, responses: str) -> bool:
    return item.split == Split.EVALUATION or responses == Responses.REFERENCE


def _is_answered(item: Planned, responses: str) -> bool:
    return bool(item.record.response) and not _only_reference(item, responses)


def _responses(project: Project, answered: dict[UUID, str], status: str, author: User, by: User) -> list[Insert]:
    now = timezone.now()
    review = {"reviewed_at": now, "reviewed_by_id": by.pk} if status == Demonstration.Status.APPROVED else {}
    usual = {
        "project_id": project.pk,
        "author_id": author.pk,
        "status": status,
        "version": 1,
        "origin": Demonstration.Origin.IMPORTED,
        "submitted_at": now,
        **review,
    }
    of = {uuid4(): (prompt, text) for prompt, text in answered.items()}
    demonstrations = [{**usual, "id": pk, "prompt_id": prompt, "text": text} for pk, (prompt, text) in of.items()]
    first = {"status": status, "created_by_id": by.pk, "note": "Imported"}
    revisions = [{**first, "demonstration_id": pk, "text": text} for pk, (_prompt, text) in of.items()]
    return [*insert_of(Demonstration, demonstrations), *insert_of(Revision, revisions)]
