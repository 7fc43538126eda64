"""Deciding on swapped copies: approving them as they are or changed, or dismissing them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from annotation import diff
from annotation.access import MemberRequest, project_for
from annotation.actions import Refused, swapped_copies
from annotation.forms.swapped_copies import CopyForm, DismissForm, texts_of
from annotation.models import Project, SwappedCopy


@require_safe
def swapped_copy_next(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "approve")
    first = SwappedCopy.objects.open().filter(project=project).first()
    if first is None:
        decided = project.swapped_copies.select_related("decided_by").order_by("-decided_at")[:50]
        return render(request, "annotation/swapped_copies_done.html", {"project": project, "decided": decided})
    return redirect("swapped_copy", project.pk, first.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def swapped_copy(request: MemberRequest, pk: UUID, copy_pk: UUID) -> HttpResponse:
    """`action` is approve (as proposed), change (as typed), dismiss or undo."""
    project = project_for(request, pk, "approve")
    rows = project.swapped_copies.select_related("project", "original__prompt", "prompt", "decided_by")
    found = get_object_or_404(rows, pk=copy_pk)
    if request.method != "POST":
        return _show(request, project, found)
    action = request.POST.get("action", "")
    typed = CopyForm(request.POST) if action == "change" else None
    reason = DismissForm(request.POST) if action == "dismiss" else None
    form = typed or reason
    if form and not form.is_valid():
        return _show(request, project, found, typed=typed, reason=reason, status=422)
    try:
        said = _act(action, found, request, form)
    except Refused as refusal:
        found.refresh_from_db()
        return _show(request, project, found, typed=typed, reason=reason, status=409, refusal=str(refusal))
    messages.success(request, said)
    if action == "undo":
        return redirect("swapped_copy", project.pk, found.pk)
    return redirect("swapped_copy_next", project.pk)


def _act(action: str, found: SwappedCopy, request: MemberRequest, form: Form | None) -> str:
    if action == "undo":
        swapped_copies.undo(copy=found, by=request.user)
        return "Taken back: it waits for a decision again."
    if action == "dismiss" and form:
        swapped_copies.dismiss(copy=found, by=request.user, **form.cleaned_data)
        return "Dismissed."
    if action == "change" and form:
        swapped_copies.approve(copy=found, by=request.user, **form.cleaned_data)
        return "Approved as you changed it."
    if action == "approve":
        swapped_copies.approve(copy=found, by=request.user, **texts_of(found))
        return "Approved."
    raise Refused("Choose what to do with this copy.")


def _show(
    request: MemberRequest,
    project: Project,
    found: SwappedCopy,
    *,
    typed: CopyForm | None = None,
    reason: DismissForm | None = None,
    status: int = 200,
    refusal: str = "",
) -> HttpResponse:
    original = found.original.prompt
    sides = [
        ("Instruction", original.instruction, found.instruction),
        ("Input", original.input, found.input),
        ("Response", found.original.text, found.text),
    ]
    context = {
        "project": project,
        "copy": found,
        "original": original,
        "compared": [
            {"label": label, "before": before, "pieces": diff.words(before, after)}
            for label, before, after in sides
            if before or after
        ],
        "form": typed or CopyForm(initial=texts_of(found)),
        "dismissal": reason or DismissForm(),
        "changing": typed is not None,
        "refusal": refusal,
        "left": SwappedCopy.objects.open().filter(project=project).count(),
    }
    return render(request, "annotation/swapped_copy.html", context, status=status)
