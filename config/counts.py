"""How much of everything there is in projects, and what of it waits for one person.

Each number is a count over an index that holds all it asks about. In large projects the numbers that are everybody's
are counted now and then only; what is the person's own is counted every time.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Aggregate, CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from annotation import queues, threads
from annotation.models import (
    Assignment,
    Comparison,
    Demonstration,
    Doubt,
    Flag,
    Project,
    Prompt,
    Ranker,
    Ranking,
    Recheck,
    SecondLook,
    SwappedCopy,
)
from evaluation.models import Output

Counts = Counter[str]  # what was not counted is 0
States = Demonstration.Status


def counts_of(projects: list[UUID], user: User) -> dict[UUID, Counts]:
    """Of each project. What depends on the person begins with `my_`."""
    found = {pk: Counts() for pk in projects}
    for (pk, name), number in _everybodys(projects).items():
        found[pk][name] += number
    for row in _rows(projects, _own(user, _kept_for(projects, user))):
        found[row.pop("pk")].update(row)
    for row in _outputs(projects, user):
        found[row.pop("contestant__evaluation__project_id")].update({name: count or 0 for name, count in row.items()})
    for project, name, number in _talk(projects, user):
        found[UUID(str(project))][name] = number  # in a union SQLite's text stays as it is
    for counts in found.values():
        _put_together(counts)
    return found


def _talk(projects: list[UUID], user: User) -> QuerySet[Any, Any]:
    """What others said, asked or found wrong or proposed: the kinds, in one question."""
    kinds = [
        _numbers(threads.new_to(user), threads.OF_PROMPT, projects, "my_remarks"),
        _numbers(Recheck.objects.open().filter(person=user), F("project_id"), projects, "my_rechecks"),
        _numbers(SecondLook.objects.open().filter(person=user), F("project_id"), projects, "my_second_looks"),
        _numbers(Doubt.objects.open().decidable_by(user), F("project_id"), projects, "my_doubts"),
        _numbers(SwappedCopy.objects.open(), F("project_id"), projects, "swapped_copies"),
        _numbers(Flag.objects.open(), threads.OF_PROMPT, projects, "flags"),
    ]
    return kinds[0].union(*kinds[1:], all=True)


def _numbers(rows: QuerySet[Any], project: F | Subquery, projects: list[UUID], name: str) -> QuerySet[Any, Any]:
    kept = rows.alias(of_project=project).filter(of_project__in=projects).order_by()
    kind = Value(name, output_field=CharField())
    counted = kept.values(of=F("of_project"), name=kind).annotate(number=Count("pk"))
    return counted.values_list("of", "name", "number")


def _put_together(counts: Counts) -> None:
    counts["teaching"] = counts["prompts"] - counts["held_out"]
    counts["my_to_write"] = max(counts["to_write_by_all"] + counts["my_kept_to_write"] - counts["my_given_open"], 0)
    counts["my_to_rank"] = max(counts["to_rank_by_all"] + counts["my_kept_to_rank"] - counts["my_ranked_open"], 0)


def _everybodys(projects: list[UUID]) -> dict[tuple[UUID, str], int]:
    def count() -> dict[Any, int]:
        rows = _rows(projects, _shared())
        return {(row["pk"], name): number for row in rows for name, number in row.items() if name != "pk"}

    these = hashlib.sha256(" ".join(sorted(map(str, projects))).encode()).hexdigest()
    return queues.seldom(f"counts-{these}", count)


def _rows(projects: list[UUID], numbers: dict[str, Coalesce]) -> list[dict[str, Any]]:
    """Of each project its `pk` and these numbers."""
    found = Project.objects.filter(pk__in=projects).order_by().values_list("pk", *numbers.values())
    return [{"pk": pk, **dict(zip(numbers, values, strict=True))} for pk, *values in found]


def _number(rows: QuerySet[Any], what: Aggregate | None = None, path: str = "project") -> Coalesce:
    """How many of these rows belong to the project of the question around it."""
    of_project = rows.filter(**{path: OuterRef("pk")}).order_by().values(path)
    return Coalesce(Subquery(of_project.annotate(number=what or Count("*")).values("number")), 0)


def _shared() -> dict[str, Coalesce]:
    demonstrations, comparisons = Demonstration.objects.all(), Comparison.objects.all()
    unanswered, unfinished = Prompt.objects.awaiting_response(), comparisons.unfinished()
    return {
        "prompts": _number(Prompt.objects.all()),
        "held_out": _number(Prompt.objects.held_out()),
        "unanswered": _number(unanswered),
        "to_write_by_all": _number(unanswered.filter(assignment=None)),
        "approved": _number(demonstrations.filter(status=States.APPROVED)),
        "submitted": _number(demonstrations.filter(status=States.SUBMITTED)),
        "returned": _number(demonstrations.filter(status=States.RETURNED)),
        "comparisons": _number(comparisons.originals()),
        "rankings": _number(comparisons, Sum("rankings_done")),
        "to_rank": _number(unfinished),
        "to_rank_by_all": _number(unfinished.filter(assignment=None)),
    }


def _kept_for(projects: list[UUID], user: User) -> list[int]:
    """The assignments that name this person, or the role they have where it is theirs."""
    rows = Assignment.objects.filter(project__in=projects, project__memberships__user=user).values_list(
        "pk", "people", "roles", "project__memberships__role"
    )
    return [pk for pk, people, roles, role in rows if user.pk in people or role in roles]


def _own(user: User, kept: list[int]) -> dict[str, Coalesce]:
    mine, ranked = Demonstration.objects.filter(author=user), Ranking.objects.filter(ranker=user)
    still_open = {"prompt__answers_done__lt": F("prompt__answers_needed")}
    unranked = {"comparison__rankings_done__lt": F("comparison__rankings_needed")}
    return {
        "my_returned": _number(mine.filter(status=States.RETURNED)),
        "my_submitted": _number(mine.filter(status=States.SUBMITTED)),
        "my_kept_from_approving": _number(_waiting_for_others(user, kept)),
        "my_given_open": _number(mine.exclude(status=States.DRAFT).filter(**still_open)),
        "my_kept_to_write": _number(Prompt.objects.awaiting_response().filter(assignment__in=kept)),
        "my_ranked_open": _number(ranked.filter(**unranked)),
        "my_kept_to_rank": _number(Comparison.objects.unfinished().filter(assignment__in=kept)),
    }


def _waiting_for_others(user: User, kept: list[int]) -> QuerySet[Demonstration]:
    """Responses that only other reviewers may approve; nothing in projects that assign nothing."""
    waiting = Demonstration.objects.filter(status=States.SUBMITTED, project__has_assignments=True).exclude(author=user)
    return waiting.exclude(prompt__approval_assignment=None).exclude(prompt__approval_assignment__in=kept)


def alarms_in(projects: list[UUID]) -> Counter[UUID]:
    """How many people's rankings somebody should look into."""
    raised = Ranker.objects.filter(project__in=projects, alarm_seen_by=None).exclude(alarm="")
    return Counter(raised.values_list("project_id", flat=True))


def _outputs(projects: list[UUID], user: User) -> Iterable[dict[str, Any]]:
    """Only of those that people review; others are judged by metrics alone."""
    review, wanted = Q(for_review=True), F("contestant__evaluation__reviews_per_output")
    mine = Output.objects.to_score_by(user).filter(contestant__evaluation__project__in=projects).values("pk")
    rows: QuerySet[Any] = Output.objects.filter(contestant__evaluation__project__in=projects).order_by()
    numbers: dict[str, Aggregate] = {
        "reviews": Sum("reviews_done", filter=review),
        "reviews_needed": Sum(wanted, filter=review),
        "to_score": Count("pk", filter=review & Q(reviews_done__lt=wanted)),
        "my_to_score": Count("pk", filter=Q(pk__in=mine)),
    }
    found: Iterable[dict[str, Any]] = rows.values("contestant__evaluation__project_id").annotate(**numbers)
    return found
