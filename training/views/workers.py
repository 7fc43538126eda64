from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotation.access import MemberRequest, project_for
from training import disk
from training.models import TrainingRound
from training.running.workers import projects_to_name, shown_to


@require_safe
def workers(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The installation's workers, as an admin of this project sees them."""
    project_for(request, pk, "manage")
    return _page(request)


@require_safe
def installation_workers(request: HttpRequest) -> HttpResponse:
    if not request.user.is_staff:
        raise PermissionDenied("Only a system administrator sees all workers. Admins find them in their project.")
    return _page(request)


def _page(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    context = {
        "workers": shown_to(projects_to_name(request.user)),
        "waiting": TrainingRound.objects.in_turn().count(),
        "in_cluster": settings.LAUNCHER == "ray",
        "disk": disk.use(),
        "kept_on_disk": disk.KEPT,
    }
    return render(request, "training/workers.html", context)
