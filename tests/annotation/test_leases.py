"""For how long an item stays with somebody: said on the page, renewed while they are active, and not otherwise."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from annotation import queues
from annotation.models import Lease
from tests import factories


def path(lease: Lease) -> str:
    return f"/projects/{lease.project_id}/leases/{lease.pk}/renew/"


def set_end(lease: Lease, **ahead: int) -> None:
    Lease.objects.filter(pk=lease.pk).update(expires_at=timezone.now() + timedelta(**ahead))


def test_it_renews_what_somebody_active_has_in_hand(project, erin, sign_in) -> None:
    factories.prompt(project)
    lease = queues.next_to_write(project, erin)
    set_end(lease, minutes=2)
    answer = sign_in(erin).post(path(lease)).json()
    assert (answer["held"], answer["taken"]) == (True, False)
    lease.refresh_from_db()
    assert lease.expires_at > timezone.now() + timedelta(minutes=25)
    assert answer["expires_at"] == lease.expires_at.isoformat()


def test_it_renews_nothing_for_a_page_that_only_looks(project, erin, eve, sign_in) -> None:
    prompt = factories.prompt(project)
    lease = queues.next_to_write(project, erin)
    client = sign_in(erin)
    set_end(lease, minutes=2)
    assert client.post(path(lease), {"look": "1"}).json()["held"]
    lease.refresh_from_db()
    assert lease.expires_at < timezone.now() + timedelta(minutes=3)
    set_end(lease, minutes=-1)
    answer = client.post(path(lease), {"look": "1"}).json()
    assert (answer["held"], answer["taken"]) == (False, False)
    assert queues.next_to_write(project, eve).item_id == prompt.pk
    assert client.post(path(lease), {"look": "1"}).json()["taken"]


def test_it_gives_an_item_back_to_who_returns_while_nobody_else_has_it(project, erin, eve, rita, sign_in) -> None:
    demonstration = factories.demonstration(factories.prompt(project), eve, status="submitted")
    comparison = factories.comparison(demonstration.prompt)
    factories.prompt(project)
    for person, take in (
        (erin, queues.next_to_write),
        (erin, queues.next_to_rank),
        (rita, queues.next_to_approve),
    ):
        lease = take(project, person)
        set_end(lease, minutes=-1)
        assert sign_in(person).post(path(lease)).json()["held"], lease
    lease = Lease.objects.get(kind="rank", user=erin)
    set_end(lease, minutes=-1)
    assert queues.hold_comparison(comparison, eve)
    answer = sign_in(erin).post(path(lease)).json()
    assert (answer["held"], answer["taken"]) == (False, True)


def test_it_does_not_take_back_what_one_has_skipped(project, erin, sign_in) -> None:
    factories.prompt(project)
    lease = queues.next_to_write(project, erin)
    queues.release(lease)
    assert not sign_in(erin).post(path(lease)).json()["held"]
    assert not Lease.objects.live().exists()


def test_it_keeps_leases_to_their_owners(project, erin, eve, sign_in) -> None:
    factories.prompt(project)
    lease = queues.next_to_write(project, erin)
    assert sign_in(eve).post(path(lease)).status_code == 404


def test_it_says_on_each_work_screen_until_when(project, erin, eve, rita, sign_in) -> None:
    demonstration = factories.demonstration(factories.prompt(project), eve, status="submitted")
    factories.comparison(demonstration.prompt)
    factories.prompt(project)
    for person, kind in ((erin, "write"), (erin, "rank"), (rita, "approve")):
        page = sign_in(person).get(f"/projects/{project.pk}/{kind}/", follow=True).content.decode()
        lease = Lease.objects.get(kind=kind, user=person)
        assert f'data-lease="{path(lease)}"' in page, kind
        set_end(lease, minutes=-1)
    settled = sign_in(rita).get(f"/projects/{project.pk}/approve/{demonstration.pk}/").content.decode()
    assert "data-lease=" in settled, "it is free, so opening it takes it again"
