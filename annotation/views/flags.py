"""What people found wrong, or could not do: for reviewers and admins, who close it with an outcome."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from annotation import threads
from annotation.access import MemberRequest, project_for
from annotation.actions import Refused, discussing
from annotation.forms.discussion import OutcomeForm
from annotation.models import Flag, Lease, Project

MOST = 100


@require_safe
def flags(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "approve")
    return _show(request, project)


@require_POST
def flag_close(request: MemberRequest, pk: UUID, flag_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "approve")
    flag = get_object_or_404(Flag.objects.select_related("prompt__project"), pk=flag_pk, prompt__project=project)
    form = OutcomeForm(request.POST, prefix=str(flag.pk)[:8])
    if not form.is_valid():
        return _show(request, project, {flag.pk: form}, status=422)
    try:
        discussing.close_flag(flag=flag, by=request.user, outcome=form.cleaned_data["outcome"])
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, "Closed. Whoever raised it sees the outcome in the prompt's flags.")
    return redirect("flags", project.pk)


def _show(
    request: MemberRequest, project: Project, forms: dict[UUID, OutcomeForm] | None = None, status: int = 200
) -> HttpResponse:
    everything = (
        Flag.objects.alias(of=threads.OF_PROMPT)
        .filter(of=project.pk)
        .select_related("prompt", "raised_by", "closed_by")
    )
    open_ones = list(everything.open()[:MOST])
    skipped = project.leases.exclude(reason="").exclude(release="").select_related("user").order_by("-expires_at")
    skipped_writing = list(skipped.filter(kind=Lease.Kind.WRITE)[:MOST])
    prompts = project.prompts.in_bulk([lease.item_id for lease in skipped_writing])
    context = {
        "project": project,
        "open": [
            {"flag": flag, "form": (forms or {}).get(flag.pk) or OutcomeForm(prefix=str(flag.pk)[:8])}
            for flag in open_ones
        ],
        "closed": everything.exclude(closed_at=None).order_by("-closed_at")[:20],
        "skipped": [
            {"lease": lease, "prompt": prompts[lease.item_id]} for lease in skipped_writing if lease.item_id in prompts
        ],
    }
    return render(request, "annotation/flags.html", context, status=status)
