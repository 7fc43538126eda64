from __future__ import annotations

from typing import Any

from django import template
from django.template.context import RequestContext

from annotation.access import memberships_of
from annotation.models import Project
from config import navigation

register = template.Library()


@register.simple_tag(takes_context=True)
def project_navigation(context: RequestContext) -> list[navigation.Group]:
    """The groups of the side navigation; none outside a project."""
    request: Any = context.get("request")
    role = getattr(request, "role", None)
    if role is None:
        return []
    match = request.resolver_match
    return navigation.groups_for(role, match.url_name if match else None)


@register.simple_tag(takes_context=True)
def switchable_projects(context: RequestContext) -> list[Project]:
    """The signed-in person's projects, by name: one query a page."""
    request: Any = context.get("request")
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    return [membership.project for membership in memberships_of(request)[:50]]
