"""Comparisons that come to people without saying what they are: with a known answer, or asked before.

They need no more rankings than they have (`rankings_needed` equals `rankings_done`), so the usual queue never holds
them; here they are lent to one person at a time, however many others have them. Before all others, in training, come
those whose known answer is explained afterwards.

A place in the row of what somebody is handed falls to each kind once in every stretch of 100 / percent, at a place
that the person's own draw decides: as often as the project wants, and nobody can count along.
"""

from __future__ import annotations

import hashlib
import secrets

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from annotation.models import Candidate, Comparison, ComparisonQuerySet, Gold, Lease, Project, Ranker, Ranking
from annotation.queues import waiting
from annotation.queues.lending import hold, is_fresh, lend, lock, take_next
from annotation.queues.showing import show

KIND = Lease.Kind.RANK
GAP = 8  # comparisons at least between one and its repeat
LOOKED_THROUGH = 200


def next_to_rank(project: Project, user: User) -> Lease | None:
    """The training first; then what is in hand, the next one or one unannounced in its place, and what was skipped."""
    with transaction.atomic(savepoint=False):
        lock(project)
        ranker = Ranker.of(project, user)
        if in_training(project, ranker):
            lease = take_next(project, KIND, user, training_left(project, user), waiting.ANY_NUMBER)
            if lease:
                lease.explained = True
        else:
            lease = _next_of_work(project, ranker)
        if lease and not lease.shown:
            show(lease, ranker)
            ranker.keep("ahead", "handed", "known", "again", "admitted_at")
        return lease


def _next_of_work(project: Project, ranker: Ranker) -> Lease | None:
    user = ranker.user
    lent = _lent(project, user) if project.checks_unannounced else None
    if lent is not None and lent.exists():
        in_hand = take_next(project, KIND, user, lent, waiting.ANY_NUMBER, again=False)
        if in_hand:
            return in_hand
    lease = waiting.next_to_rank(project, user)
    if lease is None:
        return take_next(project, KIND, user, lent, waiting.ANY_NUMBER) if lent is not None else None
    return lease if lease.shown or lease.draft else _instead(project, ranker, lease)


def hold_comparison(comparison: Comparison, user: User, *, again: bool = False) -> Lease | None:
    """The user's lease on this one; of what comes unannounced, only if it came to them. What they gave back, skipped or
    not to be judged by them, stays given back until they say that they take it up `again`."""
    lease = Lease.objects.filter(kind=KIND, item_id=comparison.pk, user=user).first()
    if lease and lease.release and not again:
        return None
    project = comparison.prompt.project
    if lease and is_fresh(lease):
        return show(lease)
    if lease is None and comparison.rankings_done >= comparison.rankings_needed:
        return None
    if is_counted(comparison):
        lease = None if _still_in_training(project, user) else waiting.hold_comparison(comparison, user)
    else:
        lease = hold(project, KIND, user, _lent(project, user), waiting.ANY_NUMBER, item_id=comparison.pk)
    return show(lease) if lease else None


def is_to_judge(comparison: Comparison, user: User) -> bool:
    """Whether this person has it to judge still: nothing of what is known or said of it is for them before."""
    mine = Lease.objects.filter(kind=KIND, item_id=comparison.pk, user=user)
    lease = mine.exclude(release=Lease.Release.DECLINED).first()
    return lease is not None and (lease.is_live or not is_counted(comparison))


def is_counted(comparison: Comparison) -> bool:
    """Whether rankings of it are what the comparison needs, and not one person's only."""
    return comparison.repeat_of_id is None and not Gold.objects.filter(comparison=comparison).exists()


# --- Training ------------------------------------------------------------------------------------------------


def training_items(project: Project, user: User) -> ComparisonQuerySet:
    """What this person learns to rank with; whoever gave an answer learns nothing from it."""
    asked = Comparison.objects.filter(project=project, gold__for_training=True)
    before = Ranking.objects.filter(comparison_id=OuterRef("pk"), ranker=user, in_training=False)
    return asked.exclude(gold__created_by=user).filter(~Exists(before)).order_by("gold__created_at", "pk")


def training_left(project: Project, user: User) -> ComparisonQuerySet:
    items = training_items(project, user)
    done = Ranking.objects.filter(comparison_id=OuterRef("pk"), ranker=user)
    declined = Lease.objects.filter(kind=KIND, item_id=OuterRef("pk"), user=user, release=Lease.Release.DECLINED)
    return items.filter(~Exists(done), ~Exists(declined))


def in_training(project: Project, ranker: Ranker) -> bool:
    """Whether this person has to pass first. Whoever has ranked for the project before goes on."""
    return ranker.admitted_at is None and training_items(project, ranker.user).exists()


