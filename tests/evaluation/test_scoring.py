"""Blind review through the pages: what people get, in which order, and what they can never learn."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.models import Event, Lease
from evaluation import scoring
from evaluation.actions import open_results
from evaluation.models import Contestant, Evaluation, Output, Review
from tests.evaluation import factories
from training.jobs import Status

SCORES = {"accuracy": "4", "completeness": "3", "conciseness": "5", "adherence": "4", "utility": "0"}
HTMX = {"HX-Request": "true"}


def next_url(client, project) -> str | None:
    response = client.get(reverse("score_next", args=[project.pk]))
    return response.url if response.status_code == 302 else None


def output_at(url: str) -> Output:
    lease = Lease.objects.get(pk=url.rstrip("/").rsplit("/", 1)[1])
    return Output.objects.get(pk=lease.item_id)


def test_it_shows_source_answer_and_anchored_rubric(project, open_evaluation, erin, as_user):
    client = as_user(erin)
    url = next_url(client, project)
    page = client.get(url).content.decode()
    output = output_at(url)
    assert output.prompt.input in page
    assert output.text.splitlines()[0] in page
    assert "Mostly wrong or invented" in page
    assert "Ready after a light edit" in page
    assert page.count('type="radio"') == 4 * 5 + 11
    assert "0 scored by you" in page


def test_it_uses_the_projects_own_anchors(project, open_evaluation, erin, as_user):
    project.rubric = {"accuracy": {"1": "Would embarrass the firm"}}
    project.save()
    client = as_user(erin)
    assert "Would embarrass the firm" in client.get(next_url(client, project)).content.decode()


def test_it_locks_the_scores_and_brings_the_next_in_the_same_answer(project, open_evaluation, erin, as_user):
    client = as_user(erin)
    url = next_url(client, project)
    output = output_at(url)
    response = client.post(url, {**SCORES, "comment": "Fine.", "action": "submit"}, headers=HTMX)
    assert response.status_code == 200
    review = Review.objects.get()
    assert (review.output, review.reviewer, review.utility, review.comment) == (output, erin, 0, "Fine.")
    output.refresh_from_db()
    assert output.reviews_done == 1
    pushed = response.headers["HX-Push-Url"]
    assert pushed != url
    assert output_at(pushed).prompt.input in response.content.decode()
    assert not Lease.objects.filter(item_id=output.pk).exists()
    assert Event.objects.filter(verb="scored an output", actor=erin).exists()


def test_it_keeps_the_time_somebody_spent_on_an_answer(project, open_evaluation, erin, as_user):
    client = as_user(erin)
    url = next_url(client, project)
    lease = Lease.objects.get()
    Lease.objects.update(created_at=timezone.now() - timedelta(seconds=200))
    draft = reverse("draft_save", args=[project.pk, lease.pk])
    client.post(draft, {"comment": "Fine", "version": 0, "active_seconds": "42.5"})
    assert 'name="active_seconds" value="42.5"' in client.get(url).content.decode()
    assert client.post(url, {**SCORES, "version": 1, "active_seconds": "61"}).status_code == 302
    assert Review.objects.get().active_seconds == 61
    second = next_url(client, project)
    client.post(second, {**SCORES, "active_seconds": "9999"})
    assert Review.objects.last().active_seconds < 60, "no more than has passed since it was lent"
    assert client.post(next_url(client, project), {**SCORES, "active_seconds": "soon"}).status_code == 302
    assert Review.objects.last().active_seconds == 0


def test_it_works_as_a_plain_form_too(project, open_evaluation, erin, as_user):
    client = as_user(erin)
    response = client.post(next_url(client, project), SCORES)
    assert response.status_code == 302
    assert response.url == reverse("score_next", args=[project.pk])
    assert Review.objects.count() == 1


def test_it_names_the_row_without_a_score_and_keeps_the_others(project, open_evaluation, erin, as_user):
    client = as_user(erin)
    url = next_url(client, project)
    given = {**SCORES, "comment": "Half way"}
    del given["conciseness"]
    response = client.post(url, given, headers=HTMX)
    page = response.content.decode()
    assert response.status_code == 422
    assert "Choose a score for conciseness." in page
    assert page.count(" checked>") == 4
    assert "Half way" in page
    assert not Review.objects.exists()


@pytest.mark.parametrize("bad", ["6", "0", "-1", "1.5", "abc", "9" * 400, "\0", "１"])
def test_it_refuses_scores_that_are_not_on_the_scale(project, open_evaluation, erin, as_user, bad):
    client = as_user(erin)
    response = client.post(next_url(client, project), {**SCORES, "accuracy": bad})
    assert response.status_code == 422
    assert not Review.objects.exists()


def test_it_takes_a_second_submit_of_the_same_scores_without_harm(project, open_evaluation, erin, as_user):
    client = as_user(erin)
    url = next_url(client, project)
    client.post(url, SCORES)
    for headers in ({}, HTMX):
        response = client.post(url, {**SCORES, "utility": "10"}, headers=headers, follow=True)
        assert response.status_code == 200
    assert Review.objects.get().utility == 0
    assert Output.objects.filter(reviews_done__gt=1).count() == 0


def test_it_keeps_what_was_typed_in_the_draft(project, open_evaluation, erin, as_user):
    client = as_user(erin)
    url = next_url(client, project)
    lease = Lease.objects.get()
    saved = client.post(
        reverse("draft_save", args=[project.pk, lease.pk]),
        {"accuracy": "2", "comment": "Wrong county <b>", "version": "0"},
    )
    assert saved.status_code == 200
    page = client.get(url).content.decode()
    assert "Wrong county &lt;b&gt;" in page
    assert re.search(r'name="accuracy" value="2"[^>]* checked', page)


def test_it_skips_and_comes_back_last(project, open_evaluation, erin, as_user):
    client = as_user(erin)
    first = next_url(client, project)
    response = client.post(first, {"action": "skip"})
    assert response.status_code == 302
    assert next_url(client, project) != first
    assert not Review.objects.exists()


def test_it_does_not_hand_an_output_to_more_people_than_it_needs(project, open_evaluation, erin, eve, rita, as_user):
    seen = {output_at(next_url(as_user(person), project)).pk for person in (erin, eve, rita)}
    assert len(seen) == 3


def test_it_says_so_when_others_were_faster(project, open_evaluation, erin, eve, as_user):
    client = as_user(erin)
    url = next_url(client, project)
    output = output_at(url)
    Lease.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    factories.review(output, eve)
    response = client.post(url, {**SCORES, "comment": "A long thought"})
    page = response.content.decode()
    assert response.status_code == 409
    assert "your scores are no longer needed" in page
    assert "A long thought" in page
    assert output.reviews.count() == 1


def test_it_gives_everybody_every_output_when_each_needs_several(project, sft, erin, eve, as_user):
    factories.evaluation(project, [None, sft], prompts=3, reviewed_prompts=3, reviews_per_output=2)
    for person in (erin, eve):
        client = as_user(person)
        while url := next_url(client, project):
            assert client.post(url, SCORES).status_code == 302
    assert set(Output.objects.values_list("reviews_done", flat=True)) == {2}
    assert Review.objects.filter(reviewer=erin).count() == 6


def test_it_keeps_the_outputs_of_one_prompt_apart(project, open_evaluation, erin, as_user):
    client = as_user(erin)
    order = []
    while url := next_url(client, project):
        order.append(output_at(url).prompt_id)
        client.post(url, SCORES)
    assert len(order) == 18
    assert all(one != other for one, other in pairwise(order))
    assert len(set(order[:6])) == len(set(order[6:12])) == 6


def test_it_hands_out_contestants_in_no_order(project, sft, dpo, erin, as_user):
    """Were the order to follow the contestants, one of the first six places would always be the same one's."""
    firsts = set()
    for seed in range(36):
        evaluation = factories.evaluation(project, [None, sft, dpo], prompts=2, reviewed_prompts=2, seed=seed)
        firsts.add(scoring.scorable(project, erin).first().contestant.position)
        evaluation.delete()
    assert firsts == {0, 1, 2}


