from __future__ import annotations

import json
from collections.abc import Callable
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
from training.forms import AuditForm, CopiesForm
from training.models import BiasAudit, SwapRun
from training.monitoring import audit_report

ACTIONS = {"stop": actions.stop_audit, "resume": actions.resume_audit}
RUN_ACTIONS = {"stop": actions.stop_copies, "resume": actions.resume_copies}
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
    return _page(request, project, found, CopiesForm(report=found.report) if found.report else None)


def _page(
    request: MemberRequest, project: Project, found: BiasAudit, form: CopiesForm | None, status: int = 200
) -> HttpResponse:
    runs = found.swap_runs.all()[:10]
    context = {"project": project, "audit": found, "form": form, "runs": runs, **_shown(found)}
    return render(request, "training/audit.html", context, status=status)


@require_POST
def audit_copies(request: MemberRequest, pk: UUID, audit_pk: UUID) -> HttpResponse:
    """Propose swapped copies; or, with the `action` stop or resume, what is under way."""
    project = project_for(request, pk, "manage")
    found = _one(project, audit_pk)
    if act := RUN_ACTIONS.get(request.POST.get("action", "")):
        return _act_on_run(request, project, found, act)
    if not found.report:
        return redirect("audit", project.pk, found.pk)
    form = CopiesForm(request.POST, report=found.report)
    if not form.is_valid():
        return _page(request, project, found, form, status=422)
    try:
        actions.propose_copies(audit=found, by=request.user, **form.cleaned_data)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return _page(request, project, found, form, status=422)
    return redirect("audit", project.pk, found.pk)


def _act_on_run(request: MemberRequest, project: Project, found: BiasAudit, act: Callable[..., None]) -> HttpResponse:
    run = SwapRun.objects.filter(audit=found).unfinished().first() or found.swap_runs.first()
    try:
        if run:
            act(run=run, by=request.user)
    except Refused as refusal:
        messages.warning(request, str(refusal))
    return redirect("audit", project.pk, found.pk)


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
