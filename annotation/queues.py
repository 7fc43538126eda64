"""Who works on what next: one item in as many hands at a time as it needs judgements, and never in more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Case, Count, Exists, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from annotation.models import (
    Comparison,
    ComparisonQuerySet,
    Demonstration,
    DemonstrationQuerySet,
    Lease,
    Project,
    Prompt,
    PromptQuerySet,
    Ranking,
)
from annotation.texts import counted

COUNT_AT_EVERY_PAGE = 1_000


@dataclass(frozen=True)
class Saved:
    """`held` is False when the item went to somebody else meanwhile: what was typed is kept all the same."""

    version: int
    saved_at: datetime
    held: bool = True


@dataclass(frozen=True)
class Conflict:
    """Something newer was saved elsewhere: `draft` is that, and nothing has been overwritten."""

    version: int
    draft: dict[str, Any]
    message: str = "This was changed in another tab or on another device since you opened it here."


# --- Handing out --------------------------------------------------------------------------------------------


def take_next(
    project: Project,
    kind: str,
    user: User,
    items: QuerySet[Any],
    needed: int | str,
    done: str | None = None,
    *,
    again: bool = True,
) -> Lease | None:
    """The user's lease on the next item, or None when nothing is left for them.

    First what they already have in hand, then the first item nobody needs to be waited for, then (with `again`) what
    they skipped longest ago. `items` leaves out what the user may not or need not do; `needed` and `done` are the
    number of people an item wants and the field that counts them.
    """
    with transaction.atomic(savepoint=False):
        lock(project)
        free = _free(items, kind, user, needed, done)
        mine = list(project.leases.filter(kind=kind, user=user).exclude(release=Lease.Release.DECLINED))
        in_hand = sorted((m for m in mine if not m.release), key=lambda m: m.expires_at, reverse=True)
        skipped = sorted((m for m in mine if m.release), key=lambda m: m.expires_at)
        if lease := _first_free(in_hand, free):
            return _extend(lease)
        own = Lease.objects.filter(kind=kind, item_id=OuterRef("pk"), user=user)
        item_id = free.filter(~Exists(own)).values_list("pk", flat=True).first()
        if item_id:
            return _lend(project, kind, user, item_id)
        lease = _first_free(skipped, free) if again else None
        return _extend(lease) if lease else None


def hold(
    project: Project,
    kind: str,
    user: User,
    items: QuerySet[Any],
    needed: int | str,
    done: str | None = None,
    *,
    item_id: UUID,
) -> Lease | None:
    """The user's lease on this very item, taken now if need be; None when it is no longer theirs to do."""
    lease = Lease.objects.filter(kind=kind, item_id=item_id, user=user).first()
    if lease and lease.expires_at > timezone.now() + _length() / 2:
        return lease
    with transaction.atomic(savepoint=False):
        lock(project)
        if not _free(items, kind, user, needed, done).filter(pk=item_id).exists():
            return None
        return _extend(lease) if lease else _lend(project, kind, user, item_id)


def lock(project: Project) -> None:
    """Make whoever hands out or finishes this project's work wait for each other.

    SQLite needs none of it: its IMMEDIATE transactions run one after the other.
    """
    if connection.features.has_select_for_update:
        list(Project.objects.select_for_update(no_key=True).filter(pk=project.pk).values_list("pk"))


def release(lease: Lease, how: Lease.Release = Lease.Release.SKIPPED) -> None:
    """Give the item back. What was typed stays with the lease."""
    Lease.objects.filter(pk=lease.pk).update(expires_at=timezone.now(), release=how)


def finish(kind: str, item_id: UUID, user: User) -> None:
    """Drop the lease of an item that this person has done."""
    Lease.objects.filter(kind=kind, item_id=item_id, user=user).delete()


def save_draft(lease: Lease, data: dict[str, Any], version: int) -> Saved | Conflict:
    """Store what has been typed so far, unless another tab has saved since `version`. Renews a live lease."""
    now = timezone.now()
    saved = Lease.objects.filter(pk=lease.pk, draft_version=version).update(
        draft=data,
        draft_version=version + 1,
        saved_at=now,
        expires_at=Case(When(expires_at__gt=now, then=Value(now + _length())), default=F("expires_at")),
    )
    lease.refresh_from_db()
    if saved or lease.draft == data:
        return Saved(lease.draft_version, lease.saved_at or now, held=lease.expires_at > now)
    return Conflict(lease.draft_version, lease.draft)


def _length() -> timedelta:
    return timedelta(minutes=settings.WORK_LEASE_MINUTES)


