from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from annotation import queues
from annotation.actions import Refused
from annotation.models import Candidate, Comparison, Event, Guidelines, Lease, Priority, Prompt, Ranking
from annotation.ranking import LETTERS

MOST = len(LETTERS)
NO_LONGER_NEEDED = "Others have taken this one over meanwhile, so your judgement is no longer needed."


@dataclass(frozen=True)
class Ranked:
    """`fresh` is False when this person had ranked the comparison already: the first judgement stands."""

    ranking: Ranking
    fresh: bool


def create_comparison(
    *,
    prompt: Prompt,
    candidates: Iterable[tuple[str, str]],
    by: User | None,
    source: str = "",
    seed: int | None = None,
    rankings_needed: int | None = None,
    priority: int = Priority.USUAL,
) -> Comparison | None:
    """A comparison of the distinct texts among (text, source); None when fewer than two are left."""
    distinct: dict[str, tuple[str, str]] = {}
    for text, label in candidates:
        if text.strip():
            distinct.setdefault(text.strip(), (text, label))
    if len(distinct) < 2:
        return None
    if len(distinct) > MOST:
        raise Refused(f"A comparison has at most {MOST} candidates; these are {len(distinct)}.")
    with transaction.atomic():
        comparison = Comparison.objects.create(
            prompt=prompt,
            rankings_needed=rankings_needed or prompt.project.rankings_per_comparison,
            priority=priority,
            source=source,
            seed=secrets.randbits(62) if seed is None else seed,
        )
        Candidate.objects.bulk_create(
            Candidate(comparison=comparison, text=text, source=label) for text, label in distinct.values()
        )
        Event.record(
            "prepared candidates", comparison, by=by, project=prompt.project, candidates=len(distinct), source=source
        )
    return comparison


def rank(
    *,
    comparison: Comparison,
    by: User,
    order: list[list[str]],
    all_bad: bool = False,
    reason: str = "",
    guidelines: Guidelines | None = None,
) -> Ranked:
    """Record one person's judgement. Never a second one of the same person, never more than the comparison needs."""
    project = comparison.prompt.project
    with transaction.atomic():
        queues.lock(project)
        if mine := comparison.rankings.filter(ranker=by).first():
            return Ranked(mine, fresh=False)
        if queues.hold_comparison(comparison, by) is None:
            raise Refused(NO_LONGER_NEEDED)
        open_ = Comparison.objects.unfinished().filter(pk=comparison.pk)
        if not open_.update(rankings_done=F("rankings_done") + 1):
            raise Refused(NO_LONGER_NEEDED)
        ranking = Ranking.objects.create(
            comparison=comparison, ranker=by, order=order, all_bad=all_bad, reason=reason, guidelines=guidelines
        )
        queues.finish(Lease.Kind.RANK, comparison.pk, by)
        Event.record("ranked candidates", ranking, by=by, project=project, comparison=str(comparison.pk))
    return Ranked(ranking, fresh=True)


def decline(*, comparison: Comparison, by: User) -> None:
    """Say that one cannot judge: no ranking, the place goes to somebody else, and it is not offered again."""
    lease = Lease.objects.filter(kind=Lease.Kind.RANK, item_id=comparison.pk, user=by).first()
    if lease is None or lease.release == Lease.Release.DECLINED:
        return
    with transaction.atomic():
        queues.release(lease, Lease.Release.DECLINED)
        Event.record("could not judge", comparison, by=by, project=comparison.prompt.project)
