"""How much people agree, kept with the time and with what it covers: a page is never slow, and says how old it is.

Few judgements are counted while one waits. Many are left to the worker, which is told by whoever opens the page and
finds that something has changed since; until it is done, the page shows what was found before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import structlog
from django.db.models import Aggregate, Count, Max, OuterRef, QuerySet, Subquery
from django.utils import timezone

from annotation.models import AgreementReport, Demonstration, Gold, Project, Ranking
from annotation.quality import agreements
from annotation.quality.agreements import Section

log = structlog.get_logger(__name__)
AT_ONCE = 1_000  # judgements
SHAPE = 2  # of what is stored
LEAST_PAUSE = 60.0  # seconds between two times, and ...
PAUSE = 10  # ... times as long as it takes: a worker has other things to do


@dataclass(frozen=True)
class Kept:
    """`made_at` is None, and there are no sections, until they are found for the first time. `outdated`: something has
    changed since. `due`: so that it is time to work them out anew."""

    sections: list[Section]
    made_at: datetime | None
    outdated: bool
    due: bool
    problem: str


def seen(project: Project) -> dict[str, Any]:
    """What agreement depends on, in a few values of which any change of it changes one; read from indexes alone."""
    rankings = Ranking.objects.filter(project=OuterRef("pk")).order_by()
    newest = rankings.order_by("-created_at").values("pk")  # what is judged anew has another
    golds = Gold.objects.filter(comparison__project=OuterRef("pk")).order_by()
    reviewed = Demonstration.objects.filter(project=OuterRef("pk"), reviewed_at__isnull=False).order_by()
    found = Project.objects.filter(pk=project.pk).order_by()
    row = found.values_list(
        _of(rankings, Count("*")),
        Subquery(newest[:1]),
        _of(golds, Count("*"), "comparison__project"),
        _of(golds, Max("pk"), "comparison__project"),
        _of(reviewed, Count("*")),
        _of(reviewed, Max("reviewed_at")),
    ).get()
    ranked, last_ranked, known, last_known, decisions, last_decision = row
    return {
        "shape": SHAPE,
        "rankings": ranked or 0,
        "newest": str(last_ranked or ""),
        "known": [known or 0, last_known],
        "decisions": [decisions or 0, last_decision.isoformat() if last_decision else ""],
        "criteria": project.criteria_compared,
        "reasons": project.ranking_reasons,
    }


def _of(rows: QuerySet[Any], what: Aggregate, path: str = "project") -> Subquery:
    return Subquery(rows.values(path).annotate(found=what).values("found"))


def kept(project: Project) -> Kept:
    """As it stands, worked out now where that is quick."""
    now = seen(project)
    row = AgreementReport.objects.filter(project=project).first()
    if row and row.covers == now:
        return Kept(_read(row), row.made_at, False, False, "")
    if now["rankings"] + now["decisions"][0] <= AT_ONCE:
        return _at_once(project, now)
    if row is None or row.covers.get("shape") != SHAPE:
        return Kept([], None, True, True, row.problem if row else "")
    return Kept(_read(row), row.made_at, True, _is_due(row), row.problem)


def _read(row: AgreementReport) -> list[Section]:
    return [agreements.read(each) for each in row.sections]


def _is_due(row: AgreementReport) -> bool:
    pause = timedelta(seconds=max(LEAST_PAUSE, PAUSE * row.seconds))
    return row.made_at is None or row.made_at < timezone.now() - pause


def _at_once(project: Project, covers: dict[str, Any]) -> Kept:
    """Whoever works it out at the same time finds the same."""
    found, made_at = agreements.sections(project), timezone.now()
    values = {"sections": [agreements.stored(each) for each in found], "covers": covers, "made_at": made_at}
    AgreementReport.objects.bulk_create(
        [AgreementReport(project=project, **values)],
        update_conflicts=True,
        unique_fields=["project"],
        update_fields=[*values, "problem"],
    )
    return Kept(found, made_at, False, False, "")


def work_out(project: Project) -> None:
    """Called by the worker; does nothing when somebody else is at it, or when nothing has changed."""
    row, _ = AgreementReport.objects.get_or_create(project=project)
    token = row.claim()
    if token is None:
        return
    began, covers = monotonic(), seen(project)
    if row.covers == covers:
        row.publish(token)
        return
    try:
        found = [agreements.stored(each) for each in agreements.sections(project)]
    except Exception as error:
        log.exception("agreement failed", project=str(project.pk))
        row.publish(token, problem=f"{type(error).__name__}: {error}"[:500])
        return
    row.publish(token, sections=found, covers=covers, made_at=timezone.now(), seconds=monotonic() - began, problem="")