def _free(items: QuerySet[Any], kind: str, user: User, needed: int | str, done: str | None) -> QuerySet[Any]:
    """Items whose judgements given and places taken by others leave one to this user."""
    others = Lease.objects.live().filter(kind=kind, item_id=OuterRef("pk")).exclude(user=user)
    if done is None and needed == 1:
        return items.filter(~Exists(others))
    limit = F(needed) if isinstance(needed, str) else Value(needed)
    if done is None:
        return items.alias(taken=_count(others)).filter(taken__lt=limit)
    # Said on its own as well, so that an index over unfinished items serves.
    unfinished = items.filter(**{f"{done}__lt": limit})
    return unfinished.alias(taken=_count(others) + F(done)).filter(taken__lt=limit)


def _count(leases: QuerySet[Lease]) -> Coalesce:
    per_item = leases.order_by().values("item_id").annotate(people=Count("pk")).values("people")
    return Coalesce(Subquery(per_item), 0)


def _first_free(leases: list[Lease], free: QuerySet[Any]) -> Lease | None:
    if not leases:
        return None
    open_ids = set(free.filter(pk__in=[lease.item_id for lease in leases]).values_list("pk", flat=True))
    return next((lease for lease in leases if lease.item_id in open_ids), None)


def _extend(lease: Lease) -> Lease:
    lease.expires_at = timezone.now() + _length()
    lease.release = ""
    lease.save(update_fields=["expires_at", "release"])
    return lease


def _lend(project: Project, kind: str, user: User, item_id: UUID) -> Lease:
    expires_at = timezone.now() + _length()
    return Lease.objects.create(project=project, kind=kind, user=user, item_id=item_id, expires_at=expires_at)


# --- What there is to do ------------------------------------------------------------------------------------


def _answered(**who: Any) -> QuerySet[Demonstration]:
    return Demonstration.objects.filter(prompt_id=OuterRef("pk"), **who)


def returned_prompts(project: Project, user: User) -> PromptQuerySet:
    """Prompts whose response a reviewer has sent back to this author."""
    return project.prompts.filter(pk__in=_sent_back(project, user).values("prompt_id"))


def _sent_back(project: Project, user: User) -> DemonstrationQuerySet:
    return Demonstration.objects.returned_to(user).filter(prompt__project=project)


def writable(project: Project, user: User) -> PromptQuerySet:
    """Prompts this user may write for: nobody has answered them, or their own answer came back."""
    answered = _answered().exclude(status=Demonstration.Status.DRAFT)
    own = _answered(author=user, status=Demonstration.Status.RETURNED)
    return project.prompts.for_teaching().filter(~Exists(answered) | Exists(own))


def approvable(project: Project, user: User) -> DemonstrationQuerySet:
    """Responses waiting for a reviewer, longest first; nobody approves their own."""
    waiting = Demonstration.objects.awaiting_review().filter(_of(project))
    return waiting.exclude(author=user).order_by("submitted_at", "pk")


def rankable(project: Project, user: User) -> ComparisonQuerySet:
    """Comparisons this user has not ranked."""
    ranked = Ranking.objects.filter(comparison_id=OuterRef("pk"), ranker=user)
    return Comparison.objects.filter(~Exists(ranked), _of(project))


def _of(project: Project) -> Exists:
    """Asked of each open item, so that the index over open items leads, not the one over all of a project's prompts."""
    return Exists(project.prompts.filter(pk=OuterRef("prompt_id")))


def next_to_write(project: Project, user: User) -> Lease | None:
    """What came back first, then what is in hand, then new prompts, then what was skipped."""
    with transaction.atomic(savepoint=False):
        kind = Lease.Kind.WRITE
        returned = returned_prompts(project, user) if _sent_back(project, user).exists() else None
        first = take_next(project, kind, user, returned, 1, again=False) if returned is not None else None
        return (
            first
            or take_next(project, kind, user, project.prompts.awaiting_response(), 1, again=False)
            or take_next(project, kind, user, writable(project, user), 1)
        )


def hold_prompt(prompt: Prompt, user: User) -> Lease | None:
    project = prompt.project
    return hold(project, Lease.Kind.WRITE, user, writable(project, user), 1, item_id=prompt.pk)


def next_to_approve(project: Project, user: User) -> Lease | None:
    return take_next(project, Lease.Kind.APPROVE, user, approvable(project, user), 1)