def is_trained_with(comparison: Comparison, ranker: Ranker) -> bool:
    """Whether this person learns from it: what came to them unannounced before is no part of their training."""
    if ranker.admitted_at is not None:
        return False
    return training_items(ranker.project, ranker.user).filter(pk=comparison.pk).exists()


def _still_in_training(project: Project, user: User) -> bool:
    admitted = Ranker.objects.filter(project=project, user=user, admitted_at__isnull=False)
    if admitted.exists() or not training_items(project, user).exists():
        return False
    return in_training(project, Ranker.of(project, user))


# --- One in place of another ---------------------------------------------------------------------------------


def falls_due(handed: int, percent: int, draw: str) -> int:
    """How many of the first `handed` + 1 places fall to a kind that has `percent` of them."""
    if not percent:
        return 0
    stretch = handed * percent // 100
    first, after = -(-stretch * 100 // percent), -(-(stretch + 1) * 100 // percent)
    digest = hashlib.sha256(f"{draw}\n{stretch}".encode()).digest()
    return stretch + (handed >= first + int.from_bytes(digest[:4], "big") % (after - first))


def _instead(project: Project, ranker: Ranker, lease: Lease) -> Lease:
    """The new lease, or one of an unannounced comparison whose turn it is."""
    draw = f"{project.pk}\n{ranker.user_id}"
    item = None
    due = falls_due(ranker.handed, project.gold_percent, f"known\n{draw}")
    if due > ranker.known:
        item = _with_known_answer(project, ranker.user)
        ranker.known = due if item is None else ranker.known + 1  # what was not there is not made up for in a row
    if item is None and falls_due(ranker.handed, project.repeat_percent, f"again\n{draw}") > ranker.again:
        item = _asked_again(project, ranker.user)
        ranker.again += item is not None
    ranker.handed += 1
    ranker.admitted_at = ranker.admitted_at or timezone.now()  # training that is introduced later locks nobody out
    if item is None:
        return lease
    lease.delete()
    return lend(project, KIND, ranker.user, item.pk)


def _lent(project: Project, user: User) -> ComparisonQuerySet:
    """What came to this person unannounced and is not judged yet."""
    lent = Lease.objects.filter(kind=KIND, user=user, project=project).values("item_id")
    ranked = Ranking.objects.filter(comparison_id=OuterRef("pk"), ranker=user)
    mine = Q(gold__isnull=False) | Q(repeat_for=user)
    return Comparison.objects.filter(mine, ~Exists(ranked), pk__in=lent, project=project)


def _with_known_answer(project: Project, user: User) -> Comparison | None:
    """In an order of their own, so that two people cannot tell by comparing notes."""
    seen = Ranking.objects.filter(comparison_id=OuterRef("pk"), ranker=user)
    lent = Lease.objects.filter(kind=KIND, user=user, project=project).values("item_id")
    known = Comparison.objects.filter(project=project, gold__for_training=False).filter(~Exists(seen))
    known = known.exclude(gold__created_by=user).exclude(adjudication__decided_by=user).exclude(pk__in=lent)
    found = list(known.order_by("pk").values_list("pk", flat=True)[:LOOKED_THROUGH])
    if not found:
        return None
    drawn = min(found, key=lambda pk: hashlib.sha256(f"{pk}\n{user.pk}".encode()).digest())
    return Comparison.objects.get(pk=drawn)


def _asked_again(project: Project, user: User) -> Comparison | None:
    """A comparison this person ranked some time ago, as a new one with its sides changed."""
    mine = Ranking.objects.filter(ranker=user, project=project, in_training=False)
    latest = list(mine.order_by("-created_at").values_list("comparison_id", flat=True)[: GAP + LOOKED_THROUGH])
    again = Comparison.objects.filter(repeat_of=OuterRef("pk"), repeat_for=user)
    usual = Comparison.objects.originals().filter(pk__in=latest[GAP:], gold=None).filter(~Exists(again))
    found = list(usual.order_by("pk").values_list("pk", flat=True))
    if not found:
        return None
    original = Comparison.objects.get(pk=secrets.choice(found))
    repeat = Comparison(
        prompt_id=original.prompt_id,
        rankings_needed=0,
        source=original.source,
        seed=secrets.randbits(62),
        repeat_of=original,
        repeat_for=user,
    )
    repeat.save()
    Candidate.objects.bulk_create(
        Candidate(comparison=repeat, text=text, source=source)
        for text, source in original.candidates.values_list("text", "source")
    )
    return repeat
