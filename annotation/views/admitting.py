"""The training before one ranks for a project: each comparison with its known answer afterwards, and how one did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from annotation import queues
from annotation.access import MemberRequest, project_for
from annotation.actions import Refused, admitting
from annotation.models import Comparison, Lease, Project, Ranker, Ranking
from annotation.ranking import LETTERS
from annotation.views.wording import in_words


@dataclass(frozen=True)
class Done:
    comparison: Comparison
    as_expected: bool


def instead_of_work(request: MemberRequest, project: Project, lease: Lease | None) -> HttpResponse | None:
    """Before the training begins, and when it is over without being passed."""
    if lease and ("begin" in request.GET or not lease.explained):
        return None
    if lease is None and not _has_to_pass(project, request):
        return None
    return None if lease and _given(project, request).exists() else redirect("rank_training", project.pk)


def _has_to_pass(project: Project, request: MemberRequest) -> bool:
    if not queues.training_items(project, request.user).exists():
        return False
    return not Ranker.of(project, request.user).admitted_at


def _given(project: Project, request: MemberRequest) -> Any:
    given = Ranking.objects.filter(ranker=request.user, project=project, in_training=True)
    return given.filter(comparison__gold__for_training=True)


@require_http_methods(["GET", "HEAD", "POST"])
def rank_training(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "rank")
    if request.method == "POST":
        try:
            admitting.go_again(project=project, by=request.user)
        except Refused as refused:
            messages.error(request, str(refused))
            return redirect("rank_training", project.pk)
        return redirect(reverse("rank_next", args=[project.pk]) + "?begin=1")
    given = list(_given(project, request).select_related("comparison__gold", "comparison__prompt"))
    items = queues.training_items(project, request.user).count()
    left = queues.training_left(project, request.user).count()
    ranker = Ranker.objects.filter(project=project, user=request.user).first()
    expected, _ = admitting.result(project, request.user) if given else (0.0, 0)
    context = {
        "project": project,
        "items": items,
        "left": left,
        "state": _state(ranker, items, left, bool(given)),
        "expected": f"{expected:.1f}".removesuffix(".0"),
        "needed": -(-project.pass_mark * items // 100),
        "done": [Done(each.comparison, admitting.as_expected(each)) for each in given],
        "tries_left": admitting.TRIES - ranker.tries if ranker else admitting.TRIES,
        "let_by": ranker.admitted_by if ranker else None,
    }
    return render(request, "annotation/rank_training.html", context)


def _state(ranker: Ranker | None, items: int, left: int, begun: bool) -> str:
    if ranker and ranker.admitted_at:
        return "passed"
    if not items:
        return "none"
    if not left:
        return "not yet"
    return "begun" if begun else "before"


@require_safe
def rank_explained(request: MemberRequest, pk: UUID, comparison_pk: UUID) -> HttpResponse:
    """One's own judgement beside the known answer: only for what one was asked in training."""
    project = project_for(request, pk, "rank")
    ranking = get_object_or_404(
        _given(project, request).select_related("comparison__gold", "comparison__prompt__project"),
        comparison_id=comparison_pk,
    )
    texts = {str(each.pk): each.text for each in ranking.comparison.candidates.all()}
    order = queues.order_for(ranking.comparison, request.user)
    names = dict(zip(order, LETTERS, strict=False))
    gold = ranking.comparison.gold
    left = queues.training_left(project, request.user).count()
    context = {
        "project": project,
        "prompt": ranking.comparison.prompt,
        "candidates": [(names[pk], texts[pk]) for pk in order],
        "yours": in_words(ranking, names),
        "known": in_words(gold, names),
        "reason": ranking.reason,
        "gold": gold,
        "guidelines": project.current_guidelines(),
        "as_expected": admitting.as_expected(ranking),
        "left": left,
        "at": queues.training_items(project, request.user).count() - left,
        "frame": "base.html",
    }
    return render(request, "annotation/rank_explained.html", context)
