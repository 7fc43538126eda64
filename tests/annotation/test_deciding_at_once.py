"""Two people at the same disagreement, or known answer: neither overwrites the other unasked, and nothing is lost."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.actions import deciding, standing
from annotation.models import Adjudication, Comparison, Event, Gold
from tests.annotation.quality_house import comparisons, ids, judge

LATE = {"choice": "5", "reason": "The late word."}
KNOWN = {"choice": "5", "explanation": "The late explanation."}


@pytest.fixture
def disputed(project, erin, eve) -> Comparison:
    (one,) = comparisons(project, 1)
    judge(one, erin, "Good")
    judge(one, eve, "Bad")
    return Comparison.objects.select_related("prompt__project").get()


def page(comparison: Comparison, name: str = "disagreement") -> str:
    return reverse(name, args=[comparison.project_id, comparison.pk])


def seen(html: str) -> str:
    return re.search(r'name="seen" value="([^"]*)"', html)[1]


def order(comparison: Comparison) -> list[list[str]]:
    return [[each] for each in sorted(ids(comparison).values())]


def opened(client: Client, comparison: Comparison, name: str = "disagreement") -> str:
    return seen(client.get(page(comparison, name)).content.decode())


def send(client: Client, comparison: Comparison, name: str = "disagreement", **sent: Any) -> Any:
    answer = client.post(page(comparison, name), sent)
    return answer.status_code, answer.content.decode()


def ada_decides(comparison: Comparison, ada: Any, reason: str = "The first word.") -> None:
    deciding.decide(comparison=comparison, by=ada, order=order(comparison), reason=reason)


def test_who_decides_second_sees_the_other_decision_beside_their_own(sign_in, rita, ada, disputed) -> None:
    client = sign_in(rita)
    token = opened(client, disputed)
    ada_decides(disputed, ada)
    status, html = send(client, disputed, action="decide", seen=token, **LATE)
    assert status == 409
    assert "Ada Admin has decided this one since you opened it." in html
    assert "There now: <strong>A is better.</strong> The first word." in html
    assert 'value="5" data-key="5" checked' in html
    assert "The late word." in html
    assert "data-unsaved" in html, "it stands nowhere but in the page"
    assert Adjudication.objects.get().decided_by == ada
    status, _ = send(client, disputed, action="decide", seen=seen(html), **LATE)
    assert (status, Adjudication.objects.get().reason) == (302, "The late word.")
    assert Event.objects.filter(verb="decided a disagreement").first().data["before_reason"] == "The first word."


def test_a_decision_changed_since_is_not_overwritten_either(sign_in, rita, ada, disputed) -> None:
    client = sign_in(rita)
    ada_decides(disputed, ada)
    token = opened(client, disputed)
    ada_decides(disputed, ada, "Thought again.")
    status, html = send(client, disputed, action="decide", seen=token, **LATE)
    assert (status, Adjudication.objects.get().reason) == (409, "Thought again.")
    assert "Thought again." in html


def test_opening_the_names_or_a_missing_reason_does_not_take_the_other_decision_for_seen(sign_in, rita, ada, disputed):
    client = sign_in(rita)
    token = opened(client, disputed)
    ada_decides(disputed, ada)
    for sent in ({"action": "names", **LATE}, {"action": "decide", "choice": "5"}):
        _, html = send(client, disputed, seen=token, **sent)
        assert seen(html) == token
        assert "data-unsaved" in html


def test_a_page_that_tells_nothing_of_what_it_saw_overwrites_nothing(sign_in, rita, ada, disputed) -> None:
    ada_decides(disputed, ada)
    assert send(sign_in(rita), disputed, action="decide", **LATE)[0] == 409


def test_the_same_decision_sent_twice_is_one(sign_in, rita, disputed) -> None:
    client = sign_in(rita)
    token = opened(client, disputed)
    for _ in range(2):
        assert send(client, disputed, action="decide", seen=token, **LATE)[0] == 302
    status, html = send(client, disputed, action="decide", seen=token, choice="1", reason="Another tab.")
    assert status == 409
    assert "You have decided this one in another tab" in html


def test_what_was_written_is_shown_when_the_answer_is_known_meanwhile(sign_in, rita, ada, disputed) -> None:
    client = sign_in(rita)
    token = opened(client, disputed)
    deciding.mark_known(comparison=disputed, by=ada, order=order(disputed))
    status, html = send(client, disputed, action="decide", seen=token, **LATE)
    assert status == 409
    assert deciding.KNOWN in html
    assert "The late word." in html


def test_who_says_the_known_answer_second_sees_the_other_one(sign_in, rita, ada, disputed) -> None:
    client = sign_in(rita)
    token = opened(client, disputed, "known_answer")
    deciding.mark_known(comparison=disputed, by=ada, order=order(disputed), explanation="It has the county.")
    status, html = send(client, disputed, "known_answer", action="mark", seen=token, **KNOWN)
    assert status == 409
    assert "Ada Admin has said what the known answer of this one is" in html
    assert "There now: <strong>A is better.</strong> It has the county." in html
    assert "The late explanation." in html
    assert Gold.objects.get().explanation == "It has the county."
    status, _ = send(client, disputed, "known_answer", action="mark", seen=seen(html), **KNOWN)
    assert (status, Gold.objects.get().explanation) == (302, "The late explanation.")


def test_a_known_answer_does_not_pass_over_a_decision_made_meanwhile(sign_in, rita, ada, disputed) -> None:
    client = sign_in(rita)
    token = opened(client, disputed, "known_answer")
    ada_decides(disputed, ada)
    status, html = send(client, disputed, "known_answer", action="mark", seen=token, **KNOWN)
    assert status == 409
    assert "The first word." in html
    assert not Gold.objects.exists()


def test_a_known_answer_changed_since_is_not_taken_away(sign_in, rita, ada, disputed) -> None:
    deciding.mark_known(comparison=disputed, by=ada, order=order(disputed))
    client = sign_in(rita)
    token = opened(client, disputed, "known_answer")
    deciding.mark_known(comparison=disputed, by=ada, order=order(disputed), explanation="Now with a reason.")
    status, html = send(client, disputed, "known_answer", action="unmark", seen=token)
    assert status == 409
    assert "Now with a reason." in html
    assert send(client, disputed, "known_answer", action="unmark", seen=seen(html))[0] == 302
    assert not Gold.objects.exists()


def test_it_says_when_the_known_answer_is_none_any_more(sign_in, rita, ada, disputed) -> None:
    deciding.mark_known(comparison=disputed, by=ada, order=order(disputed))
    client = sign_in(rita)
    token = opened(client, disputed, "known_answer")
    deciding.unmark_known(comparison=disputed, by=ada)
    status, html = send(client, disputed, "known_answer", action="mark", seen=token, **KNOWN)
    assert status == 409
    assert "made this a usual comparison again since you opened it" in html


@pytest.mark.parametrize(("name", "why"), [("decisions", "reason"), ("known-answers", "explanation")])
def test_the_api_compares_what_was_seen_where_it_is_told(sign_in, ada, rita, disputed, name, why) -> None:
    client, address = sign_in(ada), f"/api/v1/projects/{disputed.project_id}/{name}/"

    def post(words: str, **more: str) -> Any:
        sent = {"comparison": str(disputed.pk), "order": order(disputed), why: words, **more}
        return client.post(address, sent, content_type="application/json")

    first = post("One.", seen=standing.NOTHING)
    assert first.status_code == 201
    late = post("Two.", seen=standing.NOTHING)
    assert late.status_code == 409
    assert "in another tab or on another device" in late.json()["detail"]
    (stands,) = client.get(address).json()["results"]
    assert (stands[why], stands["seen"]) == ("One.", first.json()["seen"])
    assert post("Two.", seen=stands["seen"]).status_code == 201
    assert post("Three.").status_code == 201, "who does not say what they saw is not asked"
