from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from annotation.access import MemberRequest, project_for
from training.actions.freezing import asked_without_leaks, start_freezing
from training.leaks import gate
from training.leaks.shown import beside
from training.models import LeakCheck
from training.views.freezings import after

SHOWN = 10


@require_safe
def dataset_leaks(request: MemberRequest, pk: UUID, dataset_pk: UUID) -> HttpResponse:
    """Each row that gives something away beside what it gives away, most alike first."""
    project = project_for(request, pk, "manage")
    version = get_object_or_404(project.dataset_versions, pk=dataset_pk)
    check = LeakCheck.objects.select_related("project").filter(version=version).first()
    page = Paginator(version.leaks.worst_first().select_related("held_out"), SHOWN).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "version": version,
        "check": check,
        "compared": check is not None and gate.is_compared(check),
        "page": page,
        "pairs": [beside(leak) for leak in page],
        "rows": version.leaks.values("row_id").distinct().count(),
        "texts": project.held_out_texts.count(),
        "left_out": version.left_out.all()[:200],
    }
    template = "training/leaks.html" + ("#state" if request.htmx else "")
    return render(request, template, context)


@require_POST
def dataset_compare(request: MemberRequest, pk: UUID, dataset_pk: UUID) -> HttpResponse:
    """With whatever is held out by now."""
    project = project_for(request, pk, "manage")
    version = get_object_or_404(project.dataset_versions, pk=dataset_pk)
    gate.look(version)
    return redirect("dataset_leaks", project.pk, version.pk)


@require_POST
def dataset_without_leaks(request: MemberRequest, pk: UUID, dataset_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    version = get_object_or_404(project.dataset_versions, pk=dataset_pk)
    try:
        run = start_freezing(by=request.user, **asked_without_leaks(version))
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
        return redirect("dataset_leaks", project.pk, version.pk)
    return after(request, run)
