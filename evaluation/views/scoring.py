"""Blind review. Nothing that leaves here tells whose output it is: the address holds a lease, the page only texts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from annotation import queues
from annotation.access import MemberRequest, project_for
from annotation.actions import Refused
from annotation.models import Lease, Project
from annotation.views import work_page
from evaluation import scoring
from evaluation.actions import score as lock_scores
from evaluation.forms import ScoreForm
from evaluation.models import Output

OTHER_WORK = [
    {"url_name": "rank_next", "label": "Rank answers"},
    {"url_name": "write_next", "label": "Write responses"},
]
DONE_ALREADY = "You had finished with that one already. Here is the next."


@require_safe
def score_next(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "score")
    lease = scoring.next_to_score(project, request.user)
    if lease is None:
        reasons = scoring.why_nothing(project, request.user)
        context = {"word": "score", "reasons": reasons, "others": OTHER_WORK}
        return render(request, "annotation/nothing_left.html", context)
    return redirect("score", project.pk, lease.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def score(request: MemberRequest, pk: UUID, lease_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "score")
    lease = project.leases.filter(pk=lease_pk, user=request.user, kind=Lease.Kind.SCORE).first()
    if lease is None:  # its scores are locked, or it never was this person's: both lead on
        return _done_already(request, project)
    if request.method != "POST":
        return _show(request, project, lease)
    if request.POST.get("action") == "skip":
        queues.release(lease)
        return _next(request, project)
    return _submit(request, project, lease)


def _submit(request: MemberRequest, project: Project, lease: Lease) -> HttpResponse:
    form = ScoreForm(request.POST, rubric=project.rubric)
    if not form.is_valid():
        return _show(request, project, lease, form=form, status=422)
    output = _output(project, lease)
    try:
        outcome = lock_scores(
            output=output,
            scores=form.scores(),
            comment=form.cleaned_data["comment"],
            by=request.user,
            active_seconds=form.cleaned_data["active_seconds"],
        )
    except Refused as refusal:
        return _show(request, project, lease, form=form, refusal=str(refusal), status=409)
    if not outcome.fresh:
        messages.info(request, "You had already scored that one; your first scores stand. Here is the next.")
    return _next(request, project)


def _output(project: Project, lease: Lease) -> Output:
    outputs = Output.objects.filter(contestant__evaluation__project=project)
    return outputs.select_related("contestant__evaluation__project", "prompt").get(pk=lease.item_id)


def _next(request: MemberRequest, project: Project) -> HttpResponse:
    """The next output in this very answer, or the page that says why there is none."""
    if not work_page.wants_part(request):
        return redirect("score_next", project.pk)
    lease = scoring.next_to_score(project, request.user)
    if lease is None:
        return HttpResponseClientRedirect(reverse("score_next", args=[project.pk]))
    return _show(request, project, lease)


def _done_already(request: MemberRequest, project: Project) -> HttpResponse:
    if request.method == "POST":
        messages.info(request, DONE_ALREADY)
    return _next(request, project)


def _show(
    request: MemberRequest,
    project: Project,
    lease: Lease,
    *,
    form: ScoreForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    output = _output(project, lease)
    held = scoring.hold_output(project, output.pk, request.user)
    if form is None:
        counted = {"version": lease.draft_version, "active_seconds": round(lease.active_seconds, 1)}
        form = ScoreForm(initial={**lease.draft, **counted}, rubric=project.rubric)
    context: dict[str, Any] = {
        "lease": lease,
        "open": held is not None and not refusal,
        "refusal": refusal,
        "prompt": output.prompt,
        "text": output.text,
        "form": form,
        "scored": scoring.scored_by(project, request.user),
        "left": scoring.left_for(project, request.user),
        "guidelines": project.current_guidelines(),
    }
    url = reverse("score", args=[project.pk, lease.pk])
    return work_page.show(request, "evaluation/score.html", context, url, status)
