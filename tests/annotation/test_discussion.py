"""Remarks, notes, flags and reasons to skip."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation import queues, threads
from annotation.actions import Refused, discussing
from annotation.models import Comment, Demonstration, Event, Flag, Lease, Prompt
from tests import factories

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def prompt(project) -> Prompt:
    return factories.prompt(project)


def talk(prompt: Prompt) -> str:
    return reverse("discussion", args=[prompt.project_id, prompt.pk])


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_it_is_a_thread_between_those_who_wrote_and_the_reviewers(prompt, erin, eve, rita) -> None:
    factories.demonstration(prompt, erin, status="submitted")
    assert client_of(eve).get(talk(prompt)).status_code == 403
    assert client_of(eve).post(talk(prompt), {"action": "remark", "text": "Me too"}).status_code == 403
    said = client_of(rita).post(talk(prompt), {"action": "remark", "text": " Which county?\n"})
    assert said.status_code == 302
    page = client_of(erin).get(talk(prompt)).content.decode()
    assert "Which county?" in page
    assert "Rita Reviewer" in page
    assert Event.objects.filter(verb="remarked on a prompt", actor=rita).exists()


def test_it_opens_the_thread_to_whoever_is_writing(prompt, erin, project) -> None:
    assert client_of(erin).get(talk(prompt)).status_code == 403
    queues.next_to_write(project, erin)
    assert client_of(erin).get(talk(prompt)).status_code == 200


def test_it_shows_a_note_to_its_author_only(prompt, erin, rita, ada) -> None:
    factories.demonstration(prompt, erin)
    client_of(erin).post(talk(prompt), {"action": "note", "note": "ask Jim <b>first</b>"})
    client_of(erin).post(talk(prompt), {"action": "note", "note": "ask Jim again"})
    assert Comment.objects.get().text == "ask Jim again"
    assert (
        "ask Jim again" in client_of(erin).get(reverse("write", args=[prompt.project_id, prompt.pk])).content.decode()
    )
    for other in (rita, ada):
        page = client_of(other).get(talk(prompt)).content.decode()
        assert "ask Jim" not in page
    client_of(erin).post(talk(prompt), {"action": "note", "note": " "})
    assert not Comment.objects.exists()


def test_it_takes_a_flag_once_and_closes_it_with_an_outcome(prompt, erin, rita, project) -> None:
    queues.next_to_write(project, erin)
    raised = client_of(erin).post(talk(prompt), {"action": "flag", "reason": "The input is cut off."}, headers=HTMX)
    assert "Flagged. A reviewer looks at it." in raised.content.decode()
    again = client_of(erin).post(talk(prompt), {"action": "flag", "reason": "Still."}, headers=HTMX)
    assert again.status_code == 409
    flag = Flag.objects.get()
    listed = client_of(rita).get(reverse("flags", args=[project.pk])).content.decode()
    assert "The input is cut off." in listed
    assert "flagged" in client_of(rita).get("/").content.decode()
    close = reverse("flag_close", args=[project.pk, flag.pk])
    field = f"{str(flag.pk)[:8]}-outcome"
    empty = client_of(rita).post(close, {field: " "})
    assert empty.status_code == 422
    assert "Say what was done about it." in empty.content.decode()
    client_of(rita).post(close, {field: "Imported it again."})
    flag.refresh_from_db()
    assert (flag.closed_by, flag.outcome) == (rita, "Imported it again.")
    assert "Imported it again." in client_of(erin).get(talk(prompt)).content.decode()
    with pytest.raises(Refused, match="already"):
        discussing.close_flag(flag=flag, by=rita, outcome="Twice")
    assert client_of(erin).get(reverse("flags", args=[project.pk])).status_code == 403


def test_it_lets_who_ranks_flag_and_not_read(prompt, erin, project) -> None:
    factories.comparison(prompt)
    Prompt.objects.update(answers_needed=0)
    discussing.remark(prompt=prompt, by=project.created_by, text="Answer A is the new model's.")
    queues.next_to_rank(project, erin)
    page = client_of(erin).get(talk(prompt))
    assert page.status_code == 200
    assert "new model" not in page.content.decode()
    assert client_of(erin).post(talk(prompt), {"action": "remark", "text": "Hm"}).status_code == 403
    client_of(erin).post(talk(prompt), {"action": "flag", "reason": "Both are empty."})
    assert Flag.objects.get().reason == "Both are empty."


def test_it_takes_a_flag_back(prompt, erin) -> None:
    factories.demonstration(prompt, erin)
    discussing.raise_flag(prompt=prompt, by=erin, reason="Odd")
    client_of(erin).post(talk(prompt), {"action": "unflag"})
    assert not Flag.objects.open().exists()
    with pytest.raises(Refused):
        discussing.lower_flag(prompt=prompt, by=erin)


def test_it_says_in_my_work_what_is_new_until_it_was_read(prompt, erin, eve, rita) -> None:
    factories.demonstration(prompt, erin, reviewed_by=rita)
    discussing.remark(prompt=prompt, by=rita, text="Which county?")
    discussing.keep_note(prompt=prompt, by=rita, text="a private thought")
    assert [threads.new_to(person).count() for person in (erin, eve, rita)] == [1, 0, 0]
    assert "new remarks" in client_of(erin).get("/").content.decode()
    listed = client_of(erin).get(reverse("remarks", args=[prompt.project_id])).content.decode()
    assert "1 new" in listed
    assert "private thought" not in listed
    client_of(erin).get(talk(prompt))
    assert not threads.new_to(erin).exists()
    discussing.remark(prompt=prompt, by=erin, text="DeKalb.")
    assert threads.new_to(rita).count() == 1


def test_it_keeps_what_others_say_of_several_answers_until_ones_own_is_handed_in(prompt, erin, eve, rita) -> None:
    Prompt.objects.update(answers_needed=2)
    prompt.refresh_from_db()
    factories.demonstration(prompt, eve, status="submitted")
    own = factories.demonstration(prompt, erin, status="draft")
    queues.next_to_write(prompt.project, erin)
    Lease.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    discussing.remark(prompt=prompt, by=rita, text="Eve's answer rambles.")
    listed = reverse("remarks", args=[prompt.project_id])
    write = reverse("write", args=[prompt.project_id, prompt.pk])
    client = client_of(erin)
    client.post(talk(prompt), {"action": "remark", "text": "Which county?"})
    for page in (talk(prompt), listed, write):
        told = client.get(page).content.decode()
        assert "rambles" not in told
        assert ("Which county?" in told) is (page != write)
    assert "once yours is handed in" in client.get(talk(prompt)).content.decode()
    assert [threads.new_to(person).count() for person in (erin, eve, rita)] == [0, 2, 1]
    assert [threads.talk_of(prompt, person).remarks for person in (erin, eve, rita)] == [1, 2, 2]
    Demonstration.objects.filter(pk=own.pk).update(status="submitted")
    assert threads.new_to(erin).count() == 1
    assert threads.talk_of(prompt, erin).unread
    assert "1 new" in client.get(listed).content.decode()
    told = client.get(talk(prompt)).content.decode()
    assert "rambles" in told
    assert "once yours is handed in" not in told


def test_it_hides_nothing_from_reviewers_who_write_nor_where_one_answer_is_enough(prompt, erin, eve, rita) -> None:
    for person in (erin, rita):
        factories.demonstration(prompt, person, status="draft")
    discussing.remark(prompt=prompt, by=eve, text="Which county?")
    assert "Which county?" in client_of(erin).get(talk(prompt)).content.decode()
    Prompt.objects.update(answers_needed=2)
    assert "Which county?" in client_of(rita).get(talk(prompt)).content.decode()
    assert "Which county?" not in client_of(erin).get(talk(prompt)).content.decode()


def test_it_refuses_empty_words_beside_the_field(prompt, rita) -> None:
    for action, field, words in (("remark", "text", "Write something first."), ("flag", "reason", "in one sentence")):
        answer = client_of(rita).post(talk(prompt), {"action": action, field: "  "}, headers=HTMX)
        assert answer.status_code == 422
        assert words in answer.content.decode()
    assert client_of(rita).post(talk(prompt), {"action": "shout"}, headers=HTMX).status_code == 409


def test_it_has_no_thread_across_projects(prompt, oscar) -> None:
    own = oscar.memberships.get().project
    assert client_of(oscar).get(talk(prompt)).status_code == 404
    assert client_of(oscar).get(reverse("discussion", args=[own.pk, prompt.pk])).status_code == 404


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"action": "skip"}, ""),
        ({"skip_reason": "Not my field"}, "Not my field"),
        ({"action": "skip", "skip_words": " needs a tax lawyer "}, "needs a tax lawyer"),
    ],
)
def test_it_keeps_why_something_was_skipped(prompt, erin, rita, project, sent, kept) -> None:
    queues.next_to_write(project, erin)
    client_of(erin).post(
        reverse("write", args=[project.pk, prompt.pk]), {"text": "Begun", "version": 0, "guidelines": 1, **sent}
    )
    lease = Lease.objects.get()
    assert (lease.release, lease.reason) == ("skipped", kept)
    page = client_of(rita).get(reverse("flags", args=[project.pk])).content.decode()
    assert (kept in page) if kept else ("Skipped, and why" not in page)


def test_it_lists_and_closes_flags_by_api(prompt, erin, rita, project) -> None:
    flag = discussing.raise_flag(prompt=prompt, by=erin, reason="Cut off.")
    path = f"/api/v1/projects/{project.pk}/flags/"
    listed = client_of(rita).get(f"{path}?open=true").json()["results"]
    assert [(each["reason"], each["raised_by"]) for each in listed] == [("Cut off.", "erin")]
    closed = client_of(rita).post(f"{path}{flag.pk}/close/", {"outcome": "Mended."}, content_type="application/json")
    assert closed.json()["outcome"] == "Mended."
    twice = client_of(rita).post(f"{path}{flag.pk}/close/", {"outcome": "Mended."}, content_type="application/json")
    assert twice.status_code == 409
    assert client_of(rita).get(f"{path}?open=true").json()["results"] == []
