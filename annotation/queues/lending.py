"""Handing items out: one item in as many hands at a time as it needs judgements, and never in more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Case, Count, Exists, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from annotation.models import Lease, Project

Items = QuerySet[Any] | Callable[[], QuerySet[Any]]  # as a function where most of the time nobody asks for it


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
    items: Items,
    needed: int | str,
    done: str | None = None,
    *,
    again: bool = True,
    walks: Callable[[], list[list[QuerySet[Any]]]] | None = None,
    begun: Items | None = None,
) -> Lease | None:
    """The user's lease on the next item, or None when nothing is left for them.

    First what they already have in hand, then the first item nobody needs to be waited for, then (with `again`) what
    they skipped longest ago. `items` leaves out what the user may not or need not do; `needed` and `done` are the
    number of people an item wants and the field that counts them. `walks` are the parts of `items` to look through
    for a new one, in turn; those walked together are in the same order. `begun` are items one may go on with while
    one has them, though they are no longer among `items`.
    """
    with transaction.atomic(savepoint=False):
        lock(project)
        mine = list(project.leases.filter(kind=kind, user=user).exclude(release=Lease.Release.DECLINED))
        in_hand = sorted((m for m in mine if not m.release), key=lambda m: m.expires_at, reverse=True)
        skipped = sorted((m for m in mine if m.release), key=lambda m: m.expires_at)
        live = [lease for lease in in_hand if lease.is_live]  # these hold their places, nobody needs to be counted
        if lease := _first_among(live, items):
            return _extend(lease)

        def free() -> QuerySet[Any]:
            return free_for(_known(items), kind, user, needed, done)

        if lease := _first_among([lease for lease in in_hand if lease not in live], free):
            return _extend(lease)
        if begun is not None and (lease := _first_among(live, begun)):
            return _extend(lease)
        own = Lease.objects.filter(kind=kind, item_id=OuterRef("pk"), user=user)
        for together in walks() if walks else [[_known(items)]]:
            new = [free_for(part, kind, user, needed, done).filter(~Exists(own)) for part in together]
            if item_id := _first_of(new):
                return lend(project, kind, user, item_id)
        lease = _first_among(skipped, free) if again else None
        return _extend(lease) if lease else None


def hold(
    project: Project,
    kind: str,
    user: User,
    items: Items,
    needed: int | str,
    done: str | None = None,
    *,
    item_id: UUID,
    in_hand: Items | None = None,
) -> Lease | None:
    """The user's lease on this very item, taken now if need be; None when it is no longer theirs to do.

    `in_hand` are items one may go on with while one has them, though they are no longer among `items`.
    """
    lease = Lease.objects.filter(kind=kind, item_id=item_id, user=user).first()
    if lease and is_fresh(lease):
        return lease
    with transaction.atomic(savepoint=False):
        lock(project)
        if in_hand is not None and lease and lease.is_live:
            items = in_hand
        if not free_for(_known(items), kind, user, needed, done).filter(pk=item_id).exists():
            return None
        return _extend(lease) if lease else lend(project, kind, user, item_id)


def is_fresh(lease: Lease) -> bool:
    """Lent so lately that nobody else can have it."""
    return lease.expires_at > timezone.now() + _length() / 2


def _known(items: Items) -> QuerySet[Any]:
    return items() if callable(items) else items


def lock(project: Project) -> None:
    """Make whoever hands out or finishes this project's work wait for each other.

    SQLite needs none of it: its IMMEDIATE transactions run one after the other.
    """
    if connection.features.has_select_for_update:
        list(Project.objects.select_for_update(no_key=True).filter(pk=project.pk).values_list("pk"))


def renew(lease: Lease) -> bool:
    """Go on having an item that one has; False when the lease has run out meanwhile."""
    now = timezone.now()
    live = Lease.objects.filter(pk=lease.pk, expires_at__gt=now)
    renewed = live.update(expires_at=now + _length())
    lease.refresh_from_db(fields=["expires_at"])
    return bool(renewed)


def in_other_hands(lease: Lease) -> bool:
    """Asked of a lease that ran out. While nobody has taken the item up, submitting takes it back."""
    others = Lease.objects.live().filter(kind=lease.kind, item_id=lease.item_id)
    return others.exclude(user_id=lease.user_id).exists()


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


def free_for(items: QuerySet[Any], kind: str, user: User, needed: int | str, done: str | None = None) -> QuerySet[Any]:
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


def _first_of(parts: list[QuerySet[Any]]) -> UUID | None:
    """The first item of all parts together. Each is asked by itself, so that an index in its order serves."""
    if len(parts) == 1:
        return parts[0].values_list("pk", flat=True).first()
    order = [str(name) for name in parts[0].query.order_by]
    firsts = [part.values("pk", *(name.lstrip("-") for name in order)).first() for part in parts]
    found = [first for first in firsts if first]
    for name in reversed(order):
        found.sort(key=lambda first, name=name: first[name.lstrip("-")], reverse=name.startswith("-"))  # type: ignore[misc]
    return found[0]["pk"] if found else None


def _first_among(leases: list[Lease], items: Items) -> Lease | None:
    """The first of these whose item is among `items`, which are not asked for where there is no lease."""
    if not leases:
        return None
    among = _known(items).filter(pk__in=[lease.item_id for lease in leases]).order_by()
    open_ids = set(among.values_list("pk", flat=True))
    return next((lease for lease in leases if lease.item_id in open_ids), None)


def _extend(lease: Lease) -> Lease:
    if is_fresh(lease) and not lease.release:
        return lease
    lease.expires_at = timezone.now() + _length()
    lease.release = ""
    lease.save(update_fields=["expires_at", "release"])
    return lease


def lend(project: Project, kind: str, user: User, item_id: UUID) -> Lease:
    expires_at = timezone.now() + _length()
    return Lease.objects.create(project=project, kind=kind, user=user, item_id=item_id, expires_at=expires_at)
