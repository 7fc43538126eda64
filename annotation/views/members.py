from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from annotation.access import MemberRequest, project_for
from annotation.actions import Refused
from annotation.actions.members import add_member, change_role, invite, link_for_member, remove_member
from annotation.forms.projects import InvitationForm, MemberForm, RoleForm
from annotation.models import Membership, Project, Role, name_of


@require_http_methods(["GET", "HEAD", "POST"])
def members(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The people of a project; below them two forms, `action` says which one was sent."""
    project = project_for(request, pk, "manage")
    action = request.POST.get("action", "")
    adding = MemberForm(request.POST if action == "add" else None, prefix="add")
    inviting = InvitationForm(request.POST if action == "invite" else None, prefix="invite")
    if action == "add" and adding.is_valid() and _added(request, project, adding):
        return redirect("members", project.pk)
    if action == "invite" and inviting.is_valid():
        try:
            membership, token = invite(project=project, by=request.user, **inviting.cleaned_data)
        except Refused as refused:
            inviting.add_error("username", str(refused))
        else:
            return _show(request, project, MemberForm(prefix="add"), InvitationForm(prefix="invite"), membership, token)
    return _show(request, project, adding, inviting)


@require_POST
def member(request: MemberRequest, pk: UUID, membership_pk: int) -> HttpResponse:
    """Change a role, remove a member, or make a new one-time link."""
    project = project_for(request, pk, "manage")
    membership = get_object_or_404(project.memberships.select_related("user"), pk=membership_pk)
    action = request.POST.get("action", "")
    try:
        if action == "link":
            return _linked(request, project, membership)
        if action == "remove":
            remove_member(membership=membership, by=request.user)
            messages.success(request, f"{name_of(membership.user)} is no longer a member.")
        elif action == "role" and (form := RoleForm(request.POST)).is_valid():
            change_role(membership=membership, role=form.cleaned_data["role"], by=request.user)
            messages.success(
                request, f"{name_of(membership.user)} is now {Role(form.cleaned_data['role']).label.lower()}."
            )
        else:
            messages.error(request, "Choose a role from the list.")
    except Refused as refused:
        messages.error(request, str(refused))
    still_admin = project.role_of(request.user) == Role.ADMIN
    return redirect("members" if still_admin else "home", *([project.pk] if still_admin else []))


def _added(request: MemberRequest, project: Project, form: MemberForm) -> bool:
    try:
        add_member(project=project, user=form.user, role=form.cleaned_data["role"], by=request.user)
    except Refused as refused:
        form.add_error("username", str(refused))
        return False
    messages.success(request, f"{name_of(form.user)} is a member now.")
    return True


def _linked(request: MemberRequest, project: Project, membership: Membership) -> HttpResponse:
    token = link_for_member(membership=membership, by=request.user)
    return _show(request, project, MemberForm(prefix="add"), InvitationForm(prefix="invite"), membership, token)


def _show(
    request: MemberRequest,
    project: Project,
    adding: MemberForm,
    inviting: InvitationForm,
    membership: Membership | None = None,
    token: str = "",
) -> HttpResponse:
    context: dict[str, Any] = {
        "project": project,
        "memberships": project.memberships.select_related("user"),
        "rankers": {each.user_id: each for each in project.rankers.select_related("admitted_by")},
        "roles": Role.choices,
        "add_form": adding,
        "invite_form": inviting,
    }
    if membership and token:
        context["link_for"] = membership.user
        context["link"] = request.build_absolute_uri(reverse("sign_in_link", args=[token]))
    status = 422 if adding.errors or inviting.errors else 200
    return render(request, "annotation/members.html", context, status=status)
