"""Who may do what: one table, read by every page, command and API call."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django_htmx.middleware import HtmxDetails

from annotation.models import Membership, Project, Role

EVERYONE = frozenset({Role.EXPERT, Role.REVIEWER, Role.ADMIN})
SENIOR = frozenset({Role.REVIEWER, Role.ADMIN})
ADMIN = frozenset({Role.ADMIN})

# act -> roles that may do it
ALLOWED: dict[str, frozenset[str]] = {
    "open project": EVERYONE,
    "write": EVERYONE,
    "rank": EVERYONE,
    "score": EVERYONE,
    "clean": EVERYONE,  # each decides what `findings.visible` shows them
    "approve": SENIOR,
    "decide": SENIOR,  # where people's rankings differ, and what answers are known
    "read results": SENIOR,  # experts still score blind: results would tell them which is which
    "manage": ADMIN,  # settings, members, guidelines, import, export, freeze, rounds, sampling, evaluation, promotion
}


class MemberRequest(HttpRequest):
    """What a view has in hand after `project_for`: a member's request. For the type checker only."""

    user: User
    project: Project
    role: str
    htmx: HtmxDetails


def memberships_of(request: HttpRequest) -> list[Membership]:
    """The signed-in person's memberships with their projects, by name: one query a page, whoever asks."""
    known: list[Membership] | None = getattr(request, "memberships", None)
    if known is not None:
        return known
    if not request.user.is_authenticated:
        return []
    mine = Membership.objects.filter(user_id=request.user.pk).select_related("project")
    known = list(mine.order_by("project__name", "project_id"))
    request.memberships = known  # type: ignore[attr-defined]  # a request carries what its readers share
    return known


def project_for(request: HttpRequest, pk: UUID, act: str) -> Project:
    """The project, if the user may do `act` in it: 404 for strangers, 403 for the wrong role.

    Sets `request.project` and `request.role` for the templates.
    """
    membership = next((mine for mine in memberships_of(request) if mine.project_id == pk), None)
    if membership is None:
        raise Http404("No such project")
    if membership.role not in ALLOWED[act]:
        raise PermissionDenied(f"Your role here is {Role(membership.role).label.lower()}; this page is for others.")
    request.project = membership.project  # type: ignore[attr-defined]
    request.role = membership.role  # type: ignore[attr-defined]
    return membership.project
