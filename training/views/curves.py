from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from annotation.access import MemberRequest, project_for
from annotation.downloads import attachment
from training.actions import write_to_mlflow
from training.monitoring import curves


@require_safe
def round_tensorboard(request: HttpRequest, pk: UUID, round_pk: UUID) -> HttpResponse:
    """Losses and figures only: none of the project's texts."""
    project = project_for(request, pk, "manage")
    name, content = curves.event_file(get_object_or_404(project.rounds, pk=round_pk))
    if not content:
        raise Http404("Nothing was measured")
    return attachment(HttpResponse(content, content_type="application/octet-stream"), name)


@require_POST
def round_mlflow(request: MemberRequest, pk: UUID, round_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    round = get_object_or_404(project.rounds, pk=round_pk)
    try:
        write_to_mlflow(round=round, by=request.user)
        messages.success(request, f"Round {round.number} is being written to the MLflow server.")
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
    return redirect("round", project.pk, round.pk)
