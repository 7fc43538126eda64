from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from annotation import brake
from annotation.models import Event, SignInFailure, SignInLink

GOOD = {"username": "erin", "password": "a long pass phrase"}
BAD = {"username": "erin", "password": "wrong"}


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_it_signs_in_with_name_and_password(client: Client, erin: User) -> None:
    response = client.post("/sign-in/", GOOD)
    assert (response.status_code, response["Location"], signed_in(client)) == (302, "/", True)
    assert Event.objects.get(verb="signed in").data == {"how": "password"}


def test_it_says_why_it_did_not_sign_in(client: Client, erin: User) -> None:
    response = client.post("/sign-in/", BAD)
    assert response.status_code == 422
    assert "do not belong together" in response.content.decode()
    assert not signed_in(client)


def test_it_returns_to_the_page_somebody_came_for(client: Client, erin: User) -> None:
    assert client.get("/account/")["Location"] == "/sign-in/?next=/account/"
    assert client.post("/sign-in/?next=/account/", GOOD)["Location"] == "/account/"


@pytest.mark.parametrize("target", ["no-page-of-ours", "%00", "account"])
def test_it_reads_the_page_somebody_came_for_as_an_address_only(client: Client, erin: User, target: str) -> None:
    assert client.post("/sign-in/", {**GOOD, "next": target})["Location"] == target


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
def test_it_goes_to_no_other_site(client: Client, erin: User, target: str) -> None:
    assert client.post("/sign-in/", {**GOOD, "next": target})["Location"] == "/"


def test_it_sends_somebody_who_is_signed_in_on(client: Client, erin: User) -> None:
    client.force_login(erin)
    assert client.get("/sign-in/")["Location"] == "/"


def test_it_needs_a_token_against_forged_requests(erin: User) -> None:
    assert Client(enforce_csrf_checks=True).post("/sign-in/", GOOD).status_code == 403


# --- The brake ----------------------------------------------------------------------------------------------


def fail(client: Client, times: int, **extra: str) -> None:
    for _ in range(times):
        client.post("/sign-in/", BAD, **extra)


def test_it_makes_a_guesser_wait_even_with_the_right_password(client: Client, erin: User) -> None:
    fail(client, brake.NAME.free_tries)
    response = client.post("/sign-in/", GOOD)
    assert response.status_code == 429
    assert "Try again in 15 seconds" in response.content.decode()
    assert not signed_in(client)


def test_it_lets_in_after_the_wait_and_forgets_the_failures(client: Client, erin: User) -> None:
    fail(client, brake.NAME.free_tries)
    SignInFailure.objects.update(last_at=timezone.now() - timedelta(seconds=16))
    client.post("/sign-in/", GOOD)
    assert signed_in(client)
    client.logout()
    fail(client, brake.NAME.free_tries - 1)
    client.post("/sign-in/", GOOD)
    assert signed_in(client)


@pytest.mark.parametrize(
    ("limit", "waits"),
    [(brake.NAME, {4: 0, 5: 15, 6: 30, 7: 60, 40: 900}), (brake.NETWORK, {49: 0, 50: 15, 51: 30, 52: 60, 99: 60})],
)
def test_it_waits_longer_each_time_but_not_for_ever(limit: brake.Limit, waits: dict[int, int]) -> None:
    assert {count: limit.wait_after(count).total_seconds() for count in waits} == waits


def test_it_brakes_one_name_from_one_address_only(client: Client, erin: User, eve: User) -> None:
    fail(client, brake.NAME.free_tries)
    assert brake.begin_try("ERIN", "127.0.0.1") > 0
    client.post("/sign-in/", GOOD, REMOTE_ADDR="10.0.0.9")
    assert signed_in(client)


def test_it_brakes_one_password_tried_on_many_names(client: Client, erin: User) -> None:
    """Nor does signing in as oneself before the last try set the count back."""
    for number in range(brake.NETWORK.free_tries - 1):
        assert brake.begin_try(f"name-{number}", "127.0.0.1") == 0
    assert Client().post("/sign-in/", GOOD).status_code == 302
    for status in (422, 429):
        response = client.post("/sign-in/", {"username": f"one more {status}", "password": "Summer2026!"})
        assert response.status_code == status
    assert "Try again in 15 seconds" in response.content.decode()
    assert brake.begin_try("one more", "127.0.0.2") == 0


