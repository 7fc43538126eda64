from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from annotation.access import MemberRequest, project_for
from annotation.actions import Refused
from training import actions
from training.freezing import comparing, filters
from training.models import FreezeRun
from training.tasks import worker_is_running

ACTIONS: dict[str, Callable[..., Any]] = {"stop": actions.stop_freezing, "resume": actions.resume_freezing}


def after(request: MemberRequest, run: FreezeRun) -> HttpResponse:
    """To the version, where it is there already; else to how far it is."""
    if run.version is None:
        return redirect("freezing", run.project_id, run.pk)
    if run.is_new:
        messages.success(request, f"{run.version} is frozen.")
    else:
        messages.warning(
            request,
            f"Nothing has changed since {run.version}: it holds exactly these rows, so no new version was made.",
        )
    return redirect("dataset", run.project_id, run.version.pk)


@require_safe
def freezing(request: MemberRequest, pk: UUID, run_pk: UUID) -> HttpResponse:
    """How far it is, why it ended, or what was counted."""
    project = project_for(request, pk, "manage")
    found = project.freezeruns.select_related("created_by", "version", "without_leaks_of", "best_half_of")
    run = get_object_or_404(found, pk=run_pk)
    context = {
        "project": project,
        "run": run,
        "said": comparing.in_words(run),
        "rows": run.state.get("train", 0) + run.state.get("validation", 0),
        "no_worker": run.is_unfinished and not worker_is_running(),
    }
    return render(request, "training/freezing.html", context)


@require_POST
def freezing_act(request: MemberRequest, pk: UUID, run_pk: UUID) -> HttpResponse:
    """`action` is stop, resume or freeze: that makes a version of what was only counted."""
    project = project_for(request, pk, "manage")
    run = get_object_or_404(project.freezeruns.select_related("project"), pk=run_pk)
    action = request.POST.get("action", "")
    try:
        if action == "freeze":
            return after(request, _frozen(request, run))
        if act := ACTIONS.get(action):
            act(run=run, by=request.user)
    except (ValidationError, Refused) as refusal:
        messages.warning(request, " ".join(getattr(refusal, "messages", [str(refusal)])))
    return redirect("freezing", project.pk, run.pk)


def _frozen(request: MemberRequest, run: FreezeRun) -> FreezeRun:
    return actions.start_freezing(
        project=run.project,
        kind=run.kind,
        by=request.user,
        description=run.description,
        consensus=run.consensus,
        chosen=filters.of_json(run.filter),
    )
