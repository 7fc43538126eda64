"""Writing, through the pages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from annotation.models import Demonstration, Event, Guidelines, Lease, Prompt, Revision
from tests import factories
from tests.addresses import shown_at

Status = Demonstration.Status
Origin = Demonstration.Origin
TEXT = "Parties: two\nJurisdiction: Georgia"
HTMX = {"HX-Request": "true"}


def url(name: str, prompt: Prompt) -> str:
    return reverse(name, args=[prompt.project_id, prompt.pk])


def next_url(project) -> str:
    return reverse("write_next", args=[project.pk])


def submit(client: Client, prompt: Prompt, text: str = TEXT, version: int = 0, **more):
    data = {"text": text, "version": version, "guidelines": 1, "action": "submit"}
    return client.post(url("write", prompt), {**data, **more.pop("data", {})}, **more)


@pytest.fixture
def prompt(project) -> Prompt:
    return factories.prompt(project)


@pytest.fixture
def as_erin(sign_in, erin) -> Client:
    return sign_in(erin)


# --- Access -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["write", "write_save", "write_hints", "write_reopen"])
def test_it_does_not_exist_for_strangers(client, oscar, prompt, name) -> None:
    client.force_login(oscar)
    assert client.post(url(name, prompt), {"text": "x", "version": 0}).status_code == 404
    assert client.get(url("write", prompt)).status_code == 404
    assert client.get(next_url(prompt.project)).status_code == 404


@pytest.mark.parametrize("name", ["write_save", "write_hints", "write_reopen"])
def test_it_changes_nothing_on_a_get(as_erin, prompt, name) -> None:
    assert as_erin.get(url(name, prompt)).status_code == 405
    assert as_erin.post(next_url(prompt.project)).status_code == 405


def test_it_has_no_page_for_held_out_prompts_nor_for_another_projects(as_erin, project, oscar) -> None:
    assert as_erin.get(url("write", factories.prompt(project, split="evaluation"))).status_code == 404
    elsewhere = factories.prompt(oscar.memberships.get().project)
    assert as_erin.get(reverse("write", args=[project.pk, elsewhere.pk])).status_code == 404


# --- The page -----------------------------------------------------------------------------------------------


def test_it_leads_to_the_next_prompt_and_shows_it_with_the_guidelines(as_erin, prompt) -> None:
    response = as_erin.get(next_url(prompt.project))
    assert shown_at(response) == url("write", prompt)
    page = response.content.decode()
    assert prompt.input in page
    assert "Write <strong>six</strong> headings." in page
    assert "Guidelines, version 1" in page


def test_it_shows_texts_as_texts_and_never_as_markup(as_erin, project) -> None:
    poison = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'"
    prompt = factories.prompt(project, instruction=poison, input=poison)
    as_erin.post(url("write_save", prompt), {"text": f"</textarea>{poison}", "version": 0})
    page = as_erin.get(url("write", prompt)).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert page.count("&lt;script&gt;alert(1)") == 3


def test_it_keeps_a_first_line_break_of_the_text(as_erin, prompt) -> None:
    as_erin.post(url("write_save", prompt), {"text": "\nParties: two", "version": 0})
    assert ">\n\nParties: two</textarea>" in as_erin.get(url("write", prompt)).content.decode()


def test_it_says_why_nothing_is_left(as_erin, project, erin) -> None:
    page = as_erin.get(next_url(project)).content.decode()
    assert "Nothing is left for you, because no prompts have been imported yet." in page
    factories.comparison(factories.prompt(project))
    factories.demonstration(Prompt.objects.get(), erin)
    page = as_erin.get(next_url(project)).content.decode()
    assert "because every prompt has a response." in page
    assert reverse("rank_next", args=[project.pk]) in page.split('id="main"')[1]
    assert reverse("approve_next", args=[project.pk]) not in page


def test_it_takes_few_queries_to_show_a_prompt(as_erin, project, erin, django_assert_max_num_queries) -> None:
    prompts = [factories.prompt(project) for _ in range(5)]
    factories.demonstration(prompts[0], erin, status=Status.SUBMITTED)
    with django_assert_max_num_queries(15):
        response = as_erin.get(next_url(project))
    with django_assert_max_num_queries(11):
        assert as_erin.get(shown_at(response)).status_code == 200


def test_it_takes_at_most_twelve_queries_to_submit(as_erin, project, erin) -> None:
    prompts = [factories.prompt(project) for _ in range(5)]
    as_erin.get(next_url(project))
    with CaptureQueriesContext(connection) as queries:
        assert submit(as_erin, prompts[0]).status_code == 302
    assert statements(queries) <= 12
    as_erin.get(next_url(project))
    with CaptureQueriesContext(connection) as queries:
        assert submit(as_erin, prompts[1], headers=HTMX).status_code == 200
    assert statements(queries) <= 12 + 11, "to submit, and to find and show the next one with what was said about it"


def statements(queries: CaptureQueriesContext) -> int:
    """Those that ask or write something; the rest only bracket them."""
    return sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE")) for query in queries)


# --- Saving -------------------------------------------------------------------------------------------------


def test_it_saves_while_one_types_and_shows_it_again(as_erin, prompt, erin) -> None:
    as_erin.get(next_url(prompt.project))
    first = as_erin.post(url("write_save", prompt), {"text": "Parties: t", "version": 0}).json()
    second = as_erin.post(url("write_save", prompt), {"text": "Parties: two", "version": first["version"]}).json()
    assert (first["version"], second["version"]) == (1, 2)
    assert second["saved_at"] > first["saved_at"]
    draft = Demonstration.objects.get()
    assert (draft.status, draft.author, draft.text) == (Status.DRAFT, erin, "Parties: two")
    page = as_erin.get(url("write", prompt)).content.decode()
    assert "Parties: two</textarea>" in page
    assert 'name="version" value="2"' in page


def test_it_refuses_a_stale_tab_and_loses_neither_text(as_erin, prompt) -> None:
    as_erin.post(url("write_save", prompt), {"text": "first tab", "version": 0})
    refused = as_erin.post(url("write_save", prompt), {"text": "second tab", "version": 0})
    assert refused.status_code == 409
    assert refused.json()["text"] == "first tab"
    assert refused.json()["version"] == 1
    assert "another tab" in refused.json()["message"]
    assert Demonstration.objects.get().text == "first tab"
    kept = as_erin.post(url("write_save", prompt), {"text": "second tab", "version": 1})
    assert kept.status_code == 200


def test_it_takes_the_same_save_twice_as_one(as_erin, prompt) -> None:
    for _ in range(2):
        saved = as_erin.post(url("write_save", prompt), {"text": "once", "version": 0})
        assert (saved.status_code, saved.json()["version"]) == (200, 1)


@pytest.mark.parametrize(
    "data", [{}, {"version": "x"}, {"version": -1}, {"version": 10**30}, {"text": "nul \0", "version": 0}]
)
def test_it_answers_nonsense_with_a_message(as_erin, prompt, data) -> None:
    answer = as_erin.post(url("write_save", prompt), data)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Not saved")
    assert not Demonstration.objects.exists()


def test_it_refuses_a_text_without_end(as_erin, prompt) -> None:
    answer = as_erin.post(url("write_save", prompt), {"text": "x" * 100_001, "version": 0})
    assert answer.status_code == 400
    assert "100000" in answer.json()["message"]
    assert submit(as_erin, prompt, "x" * 100_001).status_code == 422


def test_it_renews_the_lease_with_every_save(as_erin, prompt) -> None:
    as_erin.get(next_url(prompt.project))
    Lease.objects.update(expires_at=timezone.now() + timedelta(seconds=30))
    as_erin.post(url("write_save", prompt), {"text": "typing", "version": 0})
    assert Lease.objects.get().expires_at > timezone.now() + timedelta(minutes=5)


def test_it_keeps_a_text_typed_after_the_prompt_went_to_somebody_else(as_erin, eve, prompt) -> None:
    as_erin.get(next_url(prompt.project))
    Lease.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    other = Client()
    other.force_login(eve)
    other.get(next_url(prompt.project))
    saved = as_erin.post(url("write_save", prompt), {"text": "typed late", "version": 0})
    assert (saved.status_code, saved.json()["held"]) == (200, False)
    refused = submit(as_erin, prompt, "typed late", 1)
    assert refused.status_code == 409
    page = refused.content.decode()
    assert "Somebody else has this prompt now" in page
    assert "typed late" in page
    assert submit(other, prompt, "by Eve").status_code == 302
    assert Demonstration.objects.filter(status=Status.SUBMITTED).count() == 1


# --- Headings -----------------------------------------------------------------------------------------------


def test_it_hints_at_missing_headings_while_one_types(as_erin, prompt) -> None:
    hints = as_erin.post(url("write_hints", prompt), {"text": TEXT}).content.decode()
    assert "Still missing: <strong>Core dispute</strong>" in hints
    assert "Jurisdiction" not in hints
    assert (
        "All 6 headings are there."
        in as_erin.post(url("write_hints", prompt), {"text": factories.RESPONSE}).content.decode()
    )
    assert not Demonstration.objects.exists()


def test_it_inserts_the_headings_that_are_missing(as_erin, prompt) -> None:
    as_erin.post(url("write", prompt), {"text": TEXT, "version": 0, "action": "headings"})
    text = Demonstration.objects.get().text
    assert text == f"{TEXT}\nCore dispute:\nKey facts:\nRemedies sought:\nNext step:"
    page = as_erin.get(url("write", prompt)).content.decode()
    assert "All 6 headings are there." in page
    assert "data-complete" in page  # hides the button; tests/browser/test_work.py sees it go


# --- Submitting ---------------------------------------------------------------------------------------------


def test_it_submits_and_goes_on_to_the_next_prompt(as_erin, project, prompt, erin) -> None:
    second = factories.prompt(project)
    Guidelines.objects.create(project=project, version=2, text="New", created_by=erin)
    as_erin.get(next_url(project))
    response = submit(as_erin, prompt)
    assert response.url == next_url(project)
    assert shown_at(as_erin.get(response.url)) == url("write", second)
    made = Demonstration.objects.get()
    assert (made.status, made.text, made.author) == (Status.SUBMITTED, TEXT, erin)
    assert made.guidelines.version == 1, "the version its author had in view"
    revision = Revision.objects.get()
    assert (revision.text, revision.status, revision.created_by) == (TEXT, Status.SUBMITTED, erin)
    event = Event.objects.get()
    assert (event.verb, event.actor, event.object_id) == ("submitted a response", erin, str(made.pk))
    assert not Lease.objects.filter(item_id=prompt.pk).exists()


def test_it_brings_the_next_prompt_in_the_same_answer(as_erin, project, prompt) -> None:
    second = factories.prompt(project)
    as_erin.get(next_url(project))
    response = submit(as_erin, prompt, headers=HTMX)
    page = response.content.decode()
    assert response.status_code == 200
    assert response["HX-Push-Url"] == url("write", second)
    assert second.input in page
    assert prompt.input not in page
    assert "<html" not in page
    assert "<title>Write · Client intake summaries · Preceptor</title>" in page
    assert url("write_reopen", prompt) in page
    finished = submit(as_erin, second, headers=HTMX)
    assert finished["HX-Redirect"] == next_url(project)


@pytest.mark.parametrize("text", ["", "   ", "\n\t \r\n"])
def test_it_asks_for_a_response_beside_the_field(as_erin, prompt, text) -> None:
    response = submit(as_erin, prompt, text)
    assert response.status_code == 422
    page = response.content.decode()
    assert re.search(r'id="id_text_error"><li>Write a response before you submit.</li>', page)
    assert 'aria-invalid="true"' in page
    assert not Demonstration.objects.exists()


def test_it_takes_a_second_click_as_the_first(as_erin, prompt) -> None:
    submit(as_erin, prompt)
    again = submit(as_erin, prompt)
    assert again.status_code == 302
    assert "You had already submitted this one" in as_erin.get(again.url).content.decode()
    assert (Demonstration.objects.count(), Revision.objects.count(), Event.objects.count()) == (1, 1, 1)


def test_it_shows_both_texts_when_a_stale_tab_submits(as_erin, prompt) -> None:
    as_erin.post(url("write_save", prompt), {"text": "first tab", "version": 0})
    response = submit(as_erin, prompt, "second tab")
    assert response.status_code == 409
    page = response.content.decode()
    assert "second tab</textarea>" in page
    assert "first tab" in page
    assert 'name="version" value="1"' in page
    assert Demonstration.objects.get().status == Status.DRAFT
    assert submit(as_erin, prompt, "second tab", 1).status_code == 302


def test_it_never_overwrites_a_submitted_text_from_another_tab(as_erin, prompt) -> None:
    submit(as_erin, prompt, "first tab")
    response = submit(as_erin, prompt, "second tab")
    assert response.status_code == 409
    page = response.content.decode()
    assert "first tab" in page
    assert "second tab" in page
    saved = as_erin.post(url("write_save", prompt), {"text": "second tab", "version": 1})
    assert saved.status_code == 409
    assert Demonstration.objects.get().text == "first tab"


def test_it_skips_and_keeps_the_draft(as_erin, project, prompt) -> None:
    second = factories.prompt(project)
    as_erin.get(next_url(project))
    response = as_erin.post(url("write", prompt), {"text": "half a text", "version": 0, "action": "skip"})
    assert shown_at(as_erin.get(response.url)) == url("write", second)
    assert Demonstration.objects.get().text == "half a text"
    submit(as_erin, second)
    assert shown_at(as_erin.get(next_url(project))) == url("write", prompt)
    assert "half a text" in as_erin.get(url("write", prompt)).content.decode()


# --- After submitting ---------------------------------------------------------------------------------------


def test_it_can_be_taken_back_until_a_reviewer_acts(as_erin, project, prompt) -> None:
    factories.prompt(project)
    submit(as_erin, prompt)
    page = as_erin.get(next_url(project)).content.decode()
    assert url("write_reopen", prompt) in page
    response = as_erin.post(url("write_reopen", prompt))
    assert response.url == url("write", prompt)
    demonstration = Demonstration.objects.get()
    assert (demonstration.status, demonstration.submitted_at) == (Status.DRAFT, None)
    assert submit(as_erin, prompt, "better", demonstration.version).status_code == 302
    Demonstration.objects.update(status=Status.APPROVED, reviewed_at=timezone.now())
    as_erin.post(url("write_reopen", prompt))
    assert Demonstration.objects.get().status == Status.APPROVED
    assert "cannot be taken back" in as_erin.get(url("write", prompt)).content.decode()


def test_it_offers_to_take_back_only_what_one_has_just_submitted_oneself(as_erin, project, prompt, erin) -> None:
    earlier = factories.prompt(project)
    factories.demonstration(factories.prompt(project), erin, status=Status.SUBMITTED, origin=Origin.IMPORTED)
    open_ = factories.prompt(project)
    submit(as_erin, earlier)
    submit(as_erin, prompt)
    page = as_erin.get(url("write", open_)).content.decode()
    assert page.count("Your last response") == 1
    assert url("write_reopen", prompt) in page
    ago = timezone.now() - timedelta(minutes=16)
    Demonstration.objects.filter(prompt__in=[prompt, earlier]).update(submitted_at=ago)
    assert "Your last response" not in as_erin.get(url("write", open_)).content.decode()
    assert url("write_reopen", prompt) in as_erin.get(url("write", prompt)).content.decode()


def test_it_cannot_be_taken_back_by_others(client, erin, eve, rita, prompt) -> None:
    factories.demonstration(prompt, erin, status=Status.SUBMITTED)
    for other in (eve, rita):
        client.force_login(other)
        assert client.post(url("write_reopen", prompt)).status_code == 404


def test_it_shows_returned_work_first_with_the_reviewers_note_on_top(as_erin, project, prompt, erin, rita) -> None:
    returned = factories.prompt(project)
    factories.demonstration(
        returned, erin, status=Status.RETURNED, note="Add the <date>.", reviewed_by=rita, text="before"
    )
    assert shown_at(as_erin.get(next_url(project))) == url("write", returned)
    page = as_erin.get(url("write", returned)).content.decode()
    assert "Rita Reviewer asks for a change" in page
    assert "Add the &lt;date&gt;." in page
    assert page.index("Add the &lt;date&gt;.") < page.index("before</textarea>")
    submit(as_erin, returned, "after", 0)
    made = Demonstration.objects.get(prompt=returned)
    assert (made.status, made.text, made.note) == (Status.SUBMITTED, "after", "Add the <date>.")
    as_erin.post(url("write_reopen", returned))
    made.refresh_from_db()
    assert made.status == Status.RETURNED, "taken back, it is again what the reviewer asked to change"


def test_it_shows_its_author_what_the_reviewer_changed(as_erin, prompt, erin, rita) -> None:
    submit(as_erin, prompt, "The rent is $1450.")
    Demonstration.objects.update(
        status=Status.APPROVED, text="The rent is $1,450.", reviewed_by=rita, reviewed_at=timezone.now()
    )
    page = as_erin.get(url("write", prompt)).content.decode()
    assert "by Rita Reviewer, with the changes marked below" in page
    assert "<del>1450</del>" in page
    assert "<ins>1,450</ins>" in page
    assert 'id="id_text"' not in page


def test_it_tells_whoever_opens_anothers_prompt(as_erin, eve, prompt) -> None:
    factories.demonstration(prompt, eve, status=Status.SUBMITTED, text="Eve's words")
    page = as_erin.get(url("write", prompt)).content.decode()
    assert "Somebody else is writing for this prompt, or has answered it." in page
    assert "Eve&#x27;s words" not in page
    assert submit(as_erin, prompt).status_code == 409
    assert Demonstration.objects.count() == 1


# --- The mark of difficulty ----------------------------------------------------------------------------------


def test_it_keeps_the_authors_mark_of_difficulty(as_erin, prompt, erin) -> None:
    draft = {"text": "Parties", "version": 0, "difficulty": "3"}
    saved = as_erin.post(url("write_save", prompt), draft).json()
    mine = Demonstration.objects.get(prompt=prompt, author=erin)
    assert (mine.difficulty, saved["version"]) == (3, 1)
    assert '<option value="3" selected>Hard</option>' in as_erin.get(url("write", prompt)).content.decode()
    changed = as_erin.post(url("write_save", prompt), {"text": "Parties", "version": 1, "difficulty": "1"}).json()
    assert changed["version"] == 2
    submit(as_erin, prompt, version=2, data={"difficulty": ""})
    mine.refresh_from_db()
    assert (mine.status, mine.difficulty) == (Status.SUBMITTED, None)


def test_a_mark_changes_nothing_once_the_response_is_submitted(as_erin, prompt, erin) -> None:
    submit(as_erin, prompt, data={"difficulty": "2"})
    mine = Demonstration.objects.get(prompt=prompt, author=erin)
    as_erin.post(url("write_save", prompt), {"text": TEXT, "version": mine.version, "difficulty": "1"})
    mine.refresh_from_db()
    assert mine.difficulty == 2


@pytest.mark.parametrize("mark", ["4", "0", "hard"])
def test_it_takes_no_other_mark(as_erin, prompt, mark) -> None:
    assert as_erin.post(url("write_save", prompt), {"text": "x", "version": 0, "difficulty": mark}).status_code == 400
    assert submit(as_erin, prompt, data={"difficulty": mark}).status_code == 422


def test_it_takes_one_of_several_answers_back_and_keeps_the_others(sign_in, project, erin, eve, rita) -> None:
    prompt = factories.prompt(project, answers_needed=2)
    for person in (erin, eve):
        assert submit(sign_in(person), prompt).status_code == 302
    prompt.refresh_from_db()
    assert prompt.answers_done == 2
    client = sign_in(erin)
    client.post(url("write_reopen", prompt))
    prompt.refresh_from_db()
    assert prompt.answers_done == 1
    assert "Nothing is left" in sign_in(rita).get(next_url(project)).content.decode(), "its place is Erin's again"
    mine = Demonstration.objects.get(author=erin)
    assert submit(sign_in(erin), prompt, "Better", version=mine.version).status_code == 302
    prompt.refresh_from_db()
    assert prompt.answers_done == 2
    assert Demonstration.objects.get(author=eve).status == Status.SUBMITTED
