from __future__ import annotations

from functools import lru_cache
from typing import Any
from uuid import UUID

from django import template
from django.template.context import RequestContext
from django.template.loader import render_to_string

from annotation.access import memberships_of
from annotation.models import Project
from config import navigation

register = template.Library()


@register.simple_tag(takes_context=True)
def project_navigation(context: RequestContext) -> str:
    """The side navigation; empty outside a project."""
    request: Any = context.get("request")
    role = getattr(request, "role", None)
    if role is None:
        return ""
    match = request.resolver_match
    return _navigation(role, match.url_name if match else None, request.project.pk)


@lru_cache(maxsize=4_096)
def _navigation(role: str, present: str | None, project_pk: UUID) -> str:
    """The same at every visit: it need not be put together with each item somebody works on."""
    groups = navigation.groups_for(role, present)
    return render_to_string("includes/navigation.html", {"navigation": groups, "project_pk": project_pk})


@register.simple_tag(takes_context=True)
def switchable_projects(context: RequestContext) -> list[Project]:
    """The signed-in person's projects, by name: one query a page."""
    request: Any = context.get("request")
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    return [membership.project for membership in memberships_of(request)[:50]]