def hold_demonstration(demonstration: Demonstration, user: User) -> Lease | None:
    project = demonstration.prompt.project
    return hold(project, Lease.Kind.APPROVE, user, approvable(project, user), 1, item_id=demonstration.pk)


def next_to_rank(project: Project, user: User) -> Lease | None:
    items = rankable(project, user)
    return take_next(project, Lease.Kind.RANK, user, items, "rankings_needed", "rankings_done")


def hold_comparison(comparison: Comparison, user: User) -> Lease | None:
    project = comparison.prompt.project
    items = rankable(project, user)
    return hold(project, Lease.Kind.RANK, user, items, "rankings_needed", "rankings_done", item_id=comparison.pk)


def answered(project: Project) -> dict[str, int]:
    """How many prompts have a response, of how many; in a large project, as of a minute ago.

    Counting ten thousand prompts at every page would be most of the page's work.
    """
    key = f"answered-{project.pk}"
    if known := cache.get(key):
        return known
    responses = _answered().exclude(status=Demonstration.Status.DRAFT)
    prompts = project.prompts.for_teaching().order_by()
    counts = prompts.aggregate(prompts=Count("pk"), answered=Count("pk", filter=Exists(responses)))
    if counts["prompts"] > COUNT_AT_EVERY_PAGE:
        cache.set(key, counts, timeout=60)
    return counts


def up_to(items: QuerySet[Any], most: int) -> int:
    """How many there are, counted no further than `most`."""
    return items.order_by()[:most].count()


def has_work(project: Project, kind: str, user: User) -> bool:
    """Whether `take_next` would find something, without taking it."""
    declined = project.leases.filter(kind=kind, user=user, release=Lease.Release.DECLINED).values("item_id")
    if kind == Lease.Kind.RANK:
        free = _free(rankable(project, user), kind, user, "rankings_needed", "rankings_done")
    elif kind == Lease.Kind.APPROVE:
        free = _free(approvable(project, user), kind, user, 1, None)
    else:
        free = _free(writable(project, user), kind, user, 1, None)
    return free.exclude(pk__in=declined).exists()


# --- Why nothing is left ------------------------------------------------------------------------------------


def why_nothing(project: Project, kind: str, user: User) -> list[str]:
    """The honest reasons, as sentences, when `take_next` found nothing."""
    reasons = {
        Lease.Kind.WRITE: _why_nothing_to_write,
        Lease.Kind.APPROVE: _why_nothing_to_approve,
        Lease.Kind.RANK: _why_nothing_to_rank,
    }
    return reasons[Lease.Kind(kind)](project, user)


def _why_nothing_to_write(project: Project, user: User) -> list[str]:
    if not project.prompts.for_teaching().exists():
        return ["no prompts have been imported yet."]
    unanswered = project.prompts.awaiting_response().count()
    if not unanswered:
        return ["every prompt has a response."]
    return [f"{_with_others(unanswered, 'prompt')}, and every other prompt has a response."]


def _why_nothing_to_approve(project: Project, user: User) -> list[str]:
    reasons = []
    if others := approvable(project, user).count():
        reasons.append(f"{_with_others(others, 'response')}.")
    waiting = Demonstration.objects.awaiting_review().filter(prompt__project=project)
    if own := waiting.filter(author=user).count():
        reasons.append(f"{counted(own, 'response')} of your own must be approved by somebody else.")
    return reasons or ["no response is waiting for review."]


def _why_nothing_to_rank(project: Project, user: User) -> list[str]:
    everything = Comparison.objects.filter(prompt__project=project)
    if not everything.exists():
        return ["nobody has prepared candidates to rank yet."]
    unfinished = everything.unfinished()
    declined = project.leases.filter(kind=Lease.Kind.RANK, user=user, release=Lease.Release.DECLINED)
    set_aside = unfinished.filter(pk__in=declined.values("item_id")).count()
    ranked = unfinished.filter(rankings__ranker=user).count()
    with_others = unfinished.count() - set_aside - ranked
    reasons = [
        set_aside and f"you could not judge {counted(set_aside, 'comparison')}.",
        ranked and f"{counted(ranked, 'comparison')} you have ranked still {_needs(ranked)} somebody else's judgement.",
        with_others > 0 and f"{_with_others(with_others, 'comparison')}.",
    ]
    return [reason for reason in reasons if reason] or ["every comparison has all the rankings it needs."]


def _needs(count: int) -> str:
    return "needs" if count == 1 else "need"


def _with_others(count: int, noun: str) -> str:
    verb = "is" if count == 1 else "are"
    return f"{counted(count, noun)} {verb} in other people's hands right now"
