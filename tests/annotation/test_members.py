from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from annotation.actions import Refused
from annotation.actions.members import (
    add_member,
    change_role,
    invite,
    may_make_link,
    new_link,
    remove_member,
    usable_link,
)
from annotation.forms.projects import InvitationForm
from annotation.models import Event, Lease, Membership, Project, Role, SignInLink
from tests import factories


def page(project: Project) -> str:
    return f"/projects/{project.pk}/members/"


def act(client: Client, project: Project, user: User, **data: str) -> str:
    membership = project.memberships.get(user=user)
    response = client.post(f"{page(project)}{membership.pk}/", data, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def shown_link(content: str) -> str:
    return re.search(r"http://testserver(/sign-in/[\w-]+/)", content)[1]  # type: ignore[index]


def test_it_invites_a_new_person_with_a_link_shown_once(project: Project, ada: User, sign_in) -> None:
    client = sign_in(ada)
    data = {"action": "invite", "invite-name": "Nora Nurse", "invite-username": "nora", "invite-role": "expert"}
    content = client.post(page(project), data).content.decode()
    link = shown_link(content)
    assert "/sign-in/" not in client.get(page(project)).content.decode()
    nora = User.objects.get(username="nora")
    assert (nora.get_full_name(), nora.has_usable_password()) == ("Nora Nurse", False)
    newcomer = Client()
    newcomer.post(link)
    assert newcomer.get(f"/projects/{project.pk}/").status_code == 200


@pytest.mark.parametrize(
    ("name", "username", "words"),
    [
        ("", "nora", "This field is required."),
        ("Nora", "ERIN", "This user name is taken."),
        ("Nora", "no ra", "Enter a valid username."),
        ("N" * 149, "nora", "This name is too long."),
    ],
)
def test_it_says_what_is_wrong_with_an_invitation(
    project: Project, ada: User, sign_in, name: str, username: str, words: str
) -> None:
    data = {"action": "invite", "invite-name": name, "invite-username": username, "invite-role": "expert"}
    response = sign_in(ada).post(page(project), data)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert project.memberships.count() == 4


def test_it_says_so_when_a_user_name_is_taken_meanwhile(project: Project, ada: User, sign_in, monkeypatch) -> None:
    """Another admin invites the same person between our look at the names and our writing."""
    data = {"action": "invite", "invite-name": "Nora Nurse", "invite-username": "nora", "invite-role": "expert"}
    before = InvitationForm.clean_username

    def late(form: InvitationForm) -> str:
        username = before(form)
        invite(project=project, username="nora", name="Nora Nurse", role="expert", by=ada)
        return username

    monkeypatch.setattr(InvitationForm, "clean_username", late)
    response = sign_in(ada).post(page(project), data)
    assert response.status_code == 422
    assert "The user name “nora” is taken." in response.content.decode()


def test_it_adds_somebody_who_has_an_account(project: Project, ada: User, oscar: User, sign_in) -> None:
    client = sign_in(ada)
    data = {"action": "add", "add-username": "oscar", "add-role": "reviewer"}
    client.post(page(project), data)
    assert project.role_of(oscar) == Role.REVIEWER
    assert "is a member already" in client.post(page(project), data).content.decode()
    unknown = client.post(page(project), {**data, "add-username": "nobody"}).content.decode()
    assert "Nobody has this user name" in unknown


def test_it_changes_a_role(project: Project, ada: User, erin: User, sign_in) -> None:
    assert "is now reviewer" in act(sign_in(ada), project, erin, action="role", role="reviewer")
    assert project.role_of(erin) == Role.REVIEWER
    assert "Choose a role" in act(sign_in(ada), project, erin, action="role", role="king")
    assert Event.objects.get(verb="changed a role").data == {"before": "expert", "role": "reviewer"}


def test_it_removes_a_member_and_gives_back_what_they_held(
    project: Project, ada: User, erin: User, sign_in, django_user_model
) -> None:
    prompt = factories.prompt(project)
    demonstration = factories.demonstration(prompt, erin)
    Lease.objects.create(project=project, kind="write", item_id=prompt.pk, user=erin, expires_at=timezone.now())
    act(sign_in(ada), project, erin, action="remove")
    assert project.role_of(erin) is None
    assert not Lease.objects.exists()
    assert User.objects.filter(pk=erin.pk).exists()
    demonstration.refresh_from_db()


def test_it_keeps_the_last_admin(project: Project, ada: User, sign_in) -> None:
    for data in ({"action": "remove"}, {"action": "role", "role": "expert"}):
        assert "needs an admin" in act(sign_in(ada), project, ada, **data)
    assert project.role_of(ada) == Role.ADMIN


def test_it_counts_an_admin_whose_account_is_closed_as_none(project: Project, ada: User, rita: User) -> None:
    change_role(membership=project.memberships.get(user=rita), role=Role.ADMIN, by=ada)
    User.objects.filter(pk=rita.pk).update(is_active=False)
    with pytest.raises(Refused):
        remove_member(membership=project.memberships.get(user=ada), by=ada)


def test_it_lets_an_admin_leave_when_there_is_another(project: Project, ada: User, rita: User, sign_in) -> None:
    change_role(membership=project.memberships.get(user=rita), role=Role.ADMIN, by=ada)
    act(sign_in(ada), project, ada, action="remove")
    assert project.role_of(ada) is None


def test_it_refuses_to_remove_somebody_twice(project: Project, ada: User, erin: User) -> None:
    membership = project.memberships.get(user=erin)
    remove_member(membership=Membership.objects.get(pk=membership.pk), by=ada)
    with pytest.raises(Refused, match="no longer a member"):
        remove_member(membership=membership, by=ada)


def test_it_reaches_no_member_of_another_project(project: Project, ada: User, oscar: User, sign_in) -> None:
    foreign = oscar.memberships.get()
    assert sign_in(ada).post(f"{page(project)}{foreign.pk}/", {"action": "remove"}).status_code == 404


# --- New links: whoever holds one is that person, everywhere ------------------------------------------------


def test_it_makes_a_new_link_that_replaces_the_old(project: Project, ada: User, erin: User, sign_in) -> None:
    old = new_link(user=erin, by=ada)
    link = shown_link(act(sign_in(ada), project, erin, action="link"))
    assert usable_link(old) is None
    newcomer = Client()
    newcomer.post(link)
    assert newcomer.session["_auth_user_id"] == str(erin.pk)


def test_it_makes_no_link_into_what_the_admin_may_not_do(project: Project, ada: User, erin: User, oscar: User) -> None:
    other = oscar.memberships.get().project
    assert not may_make_link(user=ada, by=oscar)  # ada runs the installation
    Membership.objects.create(project=other, user=erin, role=Role.EXPERT)
    assert not may_make_link(user=erin, by=oscar)  # erin works in a project of others too
    Membership.objects.filter(project=project, user=erin).delete()
    assert may_make_link(user=erin, by=oscar)
    assert may_make_link(user=oscar, by=ada)


def test_it_lets_no_link_into_a_project_its_maker_does_not_run(
    project: Project, ada: User, oscar: User, eve: User, client: Client
) -> None:
    other = oscar.memberships.get().project
    token = invite(project=other, username="nora", name="Nora Nurse", role="expert", by=oscar)[1]
    own = new_link(user=eve, by=None)
    assert usable_link(token)
    add_member(project=project, user=User.objects.get(username="nora"), role="expert", by=ada)
    for response in (client.get(f"/sign-in/{token}/"), client.post(f"/sign-in/{token}/")):
        assert response.status_code == 410
    add_member(project=other, user=eve, role="expert", by=oscar)
    assert usable_link(own)  # made on the machine itself


def test_it_says_why_there_is_no_link(project: Project, ada: User, oscar: User, sign_in) -> None:
    other = oscar.memberships.get().project
    Membership.objects.create(project=other, user=ada, role=Role.EXPERT)
    content = act(sign_in(oscar), other, ada, action="link")
    assert "a link would open that too" in content
    assert not SignInLink.objects.exists()
