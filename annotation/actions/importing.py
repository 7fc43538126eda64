from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import Max
from django.utils import timezone

from annotation import queues, splits
from annotation.actions import Refused
from annotation.models import Demonstration, Event, Priority, Project, Prompt, Revision, Split
from annotation.records import Record
from annotation.rows import Problem
from annotation.splits import Shares
from annotation.texts import fingerprint

BATCH = 500
PROBLEMS_KEPT = 50


class Responses(models.TextChoices):
    """What becomes of the responses that a file brings along."""

    APPROVED = "approved", "Approved: they are examples to learn from as they are"
    SUBMITTED = "submitted", "Submitted: a reviewer reads each one first"
    REFERENCE = "reference", "Reference only: shown to nobody, compared with later"


@dataclass(frozen=True)
class Planned:
    """What will become of one record. `known` says that the project has this prompt already."""

    record: Record
    group: str
    split: str
    text_sha256: str
    known: bool

    @property
    def priority(self) -> str:
        """Its name, for the preview, where it is not the usual one."""
        return Priority(self.record.priority).label.lower() if self.record.priority else ""


@dataclass
class Counts:
    records: int = 0
    new: int = 0
    known: int = 0
    problems: int = 0
    responses: int = 0
    train: int = 0
    validation: int = 0
    evaluation: int = 0
    first_problems: list[dict[str, Any]] = field(default_factory=list)

    def add(self, item: Planned | Problem) -> None:
        if isinstance(item, Problem):
            self.problems += 1
            if self.problems <= PROBLEMS_KEPT:
                self.first_problems.append(asdict(item))
            return
        self.records += 1
        if item.known:
            self.known += 1
            return
        self.new += 1
        self.responses += bool(item.record.response)
        setattr(self, item.split, getattr(self, item.split) + 1)

    def numbers(self) -> dict[str, int]:
        return {name: value for name, value in asdict(self).items() if name != "first_problems"}


class ImportRefused(Refused):
    """Nothing was imported; `counts.first_problems` says why."""

    def __init__(self, message: str, counts: Counts) -> None:
        super().__init__(message)
        self.counts = counts


def plan(project: Project, items: Iterable[Record | Problem], shares: Shares) -> Iterator[Planned | Problem]:
    """Say of each record where it goes, in the file's order, asking the database once per batch.

    A group that the project has already keeps its split, and so does a text: what is held out stays held out.
    """
    seen: set[str] = set()
    for batch in _batches(items):
        yield from _plan_batch(project, batch, shares, seen)


def _batches(items: Iterable[Record | Problem]) -> Iterator[list[Record | Problem]]:
    batch: list[Record | Problem] = []
    for item in items:
        batch.append(item)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _plan_batch(
    project: Project, batch: list[Record | Problem], shares: Shares, seen: set[str]
) -> Iterator[Planned | Problem]:
    records = [item for item in batch if isinstance(item, Record)]
    shas = {record.line: _fingerprint(record) for record in records}
    prompts = project.prompts.order_by()
    ids = set(
        prompts.filter(external_id__in={r.external_id for r in records if r.external_id}).values_list(
            "external_id", flat=True
        )
    )
    sides = dict(prompts.filter(group__in={r.group for r in records if r.group}).values_list("group", "split"))
    texts = dict(prompts.filter(text_sha256__in=set(shas.values())).values_list("text_sha256", "split"))
    for item in batch:
        if isinstance(item, Problem):
            yield item
            continue
        sha = shas[item.line]
        known = item.external_id in ids if item.external_id else sha in texts or sha in seen
        seen.add(sha)
        yield _planned(item, sha, known, sides.get(item.group) or texts.get(sha), shares)


def _fingerprint(record: Record) -> str:
    return fingerprint(record.instruction, record.input, *(text for _role, text in record.history))


def _planned(record: Record, sha: str, known: bool, side: str | None, shares: Shares) -> Planned | Problem:
    if side and record.split and side != record.split and not known:
        what = f"The group “{record.group}”" if record.group else "This text"
        return Problem(record.line, f"{what} is in the project already as {side}; the file says {record.split}.")
    split = side or _split(record, sha, shares)
    return Planned(record, record.group or record.external_id or sha[:16], split, sha, known)


def _split(record: Record, sha: str, shares: Shares) -> str:
    key = record.group or sha
    if not record.split:
        return splits.split_for(key, shares)
    return splits.within_teaching(key, shares) if record.split == Split.TRAIN else record.split


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
    with transaction.atomic():
        queues.lock(project)
        position = project.prompts.aggregate(last=Max("position"))["last"] or 0
        waiting: list[Planned] = []
        for item in plan(project, items, shares):
            counts.add(item)
            if isinstance(item, Problem) or item.known:
                continue
            waiting.append(item)
            if len(waiting) == BATCH:
                _store(project, waiting, position, responses, author or by, by)
                position += len(waiting)
                waiting = []
        _store(project, waiting, position, responses, author or by, by)
        if counts.problems and not skip_problems:
            noun = "line has" if counts.problems == 1 else "lines have"
            raise ImportRefused(f"{counts.problems:,} {noun} a problem; nothing was imported.", counts)
        Event.record("imported prompts", project, by=by, project=project, source=source, **counts.numbers())
    return counts


def _store(project: Project, batch: list[Planned], position: int, responses: str, author: User, by: User) -> None:
    prompts = [
        Prompt(
            project=project,
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
            answers_needed=0
            if item.split == Split.EVALUATION
            else item.record.answers_needed or project.answers_per_prompt,
            answers_done=1 if item.record.response and not _only_reference(item, responses) else 0,
        )
        for number, item in enumerate(batch, start=1)
    ]
    Prompt.objects.bulk_create(prompts)
    answered = [
        (prompt, item.record.response)
        for prompt, item in zip(prompts, batch, strict=True)
        if item.record.response and not _only_reference(item, responses)
    ]
    _store_responses(answered, responses, author, by)


def _only_reference(item: Planned, responses: str) -> bool:
    return item.split == Split.EVALUATION or responses == Responses.REFERENCE


def _store_responses(answered: list[tuple[Prompt, str]], status: str, author: User, by: User) -> None:
    now = timezone.now()
    review = {"reviewed_at": now, "reviewed_by": by} if status == Demonstration.Status.APPROVED else {}
    demonstrations = Demonstration.objects.bulk_create(
        [
            Demonstration(
                prompt=prompt,
                author=author,
                status=status,
                text=text,
                version=1,
                origin=Demonstration.Origin.IMPORTED,
                submitted_at=now,
                **review,
            )
            for prompt, text in answered
        ]
    )
    Revision.objects.bulk_create(
        Revision(demonstration=one, text=one.text, status=status, created_by=by, note="Imported")
        for one in demonstrations
    )
