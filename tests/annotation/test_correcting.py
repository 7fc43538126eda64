"""A better answer than the candidates: written anew, or edited from one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation import corrected
from annotation.actions import approving, writing
from annotation.models import Comparison, Correction, Demonstration, Event, Lease, Prompt, Ranking, Revision, Split
from tests import factories
from tests.annotation.test_ranking import TEXTS, act, ids_by_letter, next_url, url

BETTER = "The landlord kept the deposit of $1,450."


@pytest.fixture
def as_erin(sign_in, erin) -> Client:
    return sign_in(erin)


@pytest.fixture
def pair(project) -> Comparison:
    return factories.comparison(factories.prompt(project), TEXTS[:2])


def editor(comparison: Comparison, letter: str = "") -> str:
    project = comparison.prompt.project_id
    return (
        reverse("correct_one", args=[project, comparison.pk, letter])
        if letter
        else reverse("correct", args=[project, comparison.pk])
    )


def hand_in(client: Client, comparison: Comparison, letter: str = "", text: str = BETTER, **more):
    data = {"text": text, "version": 0, "guidelines": 1, "action": "submit", **more}
    return client.post(editor(comparison, letter), data)


def all_bad(client: Client, comparison: Comparison):
    return act(client, comparison, data={"choice": "0", "reason": "Both are unclear."})


# --- Written anew -------------------------------------------------------------------------------------------


def test_it_offers_the_better_answer_after_both_are_bad(as_erin, project, pair):
    second = factories.comparison(factories.prompt(project), TEXTS[2:])
    act(as_erin, second, data={"choice": "1"})
    third = factories.comparison(factories.prompt(project), TEXTS[2:])
    assert "Write the better answer" not in as_erin.get(url(third)).content.decode()
    all_bad(as_erin, pair)
    page = as_erin.get(url(third)).content.decode()
    assert "Write the better answer" in page
    assert editor(pair) in page


def test_it_becomes_a_response_for_review_that_wins_over_every_candidate(as_erin, project, pair, erin, rita):
    all_bad(as_erin, pair)
    assert f'action="{editor(pair)}"' in as_erin.get(editor(pair)).content.decode()
    answer = hand_in(as_erin, pair, active_seconds="40")
    assert answer.url == next_url(project)
    mine = Demonstration.objects.get()
    assert (mine.author, mine.text, mine.status, mine.origin) == (erin, BETTER, "submitted", "better")
    assert (mine.guidelines.version, mine.active_seconds) == (1, 40)
    correction = Correction.objects.get()
    assert (correction.comparison, correction.demonstration, correction.edited) == (pair, mine, None)
    pair.prompt.refresh_from_db()
    assert pair.prompt.answers_done == 1
    assert mine.revisions.get().text == BETTER
    assert "gave a better answer" in Event.objects.values_list("verb", flat=True)
    assert list(corrected.pairs(project)) == [], "nobody has approved it yet"
    approving.approve(demonstration=mine, by=rita, version=mine.version, text=f"{BETTER} Approved.")
    found = list(corrected.pairs(project))
    assert {each.rejected.text for each in found} == set(TEXTS[:2])
    assert {(each.chosen, each.strength, each.origin) for each in found} == {(f"{BETTER} Approved.", 2.0, "better")}


# --- Edited -------------------------------------------------------------------------------------------------


def test_it_makes_a_candidate_usable_before_the_judgement_and_goes_back_to_it(as_erin, project, pair, erin, rita):
    assert editor(pair, "B") in as_erin.get(url(pair)).content.decode()
    texts = {str(each.pk): each.text for each in pair.candidates.all()}
    b = ids_by_letter(pair, erin)["B"]
    assert f"{texts[b]}</textarea>" in as_erin.get(editor(pair, "B")).content.decode()
    answer = hand_in(as_erin, pair, "B", text=f"{texts[b]} All of it.")
    assert answer.url == url(pair), "the answers are still to be ranked"
    correction = Correction.objects.get()
    assert str(correction.edited_id) == b
    assert correction.demonstration.origin == "edited"
    assert correction.demonstration.draft_source == ""
    approving.approve(demonstration=correction.demonstration, by=rita, version=1)
    (made,) = corrected.pairs(project)
    assert (made.chosen, made.rejected.text, made.strength) == (f"{texts[b]} All of it.", texts[b], 1.0)
    assert act(as_erin, pair, data={"choice": "4"}).status_code == 302


@pytest.mark.parametrize("text", ["", "  \n", f" {TEXTS[0]} ", TEXTS[1]])
def test_it_refuses_an_answer_that_is_none_or_one_of_these(as_erin, pair, text):
    all_bad(as_erin, pair)
    for letter in ("", "A"):
        assert hand_in(as_erin, pair, letter, text=text).status_code == 422
    assert not Demonstration.objects.exists()


# --- One answer for each prompt and author ------------------------------------------------------------------


def test_it_goes_on_with_an_answer_begun_and_keeps_what_it_replaces(as_erin, pair, erin):
    begun = factories.demonstration(pair.prompt, erin, status="draft", text="My own beginning", version=3)
    all_bad(as_erin, pair)
    page = as_erin.get(editor(pair)).content.decode()
    assert "My own beginning</textarea>" in page
    assert "My own beginning" not in as_erin.get(editor(pair, "A")).content.decode().split("<textarea")[-1]
    hand_in(as_erin, pair, "A", text="Edited from A", version=3)
    begun.refresh_from_db()
    assert (begun.text, begun.status, begun.origin) == ("Edited from A", "submitted", "edited")
    assert list(begun.revisions.values_list("text", "status")) == [
        ("My own beginning", "draft"),
        ("Edited from A", "submitted"),
    ]


def test_it_keeps_what_was_changed_in_a_returned_answer_before_it_became_another(as_erin, pair, erin, rita):
    mine = factories.demonstration(pair.prompt, erin, status="submitted", version=1, compared=True)
    approving.send_back(demonstration=mine, by=rita, version=1, note="Add the date.")
    writing.save_draft(prompt=pair.prompt, by=erin, text="Half an hour of changes", version=1)
    all_bad(as_erin, pair)
    hand_in(as_erin, pair, "A", text="Edited from A", version=2)
    mine.refresh_from_db()
    assert mine.text == "Edited from A"
    assert "Half an hour of changes" in mine.revisions.values_list("text", flat=True)
    assert not mine.compared, "its likeness is that of another text"


def test_it_shows_the_second_writer_what_differs_and_loses_nothing(as_erin, pair, erin):
    factories.demonstration(pair.prompt, erin, status="draft", text="From another tab", version=5)
    all_bad(as_erin, pair)
    late = hand_in(as_erin, pair, text="From this tab", version=4)
    page = late.content.decode()
    assert late.status_code == 409
    assert "<del>" in page
    assert "From this tab</textarea>" in page
    assert 'name="version" value="5"' in page
    assert Demonstration.objects.get().text == "From another tab"


@pytest.mark.parametrize("status", ["submitted", "approved"])
def test_it_never_writes_over_an_answer_that_is_with_the_reviewers(as_erin, project, pair, erin, status):
    own = factories.demonstration(pair.prompt, erin, status=status, text="My answer", version=1)
    all_bad(as_erin, pair)
    page = as_erin.get(editor(pair)).content.decode()
    assert "My answer" in page
    assert "Use my answer" in page
    late = hand_in(as_erin, pair, version=1)
    assert late.status_code == 409
    assert BETTER in late.content.decode()
    own.refresh_from_db()
    assert own.text == "My answer"
    assert as_erin.post(editor(pair), {"action": "use"}).url == next_url(project)
    assert as_erin.post(editor(pair), {"action": "use"}).status_code == 302
    assert Correction.objects.get().demonstration == own
    expected = set(TEXTS[:2]) if status == "approved" else set()
    assert {each.rejected.text for each in corrected.pairs(project)} == expected


def test_it_takes_one_answer_as_better_in_two_comparisons_of_its_prompt(as_erin, project, pair, rita):
    second = factories.comparison(pair.prompt, TEXTS[1:3])
    for comparison in (pair, second):
        all_bad(as_erin, comparison)
    hand_in(as_erin, pair)
    as_erin.post(editor(second), {"action": "use"})
    approving.approve(demonstration=Demonstration.objects.get(), by=rita, version=1)
    assert sorted(each.rejected.text for each in corrected.pairs(project)) == sorted([*TEXTS[:2], *TEXTS[1:3]])


def test_it_takes_a_better_answer_where_the_prompt_has_all_it_needs(as_erin, pair, eve):
    factories.demonstration(pair.prompt, eve)
    all_bad(as_erin, pair)
    assert hand_in(as_erin, pair).status_code == 302
    prompt = Prompt.objects.get(pk=pair.prompt_id)
    assert (prompt.answers_needed, prompt.answers_done) == (1, 2)
    assert not Prompt.objects.awaiting_response().filter(pk=prompt.pk).exists()


def test_it_takes_the_place_of_what_its_author_held_in_the_writing_queue(as_erin, project, pair, erin):
    as_erin.get(reverse("write_next", args=[project.pk]))
    all_bad(as_erin, pair)
    hand_in(as_erin, pair)
    assert not Lease.objects.filter(kind="write", user=erin).exists()


# --- While somebody else writes for the prompt --------------------------------------------------------------


@pytest.fixture
def as_eve(eve) -> Client:
    client = Client()
    client.force_login(eve)
    return client


def begin_to_write(client: Client, comparison: Comparison, text: str) -> str:
    """The address at which somebody else has begun an answer, some while ago."""
    at = reverse("write", args=[comparison.prompt.project_id, comparison.prompt_id])
    save = reverse("write_save", args=[comparison.prompt.project_id, comparison.prompt_id])
    assert f'action="{at}"' in client.get(reverse("write_next", args=[comparison.prompt.project_id])).content.decode()
    assert client.post(save, {"text": text, "version": 0}).json()["held"]
    Lease.objects.filter(kind="write").update(expires_at=timezone.now() + timedelta(minutes=5))
    return at


def test_whoever_has_the_prompt_keeps_the_place_when_a_better_answer_fills_the_last(as_erin, as_eve, eve, pair):
    at = begin_to_write(as_eve, pair, "Half an ans")
    all_bad(as_erin, pair)
    assert hand_in(as_erin, pair).status_code == 302
    assert not Prompt.objects.awaiting_response().exists()
    assert "Half an ans</textarea>" in as_eve.get(at).content.decode()
    Lease.objects.filter(kind="write").update(expires_at=timezone.now() + timedelta(minutes=5))
    following = as_eve.get(reverse("write_next", args=[pair.prompt.project_id])).content.decode()
    assert f'action="{at}"' in following
    assert "Half an ans</textarea>" in following
    Lease.objects.filter(kind="write").update(expires_at=timezone.now() + timedelta(minutes=5))
    sent = {"text": "Half an answer", "version": 1, "guidelines": 1, "action": "submit"}
    assert as_eve.post(at, sent).status_code == 302
    assert Demonstration.objects.get(author=eve).status == "submitted"
    assert Prompt.objects.get().answers_done == 2


def test_whose_time_ran_out_meanwhile_reads_why_and_keeps_the_text(as_erin, as_eve, eve, pair):
    at = begin_to_write(as_eve, pair, "Half an ans")
    all_bad(as_erin, pair)
    hand_in(as_erin, pair)
    Lease.objects.filter(kind="write").update(expires_at=timezone.now() - timedelta(minutes=1))
    sent = {"text": "Half an answer", "version": 1, "guidelines": 1, "action": "submit"}
    refused = as_eve.post(at, sent)
    assert refused.status_code == 409
    for page in (refused.content.decode(), as_eve.get(at).content.decode()):
        assert "this prompt got all the answers it needs" in page
        assert "Half an ans" in page
    assert Demonstration.objects.get(author=eve).status == "draft"
    following = as_eve.get(reverse("write_next", args=[pair.prompt.project_id])).content.decode()
    assert "Nothing left for you to write" in following


# --- Saving -------------------------------------------------------------------------------------------------


def test_it_saves_while_it_is_written(as_erin, project, pair):
    all_bad(as_erin, pair)
    where = reverse("correct_save", args=[project.pk, pair.pk])
    saved = as_erin.post(where, {"text": "Half a", "version": 0}).json()
    assert saved["version"] == 1
    assert "Half a</textarea>" in as_erin.get(editor(pair)).content.decode()
    stale = as_erin.post(where, {"text": "Other", "version": 0})
    assert (stale.status_code, stale.json()["text"]) == (409, "Half a")
    assert as_erin.post(where, {"text": "x", "version": "-"}).status_code == 400
    assert as_erin.post(where, {"text": "\0", "version": "1"}).status_code == 400
    assert hand_in(as_erin, pair, text="Half a loaf", version=1).status_code == 302
    assert Demonstration.objects.get().status == "submitted"
    assert not Correction.objects.exclude(edited=None).exists()


# --- Who ----------------------------------------------------------------------------------------------------


def test_it_is_for_those_who_have_the_answers_in_hand_or_judged_them(client, project, pair, eve, oscar):
    client.force_login(eve)
    assert client.get(editor(pair)).url == url(pair)
    assert hand_in(client, pair).url == url(pair)
    save = reverse("correct_save", args=[project.pk, pair.pk])
    assert client.post(save, {"text": "Mine", "version": 0}).status_code == 403
    assert not Demonstration.objects.exists()
    client.force_login(oscar)
    for name in ("correct", "correct_save"):
        assert client.post(reverse(name, args=[project.pk, pair.pk]), {"text": "x", "version": 0}).status_code == 404
    client.force_login(eve)
    assert client.get(editor(pair, "Z")).status_code == 404


def test_it_writes_nothing_for_what_is_held_out(as_erin, project, erin):
    comparison = factories.comparison(factories.prompt(project, split=Split.EVALUATION), TEXTS[:2])
    page = as_erin.get(url(comparison)).content.decode()
    assert "usable answer" not in page
    assert hand_in(as_erin, comparison).url == url(comparison)
    assert not Demonstration.objects.exists()
    answer = factories.demonstration(comparison.prompt, erin)
    Correction.objects.create(comparison=comparison, demonstration=answer, created_by=erin)
    assert list(corrected.pairs(project)) == []


def test_it_keeps_the_ranking_when_the_answer_is_sent_back(as_erin, pair, rita):
    all_bad(as_erin, pair)
    hand_in(as_erin, pair)
    mine = Demonstration.objects.get()
    approving.send_back(demonstration=mine, by=rita, version=mine.version, note="Add the date.")
    assert "Add the date." in as_erin.get(editor(pair)).content.decode()
    hand_in(as_erin, pair, text=f"{BETTER} 3 March.", version=mine.version)
    mine.refresh_from_db()
    assert (mine.status, Correction.objects.count(), Ranking.objects.count()) == ("submitted", 1, 1)
    assert Revision.objects.filter(demonstration=mine).count() == 3
