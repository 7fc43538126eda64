from __future__ import annotations

import re

from django.contrib.auth.models import User
from django.test import Client
from knox.models import AuthToken

from annotation.actions.members import new_link

PASSWORD = {"new_password1": "four unrelated words here", "new_password2": "four unrelated words here"}


def test_it_changes_the_name(erin: User, sign_in) -> None:
    sign_in(erin).post("/account/", {"action": "name", "first_name": "Erin", "last_name": "Okafor", "email": ""})
    erin.refresh_from_db()
    assert erin.get_full_name() == "Erin Okafor"


def test_it_says_beside_the_field_what_is_missing(erin: User, sign_in) -> None:
    page = sign_in(erin).post("/account/", {"action": "name", "first_name": " "}).content.decode()
    assert "This field is required." in page
    erin.refresh_from_db()
    assert erin.first_name == "Erin"


def test_it_sets_a_first_password_without_asking_for_one(erin: User, sign_in) -> None:
    erin.set_unusable_password()
    erin.save()
    client = sign_in(erin)
    assert 'name="current"' not in client.get("/account/").content.decode()
    assert client.post("/account/", {"action": "password", **PASSWORD}).status_code == 302
    erin.refresh_from_db()
    assert erin.check_password(PASSWORD["new_password1"])
    assert client.get("/account/").status_code == 200  # still signed in


def test_it_asks_for_the_present_password(erin: User, sign_in) -> None:
    client = sign_in(erin)
    page = client.post("/account/", {"action": "password", "current": "nonsense", **PASSWORD}).content.decode()
    assert "not your present password" in page
    client.post("/account/", {"action": "password", "current": "a long pass phrase", **PASSWORD})
    erin.refresh_from_db()
    assert erin.check_password(PASSWORD["new_password1"])


def test_a_new_password_ends_every_other_way_in(erin: User, eve: User, sign_in) -> None:
    elsewhere = Client()
    elsewhere.force_login(erin)
    link = new_link(user=erin, by=None)
    tokens = [AuthToken.objects.create(user=user)[1] for user in (erin, eve)]
    client = sign_in(erin)
    assert "ends your tokens and unused sign-in links" in client.get("/account/").content.decode()
    data = {"action": "password", "current": "a long pass phrase", **PASSWORD}
    assert (
        "older tokens and sign-in links no longer work" in client.post("/account/", data, follow=True).content.decode()
    )
    assert elsewhere.get("/account/").status_code == 302
    assert client.get(f"/sign-in/{link}/").status_code == 410
    programs = [Client(headers={"Authorization": f"Bearer {token}"}) for token in tokens]
    assert [program.get("/api/v1/projects/").status_code for program in programs] == [401, 200]


def test_it_shows_the_latest_sign_ins_and_whose_link_was_used(erin: User, ada: User) -> None:
    visitor = Client()
    visitor.post("/sign-in/", {"username": "erin", "password": "a long pass phrase"})
    visitor.logout()
    visitor.post(f"/sign-in/{new_link(user=erin, by=ada)}/")
    page = visitor.get("/account/").content.decode()
    assert page.index("by a link that Ada Admin made") < page.index("with your password")


def test_it_refuses_weak_and_differing_passwords(erin: User, sign_in) -> None:
    client = sign_in(erin)
    for first, second in [("short", "short"), ("four unrelated words", "five unrelated words")]:
        data = {"action": "password", "current": "a long pass phrase", "new_password1": first, "new_password2": second}
        assert client.post("/account/", data).status_code == 422
    erin.refresh_from_db()
    assert erin.check_password("a long pass phrase")


def test_it_shows_a_token_once_and_lets_a_program_in_with_it(erin: User, sign_in) -> None:
    client = sign_in(erin)
    page = client.post("/account/", {"action": "token", "days": "30"}).content.decode()
    token = re.search(r'id="token"[^>]*>([0-9a-f]{64})<', page)[1]  # type: ignore[index]
    assert token not in client.get("/account/").content.decode()
    program = Client(headers={"Authorization": f"Bearer {token}"})
    assert program.get("/api/v1/projects/").status_code == 200


def test_it_revokes_a_token_of_ones_own_only(erin: User, eve: User, sign_in) -> None:
    mine, text = AuthToken.objects.create(user=erin)
    hers, _ = AuthToken.objects.create(user=eve)
    client = sign_in(erin)
    assert client.post(f"/account/tokens/{hers.token_key}/revoke/").status_code == 404
    client.post(f"/account/tokens/{mine.token_key}/revoke/")
    assert list(AuthToken.objects.all()) == [hers]
    assert Client(headers={"Authorization": f"Bearer {text}"}).get("/api/v1/projects/").status_code == 401
