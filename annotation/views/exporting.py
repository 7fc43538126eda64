from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Sum
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from annotation.access import MemberRequest, project_for
from annotation.actions import exporting
from annotation.downloads import attachment
from annotation.models import Comparison


@dataclass(frozen=True)
class Kind:
    """A file that can be taken out, and how many rows speak for it."""

    kind: str
    title: str
    what: str
    count: int

    @property
    def facts(self) -> str:
        noun = {"demonstrations": "approved", "preferences": "rankings to draw from"}.get(self.kind, self.kind)
        return f"{self.count:,} {noun}"


@require_safe
def export(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    ranked = Comparison.objects.filter(project=project, rankings_done__gt=0)
    approved = project.prompts.with_response("approved").count()
    rankings = ranked.aggregate(rankings=Sum("rankings_done"))["rankings"] or 0
    prompts = project.prompts.count()
    kinds = [
        Kind("demonstrations", "Demonstrations", "Approved responses with their prompts, to train with TRL.", approved),
        Kind("preferences", "Preference pairs", "What the rankings agree on, chosen and rejected, for TRL.", rankings),
        Kind("rankings", "Rankings", "Every judgement as it was given, with candidates and names.", rankings),
        Kind("prompts", "Prompts", "Everything that can be imported again, held-out prompts included.", prompts),
    ]
    return render(request, "annotation/export.html", {"project": project, "kinds": kinds})


@require_POST
def export_download(request: MemberRequest, pk: UUID, kind: str) -> HttpResponseBase:
    """A POST, so that no link makes somebody take a project's texts out unawares; it is recorded."""
    project = project_for(request, pk, "manage")
    if kind not in exporting.KINDS:
        raise Http404("No such export")
    exporting.record_export(project=project, kind=kind, by=request.user)
    response = StreamingHttpResponse(exporting.lines(project, kind), content_type="application/jsonl")
    return attachment(response, exporting.file_name(project, kind))
