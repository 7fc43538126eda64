"""Comparisons that come back to reviewers to be decided: as before, or otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from annotation import queues
from annotation.actions import Refused
from annotation.models import Adjudication, Comparison, Doubt, Event, Gold, Project
from annotation.quality.judged import prefers

Outcome = Doubt.Outcome
MOST_AT_ONCE = 500


@dataclass(frozen=True)
class Doubted:
    """A pair of a comparison, by the ids of its candidates, of which one won."""

    comparison: UUID
    better: UUID
    worse: UUID


def ask(*, project: Project, pairs: Sequence[Doubted], by: User, source: str = "") -> int:
    """Ask reviewers to decide each comparison that nobody is asked about yet: how many.

    What is still being ranked is open anyway, and a known answer is changed where it was said. Raises Refused when
    there is nothing to ask about.
    """
    with transaction.atomic():
        queues.lock(project)
        free = _to_ask_about(project, pairs)
        first: dict[UUID, Doubted] = {}
        for pair in pairs:
            if pair.comparison in free:
                first.setdefault(pair.comparison, pair)
        asked = [
            Doubt(
                project=project,
                comparison_id=pair.comparison,
                better_id=pair.better,
                worse_id=pair.worse,
                source=source,
                asked_by=by,
            )
            for pair in list(first.values())[:MOST_AT_ONCE]
        ]
        if not asked:
            raise Refused("There is nothing to ask about: these comparisons were asked about, or are open, already.")
        Doubt.objects.bulk_create(asked, batch_size=500)
        Event.record("asked to decide again", project, by=by, project=project, comparisons=len(asked))
    return len(asked)


def _to_ask_about(project: Project, pairs: Sequence[Doubted]) -> set[UUID]:
    stands = Q(rankings_done__gte=F("rankings_needed")) | Q(adjudication__isnull=False)
    rows = Comparison.objects.originals().filter(
        stands, project=project, gold=None, pk__in={each.comparison for each in pairs}
    )
    asked = Doubt.objects.open().filter(project=project)
    return set(rows.exclude(pk__in=asked.values("comparison_id")).values_list("pk", flat=True))


def settle(*, comparison: Comparison, judged: Adjudication | Gold, by: User) -> None:
    """By what a reviewer has said now; in the same transaction."""
    for doubt in Doubt.objects.open().filter(comparison=comparison):
        kept = prefers(judged, str(doubt.better_id), str(doubt.worse_id))
        outcome = Outcome.KEPT if kept else Outcome.CORRECTED
        Doubt.objects.filter(pk=doubt.pk).update(settled_at=timezone.now(), settled_by=by, outcome=outcome)


def drop(*, project: Project, by: User, source: str) -> int:
    """Ask no longer: how many were still open."""
    with transaction.atomic():
        rows = Doubt.objects.open().filter(project=project, source=source)
        dropped = rows.update(settled_at=timezone.now(), outcome=Outcome.DROPPED)
        if dropped:
            Event.record("no longer asked to decide again", project, by=by, project=project, comparisons=dropped)
    return dropped
