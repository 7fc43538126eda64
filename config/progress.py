"""Who did what in a project: today, in the last seven days, and altogether."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Q, QuerySet, Value
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from annotation import queues
from annotation.access import MemberRequest, project_for
from annotation.models import Demonstration, Project, Role
from config.counts import counts_of
from evaluation.models import Review

NEWEST = 2_000  # pieces of work whose times are looked at
SPANS = ("today", "week", "all")


@dataclass(frozen=True)
class Done:
    """Numbers for today, the last seven days and altogether; minutes are None where no time was recorded."""

    user: User
    role: str
    written: list[int]
    approved: list[int]
    ranked: list[int]
    scored: list[int]
    minutes_writing: float | None
    minutes_ranking: float | None
    minutes_scoring: float | None


@require_safe
def progress(request: MemberRequest, pk: Any) -> HttpResponse:
    project = project_for(request, pk, "read results")
    counts = counts_of([project.pk], request.user)[project.pk]
    people = who_did_what(project)
    context = {
        "project": project,
        "people": people,
        "total": [[sum(getattr(each, what)[span] for each in people) for span in range(3)] for what in KINDS],
        "counts": counts,
        "written_for": counts["teaching"] - counts["unanswered"],
        "ranked_enough": counts["comparisons"] - counts["to_rank"],
    }
    return render(request, "annotation/progress.html", context)


KINDS = ("written", "approved", "ranked", "scored")


def who_did_what(project: Project) -> list[Done]:
    """Members, and whoever worked here before they left."""
    now = timezone.localtime()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = (today, now - timedelta(days=7))
    counts = _counts(project, starts)
    members = {each.user: each.role for each in project.memberships.select_related("user")}
    minutes = _minutes(project)
    left = {person for person, _what, _span in counts} - {user.pk for user in members}
    others = User.objects.filter(pk__in=left).order_by("last_name", "first_name", "username") if left else []
    return [
        Done(
            user,
            Role(members[user]).label if user in members else "Left",
            **{what: [counts[user.pk, what, span] for span in SPANS] for what in KINDS},
            minutes_writing=_middle(minutes.get((user.pk, "written"))),
            minutes_ranking=_middle(minutes.get((user.pk, "ranked"))),
            minutes_scoring=_middle(minutes.get((user.pk, "scored"))),
        )
        for user in [*members, *others]
    ]


def _counts(project: Project, starts: tuple[datetime, datetime]) -> Counter[tuple[int, str, str]]:
    """(person, what, span) -> how many; of a large project as of some minutes ago."""
    written = project.demonstrations.exclude(submitted_at=None)
    approved = project.demonstrations.filter(status=Demonstration.Status.APPROVED).exclude(reviewed_by=None)
    scored = Review.objects.filter(output__contestant__evaluation__project=project)
    parts = [
        _by_person(written, "written", "author_id", "submitted_at", starts),
        _by_person(approved, "approved", "reviewed_by_id", "reviewed_at", starts),
        _by_person(project.rankings.all(), "ranked", "ranker_id", "created_at", starts),
        _by_person(scored, "scored", "reviewer_id", "created_at", starts),
    ]

    def count() -> dict[Any, int]:
        rows = parts[0].union(*parts[1:], all=True)
        return {(row[0], row[1], span): number for row in rows for span, number in zip(SPANS, row[2:], strict=True)}

    return Counter(queues.seldom(f"progress-{project.pk}", count))


def _by_person(
    rows: QuerySet[Any], what: str, person: str, at: str, starts: tuple[datetime, datetime]
) -> QuerySet[Any]:
    today, week = ({f"{at}__gte": start} for start in starts)
    numbers = {
        "n_today": Count(at, filter=Q(**today)),
        "n_week": Count(at, filter=Q(**week)),
        "n_all": Count("*"),
    }
    return rows.order_by().values_list(person).annotate(n_what=Value(what), **numbers)


def _minutes(project: Project) -> dict[tuple[int, str], list[float]]:
    """(person, what) -> how long each of their newest pieces of work took, in one question."""
    written = project.demonstrations.exclude(submitted_at=None).order_by("-submitted_at")
    scored = Review.objects.filter(output__contestant__evaluation__project=project).order_by("-created_at")
    parts = [
        _times(written, "written", "author_id"),
        _times(project.rankings.order_by("-created_at"), "ranked", "ranker_id"),
        _times(scored, "scored", "reviewer_id"),
    ]
    found: dict[tuple[int, str], list[float]] = {}
    for who, seconds, what in parts[0].union(*parts[1:], all=True):
        found.setdefault((who, what), []).append(seconds / 60)
    return found


def _times(rows: QuerySet[Any], what: str, person: str) -> QuerySet[Any]:
    """Not of what came from a file, or before times were recorded."""
    newest = rows.model._default_manager.filter(pk__in=rows.values("pk")[:NEWEST], active_seconds__gt=0)
    return newest.order_by().annotate(n_what=Value(what)).values_list(person, "active_seconds", "n_what")


def _middle(minutes: list[float] | None) -> float | None:
    return round(median(minutes), 1) if minutes else None
