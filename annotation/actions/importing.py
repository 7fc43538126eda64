from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import Max
from django.utils import timezone

from annotation import inserts, queues
from annotation.actions import Refused
from annotation.imports.planning import Counts, Planned, Planner
from annotation.imports.records import Record
from annotation.imports.rows import Problem
from annotation.inserts import Insert, insert_of
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
    """What is new of some records, ready to be written. `prompts` by the name they have in their file."""

    prompts: dict[str, Prompt]
    inserts: list[Insert]


def arriving(
    *, project: Project, planned: Iterable[Planned | Problem], position: int, responses: str, author: User, by: User
) -> Arriving:
    """`position` is the last one that is taken. Asks the database nothing.

    Rows are given ids and no objects: of a hundred thousand, looking after the objects takes seconds.
    """
    new = [item for item in planned if isinstance(item, Planned) and not item.known]
    prompts = _prompts(project, new, position, responses)
    answered = [
        (prompt, item.record.response)
        for prompt, item in zip(prompts, new, strict=True)
        if item.record.response and not _only_reference(item, responses)
    ]
    named = {item.name: prompt for prompt, item in zip(prompts, new, strict=True)}
    return Arriving(named, [*insert_of(prompts), *_responses(answered, responses, author, by)])


def _prompts(project: Project, new: list[Planned], position: int, responses: str) -> list[Prompt]:
    return [
        Prompt(
            project_id=project.pk,
            position=position + number,
            external_id=item.record.external_id,
            group=item.group,
            task_type=item.record.task_type,
            instruction=item.record.instruction,
            input=item.record.input,
            history=[{"role": role, "content": text} for role, text in item.record.history],
            reference=item.record.response if _only_reference(item, responses) else "",
            split=item.split,
            text_sha256=item.text_sha256,
            priority=Priority.USUAL if item.record.priority is None else item.record.priority,
            answers_needed=_answers_needed(item, project),
            answers_done=1 if item.record.response and not _only_reference(item, responses) else 0,
        )
        for number, item in enumerate(new, start=1)
    ]


def _answers_needed(item: Planned, project: Project) -> int:
    """Nobody writes for what is held out, nor for what came to be compared."""
    if item.split == Split.EVALUATION or item.ranked:
        return 0
    return item.record.answers_needed or project.answers_per_prompt


def _only_reference(item: Planned, responses: str) -> bool:
    return item.split == Split.EVALUATION or responses == Responses.REFERENCE


def _responses(answered: list[tuple[Prompt, str]], status: str, author: User, by: User) -> list[Insert]:
    now = timezone.now()
    review = {"reviewed_at": now, "reviewed_by_id": by.pk} if status == Demonstration.Status.APPROVED else {}
    demonstrations = [
        Demonstration(
            project_id=prompt.project_id,
            prompt_id=prompt.pk,
            author_id=author.pk,
            status=status,
            text=text,
            version=1,
            origin=Demonstration.Origin.IMPORTED,
            submitted_at=now,
            **review,
        )
        for prompt, text in answered
    ]
    revisions = [
        Revision(demonstration_id=one.pk, text=one.text, status=status, created_by_id=by.pk, note="Imported")
        for one in demonstrations
    ]
    return [*insert_of(demonstrations), *insert_of(revisions)]
