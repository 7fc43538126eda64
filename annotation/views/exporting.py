from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.models import Sum
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from annotation.access import MemberRequest, project_for
from annotation.actions import Refused, exporting
from annotation.downloads import attachment
from annotation.exports.kinds import KINDS
from annotation.forms.exporting import ExportForm
from annotation.models import Comparison, Project

SHOWN = 50


@dataclass(frozen=True)
class Kind:
    """What can be taken out, and how many rows speak for it."""

    kind: str
    title: str
    what: str
    count: int

    @property
    def facts(self) -> str:
        noun = {"demonstrations": "approved", "preferences": "rankings to draw from"}.get(self.kind, self.kind)
        return f"{self.count:,} {noun}"


@require_http_methods(["GET", "HEAD", "POST"])
def export(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else "demonstrations"
    form = ExportForm(request.POST if request.method == "POST" else None, kind=kind)
    if request.method == "POST" and form.is_valid():
        try:
            exporting.start(project=project, kind=kind, by=request.user, **form.cleaned_data)
        except Refused as refused:
            messages.error(request, str(refused))
        return redirect(f"{reverse('export', args=[project.pk])}?kind={kind}")
    works = list(project.exports.select_related("created_by", "project")[:SHOWN])
    kinds = _kinds(project)
    context = {
        "project": project,
        "kinds": kinds,
        "chosen": next(each for each in kinds if each.kind == kind),
        "form": form,
        "works": works,
        "unfinished": any(each.is_unfinished for each in works),
        "days": settings.EXPORTS_KEPT_DAYS,
    }
    return render(request, "annotation/export.html", context, status=422 if form.errors else 200)


def _kinds(project: Project) -> list[Kind]:
    ranked = Comparison.objects.filter(project=project, rankings_done__gt=0)
    approved = project.prompts.with_response("approved").count()
    rankings = ranked.aggregate(rankings=Sum("rankings_done"))["rankings"] or 0
    what = {
        "demonstrations": ("Approved responses with their prompts.", approved),
        "preferences": ("What the rankings agree on: a better and a worse answer.", rankings),
        "rankings": ("Everybody's judgements, with the candidates and the names of who judged.", rankings),
        "prompts": ("Everything that can be imported again, held-out prompts included.", project.prompts.count()),
    }
    return [Kind(kind, title, *what[kind]) for kind, title in KINDS.items()]


ACTIONS = {
    "stop": (exporting.stop, "It stops after the rows it has in hand."),
    "resume": (exporting.resume, "It is made anew."),
    "delete": (exporting.delete, "The file is deleted."),
}


@require_POST
def export_act(request: MemberRequest, pk: UUID, export_pk: UUID) -> HttpResponse:
    """`action` is one of ACTIONS."""
    project = project_for(request, pk, "manage")
    work = get_object_or_404(project.exports, pk=export_pk)
    act, said = ACTIONS.get(request.POST.get("action", ""), (None, ""))
    if act is None:
        return HttpResponse("There is no such action.", status=400)
    try:
        act(work=work, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, said)
    return redirect("export", project.pk)


@require_POST
def export_download(request: MemberRequest, pk: UUID, export_pk: UUID) -> HttpResponse | FileResponse:
    """A POST, so that no link makes somebody take a project's texts out unawares; it is recorded."""
    project = project_for(request, pk, "manage")
    work = get_object_or_404(project.exports.select_related("project"), pk=export_pk)
    path = work.path if work.is_ready else None
    if path is None:
        messages.error(request, "This file is no longer there. Make it again.")
        return redirect("export", project.pk)
    exporting.record_download(work=work, by=request.user)
    return attachment(FileResponse(path.open("rb"), content_type="application/octet-stream"), work.download_name)
