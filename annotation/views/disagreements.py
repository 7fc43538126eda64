"""The lists from which reviewers decide: what people differ on, what is in doubt, what was decided, what is known, and
what is clear."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Model, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from annotation.access import MemberRequest, project_for
from annotation.models import (
    Adjudication,
    Comparison,
    ComparisonQuerySet,
    Doubt,
    Gold,
    Project,
    Ranking,
    name_of,
)
from annotation.models.doubts import DoubtQuerySet
from annotation.quality import disputes

SHOWN = 50
M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Listed:
    """`key` is where the page after this row begins."""

    comparison: Comparison
    judgements: int
    key: str
    apart: int = 0
    impact: int = 0
    note: str = ""
    changed: bool = False


@require_safe
def disagreements(request: MemberRequest, pk: UUID) -> HttpResponse:
    """`after` a comparison: on to the next one that this person may decide."""
    project = project_for(request, pk, "decide")
    tab = request.GET.get("show", "open")
    tab = tab if tab in TABS else "open"
    if after := request.GET.get("after"):
        return redirect(next_to_decide(project, request.user, after) or reverse("disagreements", args=[project.pk]))
    start = request.GET.get("from", "")
    rows = TABS[tab][1](project, start)
    golds = Gold.objects.filter(comparison__project=project)
    context = {
        "project": project,
        "tab": tab,
        "tabs": [(key, label) for key, (label, _rows) in TABS.items()],
        "rows": rows[:SHOWN],
        "first": f"?show={tab}" if start else "",
        "next": f"?show={tab}&from={rows[SHOWN - 1].key}" if len(rows) > SHOWN else "",
        "changed": Adjudication.objects.changed().filter(comparison__project=project).count() if tab == "open" else 0,
        "training": golds.filter(for_training=True).count() if tab == "known" else 0,
        "silent": golds.filter(for_training=False).count() if tab == "known" else 0,
        "doubts": Doubt.objects.open().filter(project=project).count() if tab == "open" else 0,
    }
    return render(request, "annotation/disagreements.html", context)


@require_safe
def decide_next(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The first that this person may decide, of what is in doubt and then of what people differ on; or the list."""
    project = project_for(request, pk, "decide")
    return redirect(next_to_decide(project, request.user) or reverse("disagreements", args=[project.pk]))


# --- One page of each ----------------------------------------------------------------------------------------


def _differing(project: Project, start: str) -> list[Listed]:
    found = _beyond(disputes.differing(project), start)
    total = disputes.total(project)
    return [
        Listed(
            each,
            each.rankings_done,
            _key(each),
            apart=round(100 * (each.dispute or 0) / each.rankings_done),
            impact=round(100 * (each.dispute or 0) / total),
        )
        for each in found.select_related("prompt")[: SHOWN + 1]
    ]


def _key(comparison: Comparison) -> str:
    return f"{comparison.dispute!r}_{comparison.pk}"


def _beyond(rows: ComparisonQuerySet, key: str) -> ComparisonQuerySet:
    """From the first again where the key was made up."""
    size, _, pk = key.partition("_")
    try:
        dispute, last = float(size), UUID(pk)
    except ValueError:
        return rows
    return rows.filter(Q(dispute__lt=dispute) | Q(pk__gt=last), dispute__lte=dispute)


def _doubted(project: Project, start: str) -> list[Listed]:
    rows = Doubt.objects.open().filter(project=project)
    with suppress(ValueError):
        rows = _doubted_after(rows, UUID(start))
    return [
        Listed(
            each.comparison,
            each.comparison.rankings_done,
            str(each.pk),
            note=f"{name_of(each.asked_by)} asks to look at it again.",
        )
        for each in rows.select_related("comparison__prompt", "asked_by")[: SHOWN + 1]
    ]


def _doubted_after(rows: DoubtQuerySet, last: UUID) -> DoubtQuerySet:
    """From the first again where there is none such."""
    here = Doubt.objects.filter(pk=last).first()
    return rows.filter(Q(asked_at=here.asked_at, pk__gt=here.pk) | Q(asked_at__gt=here.asked_at)) if here else rows


def _alike(project: Project, start: str) -> list[Listed]:
    found = disputes.alike(project)
    with suppress(ValueError):
        found = found.filter(pk__gt=UUID(start))
    return [Listed(each, each.rankings_done, str(each.pk)) for each in found.select_related("prompt")[: SHOWN + 1]]


def _decided(project: Project, start: str) -> list[Listed]:
    """First those since which a judgement has changed."""
    rows = _after(Adjudication.objects.changed_first().filter(comparison__project=project), "changed", start)
    return [
        Listed(
            each.comparison,
            each.comparison.rankings_done,
            f"{_changed_since(each):d}_{each.pk}",
            note=f"{name_of(each.decided_by)}: {each.reason}",
            changed=_changed_since(each),
        )
        for each in rows.select_related("comparison__prompt", "decided_by")[: SHOWN + 1]
    ]


def _known(project: Project, start: str) -> list[Listed]:
    """Those for training first."""
    rows = Gold.objects.filter(comparison__project=project).order_by("-for_training", "-pk")
    rows = _after(rows, "for_training", start)
    return [
        Listed(
            each.comparison,
            0,
            f"{each.for_training:d}_{each.pk}",
            note=f"{'For training' if each.for_training else 'Unannounced'}, by {name_of(each.created_by)}",
        )
        for each in rows.select_related("comparison__prompt", "created_by")[: SHOWN + 1]
    ]


def _after(rows: QuerySet[M], flag: str, key: str) -> QuerySet[M]:
    """Of rows with the flag first, each part the newest first; from the first again where the key was made up."""
    flagged, _, pk = key.partition("_")
    if flagged not in ("0", "1") or not _is_number(pk):
        return rows
    last = Q(**{flag: flagged == "1"}, pk__lt=int(pk))
    return rows.filter(last | Q(**{flag: False}) if flagged == "1" else last)


def _changed_since(decision: Adjudication) -> bool:
    return bool(getattr(decision, "changed", False))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


TABS: dict[str, tuple[str, Callable[[Project, str], list[Listed]]]] = {
    "open": ("To decide", _differing),
    "doubted": ("In doubt", _doubted),
    "decided": ("Decided", _decided),
    "known": ("Known answers", _known),
    "same": ("All agree", _alike),
}


# --- On to the next ------------------------------------------------------------------------------------------


def next_to_decide(project: Project, user: User, after: str = "") -> str:
    """The address of the next one that this person has not ranked: first what is in doubt, then what people differ on;
    from the first again behind the last."""
    here = _named(project, after)
    doubted = Doubt.objects.open().decidable_by(user).filter(project=project)
    own = Ranking.objects.filter(project=project, ranker=user, in_training=False)
    differing = disputes.differing(project).exclude(pk__in=own.values("comparison"))
    if here:
        differing = differing.exclude(pk=here.pk)
    in_doubt = doubted.filter(comparison=here).first() if here else None
    doubted = doubted.exclude(comparison=here) if here else doubted
    later: Comparison | Doubt | None = None
    if in_doubt:
        later = _doubted_after(doubted, in_doubt.pk).first() or differing.first()
    elif here and here.dispute:
        later = _beyond(differing, _key(here)).first()
    found = later or doubted.first() or differing.first()
    if found is None:
        return ""
    return reverse("disagreement", args=[project.pk, found.comparison_id if isinstance(found, Doubt) else found.pk])


def _named(project: Project, name: str) -> Comparison | None:
    try:
        return Comparison.objects.filter(project=project, pk=UUID(name)).first()
    except ValueError:
        return None
