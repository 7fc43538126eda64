"""After an edit of the guidelines: offering earlier work for a re-check, and answering for one's own."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from annotation import diff
from annotation.access import MemberRequest, project_for
from annotation.actions import Refused, rechecking
from annotation.forms.rechecking import AskAgainForm
from annotation.models import Guidelines, Project, Recheck
from annotation.texts import counted


@require_http_methods(["GET", "HEAD", "POST"])
def guidelines_recheck(request: MemberRequest, pk: UUID) -> HttpResponse:
    """How much was done under earlier versions, and whom to ask about it."""
    project = project_for(request, pk, "approve")
    current = rechecking.latest_that_matters(project)
    rows = rechecking.affected(project, current) if current else []
    form = AskAgainForm(request.POST or None, versions=[row.version for row in rows])
    if request.method == "POST" and current:
        if request.POST.get("action") == "spare":
            rechecking.spare(project=project, by=request.user, guidelines=current)
            messages.success(request, f"Version {current.version} leaves earlier work as it is.")
            return redirect("guidelines_recheck", project.pk)
        if form.is_valid():
            return _ask(request, project, form)
    waiting = Recheck.objects.open().filter(project=project)
    context = {
        "project": project,
        "current": current,
        "rows": rows,
        "form": form,
        "waiting": waiting.count(),
        "settled": Recheck.objects.filter(project=project).exclude(settled_at=None).count(),
    }
    return render(request, "annotation/guidelines_recheck.html", context, status=422 if form.errors else 200)


def _ask(request: MemberRequest, project: Project, form: AskAgainForm) -> HttpResponse:
    try:
        number = rechecking.ask_again(project=project, by=request.user, **form.asked())
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, f"{counted(number, 'piece')} of work went back to their authors for a re-check.")
    return redirect("guidelines_recheck", project.pk)


@require_safe
def recheck_next(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "open project")
    first = Recheck.objects.open().filter(project=project, person=request.user).first()
    if first is None:
        return render(request, "annotation/recheck_done.html", {"project": project})
    return redirect("recheck", project.pk, first.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def recheck(request: MemberRequest, pk: UUID, recheck_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "open project")
    rows = Recheck.objects.filter(project=project, person=request.user).select_related(
        "guidelines",
        "project",
        "demonstration__prompt",
        "demonstration__guidelines",
        "ranking__comparison__prompt",
        "ranking__guidelines",
    )
    found = get_object_or_404(rows, pk=recheck_pk)
    if request.method != "POST":
        return _show(request, project, found)
    action = request.POST.get("action")
    acts = {"confirm": rechecking.confirm, "change": rechecking.change}
    if action not in acts:
        return _show(request, project, found, status=422)
    try:
        acts[action](recheck=found, by=request.user)
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return redirect("recheck_next", project.pk)
    if action == "confirm":
        messages.success(request, f"Kept, under version {found.guidelines.version}.")
        return redirect("recheck_next", project.pk)
    if found.demonstration:
        return redirect("write", project.pk, found.demonstration.prompt_id)
    assert found.ranking
    return redirect("rank", project.pk, found.ranking.comparison_id)


def _show(request: MemberRequest, project: Project, found: Recheck, status: int = 200) -> HttpResponse:
    thing = found.demonstration or found.ranking
    assert thing
    prompt = found.demonstration.prompt if found.demonstration else found.ranking.comparison.prompt  # type: ignore[union-attr]
    before: Guidelines | None = thing.guidelines
    now = found.guidelines
    mine = Recheck.objects.open().filter(project=project, person=request.user)
    context = {
        "recheck": found,
        "prompt": prompt,
        "before": before,
        "now": now,
        "changes": diff.words(before.text, now.text) if before and before.pk != now.pk else None,
        "candidates": _candidates(found),
        "left": mine.count(),
    }
    return render(request, "annotation/recheck.html", context, status=status)


def _candidates(found: Recheck) -> list[tuple[int, str, bool]]:
    """Of a ranking: place, text, and whether others share the place."""
    if found.ranking is None:
        return []
    texts = {str(each.pk): each.text for each in found.ranking.comparison.candidates.all()}
    return [
        (place, texts[key], len(group) > 1)
        for place, group in enumerate(found.ranking.order, start=1)
        for key in group
        if key in texts
    ]
