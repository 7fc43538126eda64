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
    fail(client, brake.FREE_TRIES)
    response = client.post("/sign-in/", GOOD)
    assert response.status_code == 429
    assert "Try again in 15 seconds" in response.content.decode()
    assert not signed_in(client)


def test_it_lets_in_after_the_wait_and_forgets_the_failures(client: Client, erin: User) -> None:
    fail(client, brake.FREE_TRIES)
    SignInFailure.objects.update(last_at=timezone.now() - timedelta(seconds=16))
    client.post("/sign-in/", GOOD)
    assert signed_in(client)
    assert not SignInFailure.objects.exists()


def test_it_waits_longer_each_time_but_not_for_ever(client: Client, erin: User) -> None:
    waits = []
    for count in (4, 5, 6, 7, 40):
        SignInFailure.objects.all().delete()
        brake.record_failure("erin", "1.2.3.4")
        SignInFailure.objects.update(count=count)
        waits.append(brake.seconds_to_wait("erin", "1.2.3.4"))
    assert waits == [0, 15, 30, 60, 900]


def test_it_brakes_one_name_from_one_address_only(client: Client, erin: User, eve: User) -> None:
    fail(client, brake.FREE_TRIES)
    assert brake.seconds_to_wait("ERIN", "127.0.0.1") > 0
    client.post("/sign-in/", GOOD, REMOTE_ADDR="10.0.0.9")
    assert signed_in(client)


def test_it_brakes_a_guesser_who_changes_address_within_one_ipv6_network(db) -> None:
    for number in range(brake.FREE_TRIES):
        brake.record_failure("erin", f"2001:db8:1:2::{number:x}")
    assert brake.seconds_to_wait("erin", "2001:db8:1:2:ffff::1") > 0
    assert brake.seconds_to_wait("erin", "2001:db8:1:3::1") == 0
    assert brake.seconds_to_wait("erin", "not an address") == 0


def test_it_trusts_a_forwarded_address_only_behind_the_operators_proxy(settings, rf) -> None:
    request = rf.get("/", headers={"X-Forwarded-For": "6.6.6.6, 10.1.1.1"})
    assert brake.address_of(request) == "127.0.0.1"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert brake.address_of(request) == "10.1.1.1"


def test_it_counts_unknown_names_alike(client: Client, db) -> None:
    for _ in range(brake.FREE_TRIES):
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
