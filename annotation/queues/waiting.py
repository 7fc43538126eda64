"""What waits for whom, and the next of it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import transaction
from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When

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
from annotation.queues.lending import free_for, hold, take_next

COUNT_AT_EVERY_PAGE = 1_000
ANY_NUMBER = 1_000  # of people: what came back is its author's, however many others answer the same prompt


NEEDED, DONE = "answers_needed", "answers_done"


def returned_prompts(project: Project, user: User) -> PromptQuerySet:
    """Prompts whose response a reviewer has sent back to this author."""
    return project.prompts.filter(pk__in=_sent_back(project, user).values("prompt_id"))


def _sent_back(project: Project, user: User) -> DemonstrationQuerySet:
    return Demonstration.objects.returned_to(user).filter(prompt__project=project)


def answerable(project: Project, user: User) -> PromptQuerySet:
    """Prompts that lack a response, for those who have not given one."""
    given = Demonstration.objects.filter(prompt_id=OuterRef("pk"), author=user).exclude(
        status=Demonstration.Status.DRAFT
    )
    value = ["-expected_value"] if project.informative_first else []
    return project.prompts.awaiting_response().filter(~Exists(given)).order_by("-priority", *value, "position")


def _writable(project: Project, user: User) -> PromptQuerySet:
    """What lacks a response and what came back, with how many may be at work on it."""
    back = Q(pk__in=_sent_back(project, user).values("prompt_id"))
    either = back | Q(pk__in=answerable(project, user).order_by().values("pk"))
    return project.prompts.filter(either).alias(
        places=Case(When(back, then=Value(ANY_NUMBER)), default=F(NEEDED), output_field=IntegerField())
    )


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
    kind = Lease.Kind.WRITE
    with transaction.atomic(savepoint=False):
        returned = returned_prompts(project, user) if _sent_back(project, user).exists() else None
        back = take_next(project, kind, user, returned, ANY_NUMBER, again=False) if returned is not None else None
        if back or returned is None:
            return back or take_next(project, kind, user, answerable(project, user), NEEDED, DONE)
        new = take_next(project, kind, user, answerable(project, user), NEEDED, DONE, again=False)
        return new or take_next(project, kind, user, _writable(project, user), "places", DONE)


def hold_prompt(prompt: Prompt, user: User) -> Lease | None:
    project, kind = prompt.project, Lease.Kind.WRITE
    return hold(project, kind, user, _writable(project, user), "places", DONE, item_id=prompt.pk)


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
    prompts = project.prompts.for_teaching().order_by()
    counts = prompts.aggregate(prompts=Count("pk"), answered=Count("pk", filter=Q(answers_done__gt=0)))
    if counts["prompts"] > COUNT_AT_EVERY_PAGE:
        cache.set(key, counts, timeout=60)
    return counts


def up_to(items: QuerySet[Any], most: int) -> int:
    """How many there are, counted no further than `most`."""
    return items.order_by()[:most].count()


def has_work(project: Project, kind: str, user: User) -> bool:
    """Whether `take_next` would find something, without taking it."""
    declined = project.leases.filter(kind=kind, user=user, release=Lease.Release.DECLINED).values("item_id")
    if kind == Lease.Kind.WRITE and _sent_back(project, user).exists():
        return True
    if kind == Lease.Kind.RANK:
        free = free_for(rankable(project, user), kind, user, "rankings_needed", "rankings_done")
    elif kind == Lease.Kind.APPROVE:
        free = free_for(approvable(project, user), kind, user, 1)
    else:
        free = free_for(answerable(project, user), kind, user, NEEDED, DONE)
    return free.exclude(pk__in=declined).exists()