def test_it_waits_until_every_contestant_has_answered_or_is_left_out(project, open_evaluation, erin, as_user):
    client = as_user(erin)
    late = open_evaluation.contestants.get(position=2)
    for status in (Status.QUEUED, Status.RUNNING, Status.FAILED):
        Contestant.objects.filter(pk=late.pk).update(status=status)
        assert next_url(client, project) is None
    Contestant.objects.filter(pk=late.pk).update(status=Status.CANCELLED)
    assert output_at(next_url(client, project)).contestant.position < 2


def test_it_says_why_nothing_is_left(project, erin, ada, as_user):
    client = as_user(erin)
    empty = client.get(reverse("score_next", args=[project.pk])).content.decode()
    assert "no outputs have been prepared for review yet" in empty
    evaluation = factories.evaluation(project, [None], prompts=1, reviewed_prompts=1)
    url = next_url(client, project)
    busy = as_user(ada).get(reverse("score_next", args=[project.pk])).content.decode()
    assert "in other people&#x27;s hands" in busy
    client.post(url, SCORES)
    done = client.get(reverse("score_next", args=[project.pk])).content.decode()
    assert "has its scores" in done
    assert evaluation.contestants.count() == 1


def test_it_lets_nobody_score_who_has_opened_the_results(project, open_evaluation, ada, as_user):
    client = as_user(ada)
    url = next_url(client, project)
    open_results(evaluation=open_evaluation, by=ada)
    response = client.post(url, SCORES, follow=True)
    assert "you have opened the results" in response.content.decode()
    assert not Review.objects.exists()


