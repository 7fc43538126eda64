"""From what detectors tell to rows: each place once, and what no longer stands there is said to be outdated.

And who may see which of these rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import User

from annotation import inserts
from annotation.cleaning import Found
from annotation.cleaning_runs.cleanable import REFERENCE, Subject, hashed
from annotation.models import CleaningRun, Finding, FindingQuerySet, Project
from annotation.queues import sets_of

WORDS = 200
Status = Finding.Status
_Place = tuple[str, str, str, int, int, str]


def visible(project: Project, user: User, senior: bool) -> FindingQuerySet:
    """What this person may see and decide about."""
    rows = Finding.objects.filter(project=project)
    if senior:
        return rows
    rows = rows.for_expert(user)
    return rows.not_kept_for_others(sets_of(project, user)) if project.has_assignments else rows


@dataclass(frozen=True)
class Ready:
    """What a part of a run changes, made ready before the database is held: nobody waits for its making."""

    gone: list[UUID]
    back: list[UUID]
    new: list[inserts.Insert]
    count: int

    def write(self) -> int:
        """How many were new."""
        rows = Finding.objects.all()
        if self.gone:
            rows.filter(pk__in=self.gone, status=Status.OPEN).update(status=Status.OUTDATED)
        if self.back:
            rows.filter(pk__in=self.back, status=Status.OUTDATED).update(status=Status.OPEN)
        inserts.run(self.new)
        return self.count


def ready(
    run: CleaningRun,
    subjects: list[Subject],
    found: Mapping[str, list[Found]],
    others: Mapping[tuple[str, Found], tuple[str, bool]] | None = None,
) -> Ready:
    """What was decided stays decided: the same place of the same text is never found twice."""
    hashes = {s.key: {field: hashed(text) for field, text in s.item.texts.items()} for s in subjects}
    known, gone, back = _known(subjects, hashes)
    new: dict[_Place, inserts.Values] = {}
    for subject in subjects:
        for each in found.get(subject.key, ()):
            other, kept = (others or {}).get((subject.key, each), ("", False))
            place = (str(subject.pk), each.field, each.kind, each.start, each.end, hashes[subject.key][each.field])
            if place not in known:
                new.setdefault(place, _finding(run, subject, each, place[-1], other, kept))
    return Ready(gone, back, inserts.insert_of(Finding, list(new.values()), once=True), len(new))


def _known(
    subjects: Iterable[Subject], hashes: Mapping[str, Mapping[str, str]]
) -> tuple[set[_Place], list[UUID], list[UUID]]:
    """Places that are known; findings whose words no longer stand there; and those whose words stand there again."""
    by_pk = {subject.pk: hashes[subject.key] for subject in subjects}
    known: set[_Place] = set()
    gone: list[UUID] = []
    back: list[UUID] = []
    rows = Finding.objects.filter(item__in=by_pk)
    for pk, item, field, kind, start, end, sha256, status in rows.values_list(
        "pk", "item", "field", "kind", "start", "end", "text_sha256", "status"
    ):
        known.add((str(item), field, kind, start, end, sha256))
        holds = by_pk[item].get(field) == sha256
        if status == Status.OPEN and not holds:
            gone.append(pk)
        if status == Status.OUTDATED and holds:
            back.append(pk)
    return known, gone, back


def _finding(run: CleaningRun, subject: Subject, found: Found, sha256: str, other: str, kept: bool) -> inserts.Values:
    text = subject.item.texts[found.field]
    words = text[found.start : found.end] if found.end else text
    return {
        "project_id": run.project_id,
        "run_id": run.pk,
        "kind": found.kind,
        f"{subject.of}_id": subject.pk,
        "item": subject.pk,
        "field": found.field,
        "start": found.start,
        "end": found.end,
        "text_sha256": sha256,
        "words": _storable(words[:WORDS]),
        "proposed": found.replacement,
        "replacement": found.replacement,
        "note": found.note[:500],
        "other": other,
        "for_seniors": subject.for_seniors or kept or found.field == REFERENCE,
        "author_id": None if kept else subject.author,
    }


def _storable(text: str) -> str:
    """PostgreSQL keeps no NUL, and nothing keeps half of a character."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
