"""Who may do what: one table, read by every page, command and API call."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django_htmx.middleware import HtmxDetails

from annotation.models import Project, Role

EVERYONE = frozenset({Role.EXPERT, Role.REVIEWER, Role.ADMIN})
SENIOR = frozenset({Role.REVIEWER, Role.ADMIN})
ADMIN = frozenset({Role.ADMIN})

# act -> roles that may do it
ALLOWED: dict[str, frozenset[str]] = {
    "open project": EVERYONE,
    "write": EVERYONE,
    "rank": EVERYONE,
    "score": EVERYONE,
    "approve": SENIOR,
    "read results": SENIOR,  # experts still score blind: results would tell them which is which
    "manage": ADMIN,  # settings, members, guidelines, import, export, freeze, rounds, sampling, evaluation, promotion
}


class MemberRequest(HttpRequest):
    """What a view has in hand after `project_for`: a member's request. For the type checker only."""

    user: User
    project: Project
    role: str
    htmx: HtmxDetails


def may(project: Project, user: User, act: str) -> bool:
    return project.role_of(user) in ALLOWED[act]


def project_for(request: HttpRequest, pk: UUID, act: str) -> Project:
    """The project, if the user may do `act` in it: 404 for strangers, 403 for the wrong role.

    Sets `request.project` and `request.role` for the templates. Two queries.
    """
    project = Project.objects.filter(pk=pk).first()
    role = project.role_of(request.user) if project else None
    if project is None or role is None:
        raise Http404("No such project")
    if role not in ALLOWED[act]:
        raise PermissionDenied(f"Your role here is {Role(role).label.lower()}; this page is for others.")
    request.project = project  # type: ignore[attr-defined]
    request.role = role  # type: ignore[attr-defined]
    return project