def test_it_shows_a_persons_items_to_that_person_only(project, open_evaluation, erin, eve, oscar, as_user):
    url = next_url(as_user(erin), project)
    text = output_at(url).text.splitlines()[0]
    other = as_user(eve).get(url, follow=True)
    assert other.redirect_chain[-1][0] != url
    assert as_user(oscar).get(url).status_code == 404
    assert as_user(oscar).get(reverse("score_next", args=[project.pk])).status_code == 404
    assert as_user(oscar).post(url, SCORES).status_code == 404
    assert text
    assert not Review.objects.exists()


def test_it_escapes_what_a_model_wrote(project, open_evaluation, erin, as_user):
    Output.objects.update(text="<script>alert(1)</script> and <img src=x onerror=alert(2)>")
    client = as_user(erin)
    page = client.get(next_url(client, project)).content.decode()
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_it_shows_an_empty_answer_as_empty(project, open_evaluation, erin, as_user):
    Output.objects.update(text=" \n")
    client = as_user(erin)
    assert "The answer is empty." in client.get(next_url(client, project)).content.decode()


def forbidden(evaluation: Evaluation) -> set[str]:
    """Everything that could tell a reviewer what wrote an answer."""
    words = {str(evaluation.pk), evaluation.name, str(evaluation.seed), "contestant", "adapter", "queue_key"}
    for contestant in evaluation.contestants.select_related("adapter__round", "base_model"):
        words |= {str(contestant.pk), str(contestant), str(contestant.base_model_id), contestant.base_model.name}
        if contestant.adapter:
            round = contestant.adapter.round
            words |= {str(contestant.adapter_id), contestant.adapter.sha256, str(round.pk), str(round)}
    words |= {str(pk) for pk in Output.objects.values_list("pk", flat=True)}
    words |= {str(key) for key in Output.objects.values_list("queue_key", flat=True)}
    words |= {"rouge", "bleu", "perplexity", "validation loss", "reference_nll"}
    return {word.lower() for word in words}


def test_it_sends_a_reviewer_no_byte_that_tells_what_wrote_an_answer(project, open_evaluation, erin, as_user):
    """Walk the whole queue as an expert, by htmx and by plain pages, and look at everything that arrives."""
    client = as_user(erin)
    secrets = forbidden(open_evaluation)
    received: list[str] = []

    def keep(response) -> None:
        everything = f"{response.status_code} {response.headers} {response.content.decode()}"
        received.append(re.sub(r'(csrf\w+" value="|csrftoken": ")\w+', "", everything, flags=re.IGNORECASE).lower())

    response = client.get(reverse("score_next", args=[project.pk]))
    scored = 0
    while response.status_code == 302:
        keep(response)
        url = response.url
        keep(client.get(url))
        keep(client.get(url, headers=HTMX))
        lease = Lease.objects.get(user=erin)
        keep(client.post(reverse("draft_save", args=[project.pk, lease.pk]), {"accuracy": "1", "version": "0"}))
        keep(client.post(url, {"accuracy": "3"}, headers=HTMX))
        scored += 1
        if scored % 2:
            keep(client.post(url, SCORES))
        else:
            keep(client.post(url, SCORES, headers=HTMX))
        response = client.get(reverse("score_next", args=[project.pk]))
    keep(response)
    assert scored == Review.objects.count() == 18
    found = {word for word in secrets for text in received if word in text}
    assert found == set()


def test_it_gives_an_expert_no_other_page_that_unblinds(project, open_evaluation, erin, as_user):
    client = as_user(erin)
    evaluation = open_evaluation.pk
    for name, args in [
        ("evaluations", [project.pk]),
        ("evaluation_create", [project.pk]),
        ("evaluation", [project.pk, evaluation]),
        ("evaluation_progress", [project.pk, evaluation]),
        ("evaluation_outputs", [project.pk, evaluation]),
        ("promotions", [project.pk]),
        ("api_evaluation", [project.pk, evaluation]),
        ("api_evaluation_outputs", [project.pk, evaluation]),
        ("api_evaluations", [project.pk]),
    ]:
        assert client.get(reverse(name, args=args)).status_code == 403, name


def test_it_needs_few_queries_for_the_next_item(project, open_evaluation, erin, as_user, django_assert_max_num_queries):
    client = as_user(erin)
    with django_assert_max_num_queries(12):
        url = next_url(client, project)
    with django_assert_max_num_queries(12):
        client.get(url)
