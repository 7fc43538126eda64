"""Approving, fixing and returning, through the pages."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.models import Demonstration, Event, Lease, Revision
from tests import factories
from tests.addresses import shown_at

Status = Demonstration.Status
HTMX = {"HX-Request": "true"}
TEXT = "The rent is $1450.\nDue now."


def url(demonstration: Demonstration) -> str:
    return reverse("approve", args=[demonstration.prompt.project_id, demonstration.pk])


def next_url(project) -> str:
    return reverse("approve_next", args=[project.pk])


def draft_url(lease: Lease) -> str:
    return reverse("draft_save", args=[lease.project_id, lease.pk])


def submitted(project, author, text: str = TEXT) -> Demonstration:
    made = factories.demonstration(factories.prompt(project), author, status=Status.SUBMITTED, text=text, version=3)
    Revision.objects.create(demonstration=made, text=text, status=Status.SUBMITTED, created_by=author)
    return made


def act(client: Client, demonstration: Demonstration, action: str, version: int = 3, **more):
    data = {"action": action, "response": version, **more.pop("data", {})}
    return client.post(url(demonstration), data, **more)


@pytest.fixture
def demonstration(project, erin) -> Demonstration:
    return submitted(project, erin)


@pytest.fixture
def as_rita(sign_in, rita) -> Client:
    return sign_in(rita)


# --- Access -------------------------------------------------------------------------------------------------


def test_it_is_for_reviewers_and_admins_only(client, demonstration, project, erin, ada, oscar) -> None:
    for user, status in [(erin, 403), (oscar, 404), (ada, 200)]:
        client.force_login(user)
        assert client.get(url(demonstration)).status_code == status
        assert act(client, demonstration, "nonsense").status_code == (422 if status == 200 else status)
        assert client.get(next_url(project)).status_code == status
    assert client.post(next_url(project)).status_code == 405


def test_it_lets_nobody_approve_their_own(as_rita, project, rita) -> None:
    own = submitted(project, rita)
    assert "must be approved by somebody else" in as_rita.get(next_url(project)).content.decode()
    page = as_rita.get(url(own)).content.decode()
    assert "This response is your own" in page
    assert [each for each in ("approve", "fix", "return") if f'value="{each}"' in page] == []
    assert act(as_rita, own, "approve").status_code == 409
    own.refresh_from_db()
    assert own.status == Status.SUBMITTED


def test_it_shows_no_drafts(as_rita, project, erin) -> None:
    draft = factories.demonstration(factories.prompt(project), erin, status=Status.DRAFT)
    assert as_rita.get(url(draft)).status_code == 404


# --- Deciding -----------------------------------------------------------------------------------------------


def test_it_approves_a_response_as_it_stands(as_rita, project, demonstration, rita) -> None:
    assert shown_at(as_rita.get(next_url(project))) == url(demonstration)
    page = as_rita.get(url(demonstration)).content.decode()
    assert demonstration.prompt.input in page
    assert "The rent is $1450." in page
    assert act(as_rita, demonstration, "approve").url == next_url(project)
    demonstration.refresh_from_db()
    assert (demonstration.status, demonstration.text, demonstration.reviewed_by) == (Status.APPROVED, TEXT, rita)
    assert demonstration.reviewed_at
    assert list(Revision.objects.values_list("status", "text")) == [("submitted", TEXT), ("approved", TEXT)]
    assert Event.objects.get().verb == "approved a response"
    assert not Lease.objects.exists()


def test_it_fixes_and_approves_and_keeps_both_texts(as_rita, demonstration) -> None:
    page = as_rita.get(f"{url(demonstration)}?do=fix").content.decode()
    assert "Due now.</textarea>" in page
    fixed = TEXT.replace("1450", "1,450")
    assert act(as_rita, demonstration, "fix", data={"text": fixed.replace("\n", "\r\n")}).status_code == 302
    demonstration.refresh_from_db()
    assert (demonstration.status, demonstration.text) == (Status.APPROVED, fixed)
    assert list(Revision.objects.values_list("text", flat=True)) == [TEXT, fixed]
    assert Event.objects.get().verb == "fixed and approved a response"
    page = as_rita.get(url(demonstration)).content.decode()
    assert "with the changes marked below" in page
    assert "<del>1450</del><ins>1,450</ins>" in page


def test_it_returns_with_a_note_to_the_author(as_rita, demonstration) -> None:
    assert "What should the author change?" in as_rita.get(f"{url(demonstration)}?do=return").content.decode()
    assert act(as_rita, demonstration, "return", data={"note": " Add the date. "}).status_code == 302
    demonstration.refresh_from_db()
    assert (demonstration.status, demonstration.note, demonstration.text) == (Status.RETURNED, "Add the date.", TEXT)
    assert Revision.objects.last().note == "Add the date."


@pytest.mark.parametrize(("action", "field"), [("return", "note"), ("fix", "text")])
def test_it_asks_beside_the_field_for_what_is_missing(as_rita, demonstration, action, field) -> None:
    for empty in ("", " \n "):
        response = act(as_rita, demonstration, action, data={field: empty})
        assert response.status_code == 422
        assert f'id="id_{field}_error"' in response.content.decode()
    demonstration.refresh_from_db()
    assert demonstration.status == Status.SUBMITTED


def test_it_does_nothing_on_an_unknown_act(as_rita, demonstration) -> None:
    assert act(as_rita, demonstration, "promote").status_code == 422
    demonstration.refresh_from_db()
    assert demonstration.status == Status.SUBMITTED


def test_it_brings_the_next_response_in_the_same_answer(as_rita, project, demonstration, erin) -> None:
    second = submitted(project, erin, "Second text.")
    as_rita.get(next_url(project))
    response = act(as_rita, demonstration, "approve", headers=HTMX)
    assert response["HX-Push-Url"] == url(second)
    page = response.content.decode()
    assert "Second text." in page
    assert "Approved." in page
    assert "<html" not in page
    assert act(as_rita, second, "approve", headers=HTMX)["HX-Redirect"] == next_url(project)


def test_it_shows_the_fields_of_an_act_in_place(as_rita, demonstration) -> None:
    part = as_rita.get(f"{url(demonstration)}?do=fix", headers=HTMX)
    assert b"<html" not in part.content
    assert b"Approve with these changes" in part.content
    whole = as_rita.get(url(demonstration), headers={**HTMX, "HX-History-Restore-Request": "true"})
    assert b"<html" in whole.content


def test_it_keeps_a_begun_fix_and_a_begun_note(as_rita, demonstration) -> None:
    as_rita.get(url(demonstration))
    lease = Lease.objects.get()
    assert as_rita.post(draft_url(lease), {"text": "Half fixed", "version": 0, "response": 3}).status_code == 200
    assert as_rita.post(draft_url(lease), {"note": "Half a note", "version": 1}).status_code == 200
    assert "You have begun to fix this text" in as_rita.get(url(demonstration)).content.decode()
    fix = as_rita.get(f"{url(demonstration)}?do=fix").content.decode()
    assert "Half fixed</textarea>" in fix
    assert 'name="version" value="2"' in fix
    assert 'name="response" value="3"' in fix
    assert "Half a note</textarea>" in as_rita.get(f"{url(demonstration)}?do=return").content.decode()


def test_it_skips_to_the_next_response(as_rita, project, demonstration, erin) -> None:
    second = submitted(project, erin)
    as_rita.get(next_url(project))
    response = act(as_rita, demonstration, "skip")
    assert shown_at(as_rita.get(response.url)) == url(second)


# --- Others act too -----------------------------------------------------------------------------------------


def test_it_takes_a_second_click_without_harm(as_rita, demonstration) -> None:
    act(as_rita, demonstration, "approve")
    again = act(as_rita, demonstration, "approve")
    assert again.status_code == 409
    assert "You have already approved this response." in again.content.decode()
    assert Revision.objects.count() == 2


def test_it_refuses_when_the_author_changed_the_text_meanwhile(as_rita, demonstration) -> None:
    Demonstration.objects.update(text="Another text", version=5)
    refused = act(as_rita, demonstration, "fix", data={"text": "My fix"})
    assert refused.status_code == 409
    page = refused.content.decode()
    assert "The author has changed this response since you opened it." in page
    assert "My fix</textarea>" in page
    assert 'name="response" value="5"' in page
    demonstration.refresh_from_db()
    assert demonstration.status == Status.SUBMITTED


def test_it_goes_on_when_the_author_took_the_response_back(as_rita, project, demonstration) -> None:
    Demonstration.objects.update(status=Status.DRAFT)
    assert act(as_rita, demonstration, "approve").status_code == 404
    demonstration.refresh_from_db()
    assert demonstration.status == Status.DRAFT


def test_it_says_who_returned_it_first(client, as_rita, demonstration, ada) -> None:
    act(as_rita, demonstration, "return", data={"note": "Add the date."})
    client.force_login(ada)
    refused = act(client, demonstration, "approve")
    assert refused.status_code == 409
    assert "Rita Reviewer has already returned this response." in refused.content.decode()


def test_it_tells_a_second_reviewer_that_somebody_reads_it_now(client, demonstration, project, rita, ada) -> None:
    client.force_login(ada)
    client.get(url(demonstration))
    client.force_login(rita)
    assert "Another reviewer has this response in hand" in client.get(url(demonstration)).content.decode()
    assert "1 response is in other people" in client.get(next_url(project)).content.decode()


def test_it_marks_what_the_author_changed_since_it_was_returned(as_rita, demonstration, rita) -> None:
    act(as_rita, demonstration, "return", data={"note": "Add the <date>."})
    Demonstration.objects.update(
        status=Status.SUBMITTED, text=f"{TEXT} By 3 March.", version=4, submitted_at=timezone.now()
    )
    page = as_rita.get(url(demonstration)).content.decode()
    assert "Add the &lt;date&gt;." in page
    assert "<ins> By 3 March.</ins>" in page


def test_it_takes_at_most_twelve_queries_to_show_a_response(
    as_rita, project, demonstration, django_assert_max_num_queries
) -> None:
    with django_assert_max_num_queries(12):
        response = as_rita.get(next_url(project))
    with django_assert_max_num_queries(12):
        assert as_rita.get(shown_at(response)).status_code == 200


def test_it_shows_texts_as_texts(as_rita, project, erin) -> None:
    made = submitted(project, erin, "<script>alert(1)</script></textarea>")
    for do in ("", "?do=fix", "?do=return", "?do=<script>"):
        assert b"<script>alert" not in as_rita.get(f"{url(made)}{do}").content
