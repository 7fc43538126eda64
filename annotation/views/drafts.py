from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from annotation import active_time, queues
from annotation.access import ALLOWED, MemberRequest, project_for
from annotation.forms.work import LONGEST
from annotation.models import Lease
from annotation.queues import Conflict
from annotation.views import conflicts

NOT_TYPED = {"csrfmiddlewaretoken", "version", "guidelines", "response", "action", "active_seconds"}
MOST_FIELDS = 60
LARGEST_VERSION = 2**31 - 1


@require_POST
def draft_save(request: MemberRequest, pk: UUID, lease_pk: UUID) -> JsonResponse:
    """Keep what stands in the form of a work screen, whichever fields it has."""
    project = project_for(request, pk, "open project")
    lease = get_object_or_404(project.leases, pk=lease_pk, user=request.user)
    if request.role not in ALLOWED[lease.kind]:
        raise PermissionDenied("Your role here has changed; this work is for others.")
    version = request.POST.get("version", "")
    if not version.isascii() or not version.isdigit() or int(version) > LARGEST_VERSION:
        return JsonResponse({"message": "Not saved: this page is out of date. Load it again."}, status=400)
    data = {name: str(value).replace("\r\n", "\n") for name, value in request.POST.items() if name not in NOT_TYPED}
    if problem := _problem(data):
        return JsonResponse({"message": problem}, status=400)
    if lease.kind == Lease.Kind.APPROVE:  # its note and its fix stand in forms of their own
        data = {**lease.draft, **data}
    outcome = queues.save_draft(lease, data, int(version))
    if isinstance(outcome, Conflict):
        return conflicts.answer(request, outcome, data)
    active_time.keep(lease, active_time.seconds(request.POST.get("active_seconds")))
    held = outcome.held or not queues.in_other_hands(lease)
    return JsonResponse({"saved_at": outcome.saved_at.isoformat(), "version": outcome.version, "held": held})


def _problem(data: dict[str, str]) -> str:
    if len(data) > MOST_FIELDS:
        return "Not saved: these are more fields than any of our forms has."
    if any(len(value) > LONGEST or len(name) > 100 for name, value in data.items()):
        return f"Not saved: a text is longer than {LONGEST} characters."
    if any("\0" in value or "\0" in name for name, value in data.items()):
        return "Not saved: the text holds a character that cannot be stored."
    return ""
