from __future__ import annotations

import json
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.access import MemberRequest, project_for
from annotation.actions import Refused
from annotation.downloads import attachment
from annotation.models import BiasLists, Project
from training import actions
from training.forms import AuditForm
from training.models import BiasAudit
from training.monitoring import audit_report

ACTIONS = {"stop": actions.stop_audit, "resume": actions.resume_audit}
MOST_OUTCOMES = 40


@require_http_methods(["GET", "HEAD", "POST"])
def audits(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    given = request.POST if request.method == "POST" else None
    form = AuditForm(given, project=project, initial={"dataset_version": request.GET.get("dataset")})
    if given is not None and form.is_valid():
        try:
            audit = actions.start_audit(project=project, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("audit", project.pk, audit.pk)
    context = {
        "project": project,
        "form": form,
        "audits": project.biasaudits.select_related("dataset_version", "created_by").defer("report", "state")[:50],
        "own": BiasLists.of(project),
    }
    return render(request, "training/audits.html", context, status=422 if form.errors else 200)


@require_safe
def audit(request: MemberRequest, pk: UUID, audit_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    found = _one(project, audit_pk)
    return render(request, "training/audit.html", {"project": project, "audit": found, **_shown(found)})


def _one(project: Project, pk: UUID) -> BiasAudit:
    return get_object_or_404(project.biasaudits.select_related("dataset_version", "created_by").defer("state"), pk=pk)


def _shown(audit: BiasAudit) -> dict[str, object]:
    report = audit.report
    if not report:
        return {}
    attributes = audit_report.named(report)
    return {
        "report": report,
        "attributes": attributes,
        "compared": [
            {"group": group, "rows": audit_report.quality_rows(group, report["measures"])}
            for attribute in attributes
            for group in attribute["groups"]
        ],
        "outcomes": audit_report.outcomes(report)[:MOST_OUTCOMES],
        "outcomes_compared": sum(each["value"] is not None for each in report["outcomes"]),
        "outcomes_undefined": sum(each["value"] is None for each in report["outcomes"]),
        "outcome_chart": audit_report.outcome_chart(report),
        "period_chart": audit_report.period_chart(report),
    }


@require_safe
def audit_file(request: MemberRequest, pk: UUID, audit_pk: UUID, format: str) -> HttpResponse:
    project = project_for(request, pk, "manage")
    found = _one(project, audit_pk)
    if format not in ("csv", "json") or not found.report:
        raise Http404("No such file")
    name = f"bias-audit-{found.created_at:%Y-%m-%d}.{format}"
    if format == "csv":
        return attachment(HttpResponse(audit_report.as_csv(found.report), content_type="text/csv"), name)
    text = json.dumps(found.report, ensure_ascii=False, indent=2)
    return attachment(HttpResponse(text, content_type="application/json"), name)


@require_POST
def audit_act(request: MemberRequest, pk: UUID, audit_pk: UUID) -> HttpResponse:
    """`action` is one of ACTIONS."""
    project = project_for(request, pk, "manage")
    found = get_object_or_404(project.biasaudits, pk=audit_pk)
    act = ACTIONS.get(request.POST.get("action", ""))
    try:
        if act:
            act(audit=found, by=request.user)
    except Refused as refusal:
        messages.warning(request, str(refusal))
    return redirect("audit", project.pk, found.pk)
