from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from annotation.access import project_for
from annotation.downloads import attachment
from training import curves


@require_safe
def round_tensorboard(request: HttpRequest, pk: UUID, round_pk: UUID) -> HttpResponse:
    """Losses and figures only: none of the project's texts."""
    project = project_for(request, pk, "manage")
    name, content = curves.event_file(get_object_or_404(project.rounds, pk=round_pk))
    if not content:
        raise Http404("Nothing was measured")
    return attachment(HttpResponse(content, content_type="application/octet-stream"), name)
