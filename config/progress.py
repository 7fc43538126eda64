"""Who did what in a project: today, in the last seven days, and altogether."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from annotation import queues
from annotation.access import MemberRequest, project_for
from annotation.models import Demonstration, Project, Ranking, Role
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
    timed: int


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
    roles = dict(project.memberships.values_list("user_id", "role"))
    writing, ranking = (
        _minutes(project.demonstrations.exclude(submitted_at=None), "author", "-submitted_at"),
        _minutes(project.rankings.all(), "ranker", "-created_at"),
    )
    present = set(roles) | {person for person, _what, _span in counts}
    users = User.objects.filter(pk__in=present).order_by("last_name", "first_name", "username")
    return [
        Done(
            user,
            Role(roles[user.pk]).label if user.pk in roles else "Left",
            *([counts[user.pk, what, span] for span in SPANS] for what in KINDS),
            minutes_writing=_middle(writing.get(user.pk)),
            minutes_ranking=_middle(ranking.get(user.pk)),
            timed=len(writing.get(user.pk, [])) + len(ranking.get(user.pk, [])),
        )
        for user in users
    ]


def _counts(project: Project, starts: tuple[datetime, datetime]) -> Counter[tuple[int, str, str]]:
    """(person, what, span) -> how many. What is long past is counted now and then in a large project."""
    written = project.demonstrations.exclude(submitted_at=None)
    approved = project.demonstrations.filter(status=Demonstration.Status.APPROVED)
    scored = Review.objects.filter(output__contestant__evaluation__project=project)
    parts: tuple[tuple[str, QuerySet[Any], str, str], ...] = (
        ("written", written, "author_id", "submitted_at"),
        ("approved", approved.exclude(reviewed_by=None), "reviewed_by_id", "reviewed_at"),
        ("ranked", Ranking.objects.filter(project=project), "ranker_id", "created_at"),
        ("scored", scored, "reviewer_id", "created_at"),
    )
    found: Counter[tuple[int, str, str]] = Counter()
    for what, rows, person, at in parts:
        for row in _recent(rows, person, at, starts):
            found[row[person], what, "today"], found[row[person], what, "week"] = row["today"], row["week"]

        def count(rows: QuerySet[Any] = rows, person: str = person) -> dict[Any, int]:
            return dict(rows.order_by().values_list(person).annotate(number=Count("*")))

        for who, number in queues.seldom(f"progress-{project.pk}-{what}", count).items():
            found[who, what, "all"] = number
    return found


def _recent(rows: QuerySet[Any], person: str, at: str, starts: tuple[datetime, datetime]) -> Iterable[dict[str, Any]]:
    today, week = starts
    recent = rows.filter(**{f"{at}__gte": week}).order_by().values(person)
    return recent.annotate(week=Count("*"), today=Count("*", filter=Q(**{f"{at}__gte": today})))


def _minutes(rows: QuerySet[Any], person: str, newest: str) -> dict[int, list[float]]:
    found: dict[int, list[float]] = {}
    timed = rows.filter(active_seconds__gt=0).order_by(newest)
    for who, seconds in timed.values_list(f"{person}_id", "active_seconds")[:NEWEST]:
        found.setdefault(who, []).append(seconds / 60)
    return found


def _middle(minutes: list[float] | None) -> float | None:
    return round(median(minutes), 1) if minutes else None
