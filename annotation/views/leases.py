from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from annotation import queues
from annotation.access import ALLOWED, MemberRequest, project_for
from annotation.models import Comparison, Demonstration, Lease, Project, Prompt

# kind -> how somebody who is back gets the item again, if nobody else has taken it up
TAKE_BACK: dict[str, Callable[[Project, Lease], Lease | None]] = {
    Lease.Kind.WRITE: lambda project, lease: queues.hold_prompt(Prompt.objects.get(pk=lease.item_id), lease.user),
    Lease.Kind.APPROVE: lambda project, lease: queues.hold_demonstration(
        Demonstration.objects.select_related("prompt__project").get(pk=lease.item_id), lease.user
    ),
    Lease.Kind.RANK: lambda project, lease: queues.hold_comparison(
        Comparison.objects.select_related("prompt__project").get(pk=lease.item_id), lease.user
    ),
}


@require_POST
def lease_renew(request: MemberRequest, pk: UUID, lease_pk: UUID) -> JsonResponse:
    """Somebody is at it: sent while the page is in sight and its person active. `look` only asks how it stands."""
    project = project_for(request, pk, "open project")
    lease = get_object_or_404(project.leases.select_related("user"), pk=lease_pk, user=request.user)
    if request.role not in ALLOWED[lease.kind]:
        raise PermissionDenied("Your role here has changed; this work is for others.")
    if request.POST.get("look"):
        return _answer(lease, held=lease.is_live, taken=not lease.is_live and queues.in_other_hands(lease))
    if not lease.release and queues.renew(lease):
        return _answer(lease, held=True)
    take_back = TAKE_BACK.get(lease.kind)
    if lease.release or take_back is None:
        return _answer(lease, held=False, taken=queues.in_other_hands(lease))
    again: Any = take_back(project, lease)
    return _answer(again or lease, held=again is not None, taken=again is None)


def _answer(lease: Lease, *, held: bool, taken: bool = False) -> JsonResponse:
    return JsonResponse({"expires_at": lease.expires_at.isoformat(), "held": held, "taken": taken})
