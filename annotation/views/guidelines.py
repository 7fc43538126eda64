from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from annotation import diff
from annotation.access import MemberRequest, project_for
from annotation.actions import rechecking
from annotation.actions.guidelines import GuidelinesChanged, write_guidelines
from annotation.forms.projects import GuidelinesForm


@require_safe
def guidelines(request: MemberRequest, pk: UUID, version: int | None = None) -> HttpResponse:
    """The current guidelines, or an earlier version beside what changed since the one before it."""
    project = project_for(request, pk, "open project")
    versions = list(project.guidelines.select_related("created_by").defer("text"))
    shown = project.current_guidelines()
    if version is not None:
        shown = get_object_or_404(project.guidelines, version=version)
    before = project.guidelines.filter(version=shown.version - 1).first() if shown else None
    return render(
        request,
        "annotation/guidelines.html",
        {
            "project": project,
            "shown": shown,
            "versions": versions,
            "changes": diff.words(before.text, shown.text) if before and shown and version else None,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def guidelines_edit(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    current = project.current_guidelines()
    initial = {"text": current.text if current else "", "after": current.version if current else 0}
    form = GuidelinesForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = write_guidelines(project=project, by=request.user, **form.cleaned_data)
        except GuidelinesChanged as changed:
            form.add_error("text", f"{changed} Open the guidelines in another tab, and take over what you need.")
        else:
            messages.success(request, f"Version {made.version} is what everybody reads from now on.")
            touched = (
                rechecking.old_responses(project, made).exists() or rechecking.old_rankings(project, made).exists()
            )
            return redirect("guidelines_recheck" if touched else "guidelines", project.pk)
    context = {"project": project, "form": form, "current": current}
    return render(request, "annotation/guidelines_edit.html", context, status=422 if form.errors else 200)