def test_it_counts_no_right_password_against_the_network(client: Client, erin: User) -> None:
    for _ in range(brake.NETWORK.free_tries + 1):
        client.post("/sign-in/", GOOD)
        assert signed_in(client)
        client.logout()


def test_it_forgets_no_failure_for_a_form_without_a_password(client: Client, erin: User) -> None:
    fail(client, brake.NAME.free_tries)
    client.post("/sign-in/", {"username": "erin", "password": ""})
    assert client.post("/sign-in/", GOOD).status_code == 429


def test_it_counts_tries_that_have_no_answer_yet(db) -> None:
    waits = [brake.begin_try("erin", "1.2.3.4") for _ in range(brake.NAME.free_tries + 1)]
    assert (set(waits[:-1]), waits[-1]) == ({0}, 15)


def test_it_brakes_a_guesser_who_changes_address_within_one_ipv6_network(db) -> None:
    for number in range(brake.NAME.free_tries):
        brake.begin_try("erin", f"2001:db8:1:2::{number:x}")
    assert brake.begin_try("erin", "2001:db8:1:2:ffff::1") > 0
    assert brake.begin_try("erin", "2001:db8:1:3::1") == 0
    assert brake.begin_try("erin", "not an address") == 0


def test_it_trusts_a_forwarded_address_only_behind_the_operators_proxy(settings, rf) -> None:
    request = rf.get("/", headers={"X-Forwarded-For": "6.6.6.6, 10.1.1.1"})
    assert brake.address_of(request) == "127.0.0.1"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert brake.address_of(request) == "10.1.1.1"


def test_it_counts_unknown_names_alike(client: Client, db) -> None:
    for _ in range(brake.NAME.free_tries):
        client.post("/sign-in/", {"username": "nobody", "password": "x"})
    assert client.post("/sign-in/", {"username": "nobody", "password": "x"}).status_code == 429


# --- One-time links -----------------------------------------------------------------------------------------


def test_it_asks_before_a_link_is_used_up(client: Client, erin: User) -> None:
    token = SignInLink.issue(erin)
    for _ in range(3):
        response = client.get(f"/sign-in/{token}/")
        assert "Sign in as Erin Expert" in response.content.decode()
    assert not signed_in(client)
    client.post(f"/sign-in/{token}/")
    assert signed_in(client)


def test_it_leads_a_person_without_password_to_their_account(client: Client, erin: User) -> None:
    erin.set_unusable_password()
    erin.save()
    assert client.post(f"/sign-in/{SignInLink.issue(erin)}/")["Location"] == "/account/"


def test_it_says_that_a_link_is_spent(client: Client, erin: User) -> None:
    token = SignInLink.issue(erin)
    client.post(f"/sign-in/{token}/")
    client.logout()
    for response in (client.get(f"/sign-in/{token}/"), client.post(f"/sign-in/{token}/")):
        assert response.status_code == 410
        assert "works no more" in response.content.decode()
    assert not signed_in(client)


@pytest.mark.parametrize("change", ["expired", "closed", "unknown"])
def test_it_refuses_other_links_alike(client: Client, erin: User, change: str) -> None:
    token = SignInLink.issue(erin)
    if change == "expired":
        SignInLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    if change == "closed":
        User.objects.update(is_active=False)
    token = "x" if change == "unknown" else token
    assert client.get(f"/sign-in/{token}/").status_code == 410
    assert client.post(f"/sign-in/{token}/").status_code == 410
    assert not signed_in(client)


def test_it_stores_no_token(erin: User) -> None:
    token = SignInLink.issue(erin)
    assert token not in str(SignInLink.objects.values())


def test_it_signs_out_by_post_only(client: Client, erin: User) -> None:
    client.force_login(erin)
    assert client.get("/sign-out/").status_code == 405
    client.post("/sign-out/")
    assert not signed_in(client)
