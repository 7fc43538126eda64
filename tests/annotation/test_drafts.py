"""Autosave of the screens that keep their draft with the lease."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation import queues
from annotation.models import Lease, Membership, Role
from tests import factories


def url(lease: Lease) -> str:
    return reverse("draft_save", args=[lease.project_id, lease.pk])


@pytest.fixture
def lease(project, erin) -> Lease:
    factories.comparison(factories.prompt(project))
    return queues.next_to_rank(project, erin)


@pytest.fixture
def as_erin(sign_in, erin) -> Client:
    return sign_in(erin)


def test_it_keeps_every_field_but_the_forms_own(as_erin, lease) -> None:
    fields = {"rank-a": "1", "reason": "first\r\nsecond", "all_bad": "on"}
    own = {"version": "0", "guidelines": "1", "action": "submit", "csrfmiddlewaretoken": "x"}
    saved = as_erin.post(url(lease), {**fields, **own})
    assert (saved.status_code, saved.json()["version"], saved.json()["held"]) == (200, 1, True)
    lease.refresh_from_db()
    assert lease.draft == {**fields, "reason": "first\nsecond"}
    as_erin.post(url(lease), {"rank-a": "1", "version": "1"})
    lease.refresh_from_db()
    assert lease.draft == {"rank-a": "1"}, "a box that is no longer ticked is not sent"


def test_it_answers_a_stale_tab_with_the_newer_draft(as_erin, lease) -> None:
    as_erin.post(url(lease), {"reason": "first tab", "version": "0"})
    stale = as_erin.post(url(lease), {"reason": "second tab", "version": "0"})
    assert stale.status_code == 409
    assert (stale.json()["reason"], stale.json()["version"]) == ("first tab", 1)
    assert "another tab" in stale.json()["message"]


def test_it_saves_for_the_leases_own_person_only(client, project, lease, eve, ada, oscar) -> None:
    for other in (eve, ada, oscar):
        client.force_login(other)
        assert client.post(url(lease), {"reason": "mine now", "version": "0"}).status_code == 404
    own = oscar.memberships.get().project
    assert client.post(reverse("draft_save", args=[own.pk, lease.pk]), {"version": "0"}).status_code == 404
    lease.refresh_from_db()
    assert lease.draft == {}


def test_it_saves_nothing_for_a_role_that_was_taken_away(client, project, rita, erin) -> None:
    factories.demonstration(factories.prompt(project), erin, status="submitted")
    lease = queues.next_to_approve(project, rita)
    client.force_login(rita)
    assert client.post(url(lease), {"note": "Add", "version": "0"}).status_code == 200
    Membership.objects.filter(user=rita).update(role=Role.EXPERT)
    assert client.post(url(lease), {"note": "Add more", "version": "1"}).status_code == 403


def test_it_renews_the_lease_or_says_that_somebody_else_has_the_item(as_erin, project, eve, lease) -> None:
    Lease.objects.update(expires_at=timezone.now() + timedelta(seconds=30))
    as_erin.post(url(lease), {"reason": "typing", "version": "0"})
    assert Lease.objects.get().expires_at > timezone.now() + timedelta(minutes=5)
    Lease.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert as_erin.post(url(lease), {"reason": "typed late", "version": "1"}).json()["held"] is True
    assert queues.next_to_rank(project, eve).item_id == lease.item_id
    assert as_erin.post(url(lease), {"reason": "typed too late", "version": "2"}).json()["held"] is False


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"version": "x"},
        {"version": "-1"},
        {"version": "9" * 30},
        {"version": "²"},
        {"version": "0", "reason": "nul \0"},
        {"version": "0", "reason": "x" * 100_001},
        {"version": "0", **{f"field-{number}": "x" for number in range(61)}},
    ],
)
def test_it_answers_nonsense_with_a_message(as_erin, lease, data) -> None:
    answer = as_erin.post(url(lease), data)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Not saved")


def test_it_changes_nothing_on_a_get(as_erin, lease) -> None:
    assert as_erin.get(url(lease)).status_code == 405


def test_it_takes_few_queries_to_save(as_erin, lease, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(8):
        as_erin.post(url(lease), {"reason": "typing", "version": "0"})
