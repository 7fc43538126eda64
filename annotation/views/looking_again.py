"""Reading a response again: keeping it, or writing it as it should be."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from annotation import diff
from annotation.access import MemberRequest, project_for
from annotation.actions import Refused, looking_again
from annotation.forms.looking_again import CorrectionForm
from annotation.models import Project, SecondLook


@require_safe
def second_look_next(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "open project")
    first = SecondLook.objects.open().filter(project=project, person=request.user).first()
    if first is None:
        return render(request, "annotation/second_look_done.html", {"project": project})
    return redirect("second_look", project.pk, first.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def second_look(request: MemberRequest, pk: UUID, look_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "open project")
    rows = SecondLook.objects.filter(project=project, person=request.user)
    found = get_object_or_404(
        rows.select_related("project", "demonstration__prompt", "demonstration__author"), pk=look_pk
    )
    response = found.demonstration
    if request.method != "POST":
        return _show(
            request, project, found, CorrectionForm(initial={"text": response.text, "version": response.version})
        )
    form = CorrectionForm(request.POST)
    try:
        if request.POST.get("action") == "keep":
            looking_again.keep(look=found, by=request.user)
            messages.success(request, "Kept as it is.")
            return redirect("second_look_next", project.pk)
        if not form.is_valid():
            return _show(request, project, found, form, status=422)
        looking_again.correct(look=found, by=request.user, **form.cleaned_data)
    except Refused as refusal:
        return _refuse(request, project, found, form, str(refusal))
    messages.success(request, "Corrected. Thank you.")
    return redirect("second_look_next", project.pk)


def _refuse(
    request: MemberRequest, project: Project, found: SecondLook, form: CorrectionForm, refusal: str
) -> HttpResponse:
    """With what was typed, and how the response differs from it now."""
    found.demonstration.refresh_from_db()
    again = CorrectionForm(
        initial={"text": form.data.get("text", found.demonstration.text), "version": found.demonstration.version}
    )
    return _show(request, project, found, again, status=409, refusal=refusal)


def _show(
    request: MemberRequest,
    project: Project,
    found: SecondLook,
    form: CorrectionForm,
    status: int = 200,
    refusal: str = "",
) -> HttpResponse:
    typed = form["text"].value() or ""
    context = {
        "look": found,
        "response": found.demonstration,
        "prompt": found.demonstration.prompt,
        "form": form,
        "refusal": refusal,
        "difference": diff.words(found.demonstration.text, typed) if refusal else None,
        "left": SecondLook.objects.open().filter(project=project, person=request.user).count(),
        "guidelines": project.current_guidelines(),
    }
    return render(request, "annotation/second_look.html", context, status=status)
