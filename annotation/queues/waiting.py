"""What waits for whom, and the next of it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from annotation.models import (
    Adjudication,
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
from annotation.queues.tallies import seldom

ANY_NUMBER = 1_000  # of people: what came back, or is in hand, is that person's, however many others answer the prompt


NEEDED, DONE = "answers_needed", "answers_done"


def returned_prompts(project: Project, user: User) -> PromptQuerySet:
    """Prompts whose response a reviewer has sent back to this author."""
    return project.prompts.filter(pk__in=_sent_back(project, user).values("prompt_id"))


def _sent_back(project: Project, user: User) -> DemonstrationQuerySet:
    return Demonstration.objects.returned_to(user).filter(project=project)


def _for_everybody_or(sets: list[int]) -> Q:
    return Q(assignment=None) | Q(assignment__in=sets) if sets else Q(assignment=None)


def sets_of(project: Project, user: User) -> list[int]:
    """The assignments that name this person, or their role."""
    if not project.has_assignments:
        return []
    rows = list(project.assignments.values_list("pk", "people", "roles"))
    role = project.role_of(user) if rows else None
    return [pk for pk, people, roles in rows if user.pk in people or role in roles]


def _walks(items: QuerySet[Any], sets: list[int]) -> list[list[QuerySet[Any]]]:
    """What is kept for somebody first, then what is for everybody: each an unbroken stretch of the index.

    PostgreSQL takes a stretch without a value for ordered only when the order names that column.
    """
    everybody = items.filter(assignment=None).order_by("assignment_id", *items.query.order_by)
    kept = [items.filter(assignment=one) for one in sets]
    return [kept, [everybody]] if kept else [[everybody]]


def _handed_in(user: User) -> DemonstrationQuerySet:
    """To a prompt, by this person, past its draft and not sent back."""
    mine = Demonstration.objects.filter(prompt_id=OuterRef("pk"), author=user)
    return mine.filter(status__in=[Demonstration.Status.SUBMITTED, Demonstration.Status.APPROVED])


def _answerable(project: Project, user: User) -> PromptQuerySet:
    given = Demonstration.objects.filter(prompt_id=OuterRef("pk"), author=user).exclude(
        status=Demonstration.Status.DRAFT
    )
    value = ["-expected_value"] if project.informative_first else []
    return project.prompts.awaiting_response().filter(~Exists(given)).order_by("-priority", *value, "position")


def answerable(project: Project, user: User, sets: list[int] | None = None) -> PromptQuerySet:
    """Prompts that lack a response and are not kept for others, for those who have not given one."""
    sets = sets_of(project, user) if sets is None else sets
    return _answerable(project, user).filter(_for_everybody_or(sets))


def _writable(project: Project, user: User, sets: list[int] | None = None) -> PromptQuerySet:
    """What lacks a response and what came back, with how many may be at work on it."""
    return _or_sent_back(project, user, answerable(project, user, sets))


def _or_sent_back(project: Project, user: User, prompts: PromptQuerySet) -> PromptQuerySet:
    back = Q(pk__in=_sent_back(project, user).values("prompt_id"))
    either = back | Q(pk__in=prompts.order_by().values("pk"))
    return project.prompts.filter(either).alias(
        places=Case(When(back, then=Value(ANY_NUMBER)), default=F(NEEDED), output_field=IntegerField())
    )


def _begun(project: Project, user: User) -> PromptQuerySet:
    """What one may go on with while one has it, also when a better answer from elsewhere took the last place."""
    places = Value(ANY_NUMBER, output_field=IntegerField())
    return project.prompts.for_teaching().filter(~Exists(_handed_in(user))).alias(places=places)


def approvable(project: Project, user: User) -> DemonstrationQuerySet:
    """Responses waiting for a reviewer and not kept for others, longest first; nobody approves their own."""
    waiting = _approvable(project, user)
    if not project.has_assignments:
        return waiting
    kept = Q(prompt__approval_assignment__in=sets_of(project, user))
    return waiting.filter(kept | Q(prompt__approval_assignment=None))


def _approvable(project: Project, user: User) -> DemonstrationQuerySet:
    waiting = Demonstration.objects.awaiting_review().filter(project=project)
    return waiting.exclude(author=user).order_by("submitted_at", "pk")


def kept_from(demonstration: Demonstration, user: User) -> bool:
    """Whether its approval is for others only, and this person has not had it in hand before that was said."""
    project = demonstration.prompt.project
    if not project.has_assignments or demonstration.prompt.approval_assignment_id in (None, *sets_of(project, user)):
        return False
    live = Lease.objects.live().filter(kind=Lease.Kind.APPROVE, item_id=demonstration.pk, user=user)
    return not live.exists()


def _rankable(project: Project, user: User) -> ComparisonQuerySet:
    ranked = Ranking.objects.filter(comparison_id=OuterRef("pk"), ranker=user)
    return Comparison.objects.filter(~Exists(ranked), project=project).order_by("-priority", "created_at", "pk")


def _is_decided() -> Exists:
    """What was decided asks nobody anew: only who has it in hand, to change their judgement, goes on with it."""
    return Exists(Adjudication.objects.filter(comparison_id=OuterRef("pk")))


def rankable(project: Project, user: User) -> ComparisonQuerySet:
    """Comparisons this user has not ranked, and that are not kept for others."""
    own = Lease.objects.filter(kind=Lease.Kind.RANK, item_id=OuterRef("pk"), user=user)
    items = _rankable(project, user).filter(~_is_decided() | Exists(own))
    return items.filter(_for_everybody_or(sets_of(project, user)))


def next_to_write(project: Project, user: User) -> Lease | None:
    """What came back first, then what is in hand, then new prompts, then what was skipped."""
    kind = Lease.Kind.WRITE
    with transaction.atomic(savepoint=False):
        returned = returned_prompts(project, user) if _sent_back(project, user).exists() else None
        back = take_next(project, kind, user, returned, ANY_NUMBER, again=False) if returned is not None else None
        if back:
            return back
        sets = sets_of(project, user)

        def items() -> PromptQuerySet:
            return answerable(project, user, sets)

        def begun() -> PromptQuerySet:
            return _begun(project, user)

        def walks() -> list[list[QuerySet[Any]]]:
            return _walks(_answerable(project, user), sets)

        if returned is None:
            return take_next(project, kind, user, items, NEEDED, DONE, walks=walks, begun=begun)
        new = take_next(project, kind, user, items, NEEDED, DONE, again=False, walks=walks, begun=begun)
        return new or take_next(project, kind, user, _writable(project, user, sets), "places", DONE)


def hold_prompt(prompt: Prompt, user: User) -> Lease | None:
    project, kind = prompt.project, Lease.Kind.WRITE

    def items() -> PromptQuerySet:
        return _writable(project, user)

    def in_hand() -> PromptQuerySet:
        return _begun(project, user)

    return hold(project, kind, user, items, "places", DONE, item_id=prompt.pk, in_hand=in_hand)


def next_to_approve(project: Project, user: User) -> Lease | None:
    return take_next(project, Lease.Kind.APPROVE, user, approvable(project, user), 1)


def hold_demonstration(demonstration: Demonstration, user: User) -> Lease | None:
    project, kind = demonstration.prompt.project, Lease.Kind.APPROVE

    def items() -> DemonstrationQuerySet:
        return approvable(project, user)

    def in_hand() -> DemonstrationQuerySet:
        return _approvable(project, user)

    return hold(project, kind, user, items, 1, item_id=demonstration.pk, in_hand=in_hand)


def next_to_rank(project: Project, user: User) -> Lease | None:
    sets = sets_of(project, user)

    def in_hand() -> ComparisonQuerySet:
        return _rankable(project, user).filter(_for_everybody_or(sets))

    def walks() -> list[list[QuerySet[Any]]]:
        return _walks(_rankable(project, user).filter(~_is_decided()), sets)

    return take_next(project, Lease.Kind.RANK, user, in_hand, "rankings_needed", "rankings_done", walks=walks)


def hold_comparison(comparison: Comparison, user: User) -> Lease | None:
    project = comparison.prompt.project
    kind, needed, done = Lease.Kind.RANK, "rankings_needed", "rankings_done"

    def items() -> ComparisonQuerySet:
        return rankable(project, user)

    def in_hand() -> ComparisonQuerySet:
        return _rankable(project, user)

    return hold(project, kind, user, items, needed, done, item_id=comparison.pk, in_hand=in_hand)


def answered(project: Project) -> dict[str, int]:
    """How many prompts have all the responses they need, of how many; in a large project, as of a minute ago."""

    def count() -> dict[str, int]:
        parts = (project.prompts.for_teaching(), project.prompts.awaiting_response())
        numbers = (part.order_by().values("project").annotate(number=Count("*")).values("number") for part in parts)
        rows = Project.objects.filter(pk=project.pk).values_list(*(Coalesce(Subquery(each), 0) for each in numbers))
        prompts, unanswered = rows[0]
        return {"prompts": prompts, "answered": prompts - unanswered}

    return seldom(f"answered-{project.pk}", count)


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
