from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from knox.models import AuthToken

from annotation import queues
from annotation.actions import Refused
from annotation.actions.assigning import forget_person
from annotation.models import Event, Membership, Project, Role, SignInLink, name_of


def add_member(*, project: Project, user: User, role: str, by: User) -> Membership:
    with transaction.atomic():
        membership, created = Membership.objects.get_or_create(project=project, user=user, defaults={"role": role})
        if not created:
            raise Refused(f"{name_of(user)} is a member already.")
        Event.record("added a member", user, by=by, project=project, role=role)
    return membership


def invite(*, project: Project, username: str, name: str, role: str, by: User) -> tuple[Membership, str]:
    """A new person, made a member, and the token of the link that signs them in for the first time."""
    with transaction.atomic():
        if User.objects.filter(username__iexact=username).exists():
            raise Refused(f"The user name “{username}” is taken.")
        first, _, last = name.strip().partition(" ")
        user = User(username=username, first_name=first, last_name=last.strip())
        user.set_unusable_password()
        user.save()
        membership = add_member(project=project, user=user, role=role, by=by)
        token = new_link(user=user, by=by, project=project)
    return membership, token


def change_role(*, membership: Membership, role: str, by: User) -> None:
    with transaction.atomic():
        row = _locked(membership)
        if row.role == role:
            return
        if row.role == Role.ADMIN:
            _refuse_without_admin(row)
        before, row.role = row.role, role
        row.save(update_fields=["role"])
        Event.record("changed a role", row.user, by=by, project=row.project, before=before, role=role)


def remove_member(*, membership: Membership, by: User) -> None:
    """The person keeps their account and the project keeps what they wrote."""
    with transaction.atomic():
        row = _locked(membership)
        if row.role == Role.ADMIN:
            _refuse_without_admin(row)
        row.project.leases.filter(user=row.user).delete()
        forget_person(project=row.project, user=row.user)
        row.delete()
        Event.record("removed a member", row.user, by=by, project=row.project, role=row.role)


def may_make_link(*, user: User, by: User) -> bool:
    """Whoever holds a link is that person, everywhere. So: staff for all; admins for people of their projects only."""
    if by.is_staff:
        return True
    if user.is_staff:
        return False
    elsewhere = user.memberships.exclude(project__memberships__in=by.memberships.filter(role=Role.ADMIN))
    return not elsewhere.exists()


def new_link(*, user: User, by: User | None, project: Project | None = None) -> str:
    """The token of a new one-time link; earlier links of the same person stop working."""
    with transaction.atomic():
        user.sign_in_links.filter(used_at=None).delete()
        token = SignInLink.issue(user, made_by=by)
        Event.record("made a sign-in link", user, by=by, project=project)
    return token


def link_for_member(*, membership: Membership, by: User) -> str:
    """As `new_link`, for an admin of their project, who may not open more with it than the project."""
    if not may_make_link(user=membership.user, by=by):
        raise Refused(
            f"{name_of(membership.user)} also works where you are not an admin, and a link would open that too. "
            "Ask somebody who runs this installation."
        )
    return new_link(user=membership.user, by=by, project=membership.project)


def usable_link(token: str) -> SignInLink | None:
    """None also where its maker might no longer make it: another project has taken the person in since."""
    link = SignInLink.find(token)
    if link is None or (link.made_by and not may_make_link(user=link.user, by=link.made_by)):
        return None
    return link


def set_password(*, user: User, password: str) -> None:
    """Whoever came in by an older way does not stay in: sessions end with the old password, links and tokens here."""
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        user.sign_in_links.filter(used_at=None).delete()
        AuthToken.objects.filter(user=user).delete()
        Event.record("changed the password", user, by=user)


def new_token(*, user: User, valid_for: timedelta) -> str:
    """A new API token's text, which nothing can show again: the database keeps its hash."""
    with transaction.atomic():
        stored, token = AuthToken.objects.create(user=user, expiry=valid_for)
        Event.record("made an API token", user, by=user, token=stored.token_key)
    return token


def _locked(membership: Membership) -> Membership:
    """The row as it is now, with the project locked, so that two admins cannot remove each other at once."""
    queues.lock(membership.project)
    row = Membership.objects.select_related("user", "project").filter(pk=membership.pk).first()
    if row is None:
        raise Refused("This person is no longer a member.")
    return row


def _refuse_without_admin(membership: Membership) -> None:
    others = membership.project.memberships.filter(role=Role.ADMIN, user__is_active=True).exclude(pk=membership.pk)
    if not others.exists():
        raise Refused("A project needs an admin: make somebody else admin first.")
