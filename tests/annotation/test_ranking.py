"""Ranking, through the pages: letters go out, letters come back."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from annotation import queues
from annotation.actions.ranking import create_comparison
from annotation.models import Candidate, Comparison, Event, Lease, Ranking
from tests import factories
from tests.addresses import shown_at

HTMX = {"HX-Request": "true"}
TEXTS = ["The landlord kept it.", "The tenant kept it.", "Nobody kept it.", "It was kept."]


def url(comparison: Comparison) -> str:
    return reverse("rank", args=[comparison.prompt.project_id, comparison.pk])


def next_url(project) -> str:
    return reverse("rank_next", args=[project.pk])


def act(client: Client, comparison: Comparison, action: str = "submit", **more):
    data = {"action": action, "version": 0, "guidelines": 1, **more.pop("data", {})}
    return client.post(url(comparison), data, **more)


def ids_by_letter(comparison: Comparison, user) -> dict[str, str]:
    return dict(zip("ABCDE", queues.order_for(comparison, user), strict=False))


@pytest.fixture
def comparison(project) -> Comparison:
    return factories.comparison(factories.prompt(project), TEXTS[:2])


@pytest.fixture
def as_erin(sign_in, erin) -> Client:
    return sign_in(erin)


# --- Access -------------------------------------------------------------------------------------------------


def test_it_does_not_exist_for_strangers(client, oscar, project, comparison) -> None:
    client.force_login(oscar)
    assert client.get(url(comparison)).status_code == 404
    assert act(client, comparison).status_code == 404
    assert client.get(next_url(project)).status_code == 404
    own = oscar.memberships.get().project
    assert client.get(reverse("rank", args=[own.pk, comparison.pk])).status_code == 404


def test_it_changes_nothing_on_a_wrong_method(as_erin, project, comparison) -> None:
    assert as_erin.post(next_url(project)).status_code == 405
    assert as_erin.delete(url(comparison)).status_code == 405


# --- Blind --------------------------------------------------------------------------------------------------


def test_it_sends_the_browser_nothing_that_tells_where_a_candidate_is_from(as_erin, project) -> None:
    comparison = factories.comparison(
        factories.prompt(project), TEXTS, source="sampling of Round 3", rankings_needed=2, seed=998_877_665_544
    )
    for number, candidate in enumerate(comparison.candidates.all()):
        Candidate.objects.filter(pk=candidate.pk).update(source=f"adapter-of-round-{number}")
    forward = as_erin.get(next_url(project))
    shown = as_erin.get(shown_at(forward))
    wrong = act(as_erin, comparison)
    secrets = ["adapter-of-round", "Round 3", "sampling", "998877665544"]
    secrets += [form for pk in comparison.candidates.values_list("pk", flat=True) for form in (str(pk), pk.hex)]
    for response in (forward, shown, wrong):
        sent = response.content.decode() + str(response.headers) + str(response.cookies)
        # "sampling" and the like stand in an admin's menu, never in an expert's
        assert [secret for secret in secrets if secret in sent] == []


def test_it_shows_each_ranker_the_order_that_was_stored_when_it_was_handed_out(client, comparison, erin, eve) -> None:
    Comparison.objects.update(rankings_needed=3)
    seen = {}
    for user in (erin, eve):
        client.force_login(user)
        page = client.get(url(comparison)).content.decode()
        seen[user] = sorted(TEXTS[:2], key=page.index)
        texts = {str(each.pk): each.text for each in comparison.candidates.all()}
        assert seen[user] == [texts[pk] for pk in ids_by_letter(comparison, user).values()]
        assert page == client.get(url(comparison)).content.decode() or "csrfmiddlewaretoken" in page
        assert Lease.objects.get(user=user).shown == list(ids_by_letter(comparison, user).values())


# --- Judging ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("1", [["A"], ["B"]]),
        ("2", [["A"], ["B"]]),
        ("3", [["A", "B"]]),
        ("4", [["B"], ["A"]]),
        ("5", [["B"], ["A"]]),
    ],
)
def test_it_maps_the_letters_back_to_the_candidates(as_erin, project, comparison, erin, choice, expected) -> None:
    as_erin.get(next_url(project))
    response = act(as_erin, comparison, data={"choice": choice, "reason": " It names the parties. "})
    assert response.url == next_url(project)
    ids = ids_by_letter(comparison, erin)
    ranking = Ranking.objects.get()
    assert ranking.order == [[ids[letter] for letter in group] for group in expected]
    assert (ranking.ranker, ranking.all_bad, ranking.reason) == (erin, False, "It names the parties.")
    assert ranking.strength == {"1": 2, "5": 2, "2": 1, "4": 1}.get(choice)
    assert ranking.shown == list(ids.values())
    assert ranking.guidelines.version == 1
    comparison.refresh_from_db()
    assert comparison.rankings_done == 1
    assert Event.objects.get().verb == "ranked candidates"
    assert not Lease.objects.exists()


def test_it_ranks_four_with_ties(as_erin, project, erin) -> None:
    comparison = factories.comparison(factories.prompt(project), TEXTS)
    places = {"rank-a": 2, "rank-b": 4, "rank-c": 2, "rank-d": 1}
    assert act(as_erin, comparison, data=places).status_code == 302
    ids = ids_by_letter(comparison, erin)
    assert Ranking.objects.get().order == [[ids["D"]], [ids["A"], ids["C"]], [ids["B"]]]


def test_it_takes_all_bad_with_a_reason_only(as_erin, comparison) -> None:
    refused = act(as_erin, comparison, data={"choice": "0"})
    assert refused.status_code == 422
    assert "<li>Say why both are bad.</li>" in refused.content.decode()
    assert act(as_erin, comparison, data={"choice": "0", "reason": "Both invent a date."}).status_code == 302
    ranking = Ranking.objects.get()
    assert (ranking.all_bad, [len(group) for group in ranking.order]) == (True, [2])


@pytest.mark.parametrize(
    ("texts", "places", "message"),
    [
        (TEXTS[:2], {}, "Choose one of the six."),
        (TEXTS[:2], {"choice": "a"}, "Choose one of the six."),
        (TEXTS, {"rank-a": 1, "rank-b": 1, "rank-c": 2}, "Give D a place."),
        (TEXTS, {"rank-a": 1}, "Give B, C and D a place."),
        (TEXTS[:3], {"choice": "2"}, "Give A, B and C a place."),
        (TEXTS[:2], {"rank-a": 1, "rank-b": 2}, "Choose one of the six."),
        (TEXTS[:3], {"rank-a": 1, "rank-b": 4, "rank-c": 2}, "Give B a place."),
        (TEXTS[:3], {"rank-a": 1, "rank-b": "<b>", "rank-c": 2}, "Give B a place."),
    ],
)
def test_it_says_what_is_missing_and_keeps_what_was_chosen(as_erin, project, texts, places, message) -> None:
    comparison = factories.comparison(factories.prompt(project), texts)
    response = act(as_erin, comparison, data={**places, "reason": "Half a reason"})
    page = response.content.decode()
    assert response.status_code == 422
    assert message in page
    assert "Half a reason</textarea>" in page
    kept = [place for place in places.values() if len(texts) > 2 and place in (1, 2)]
    assert len(re.findall(r'<option value="\d" selected', page)) == len(kept)
    assert not Ranking.objects.exists()


def test_it_takes_several_as_all_bad_without_places(as_erin, project) -> None:
    comparison = factories.comparison(factories.prompt(project), TEXTS[:3])
    refused = act(as_erin, comparison, data={"all_bad": "on", "rank-a": 1})
    assert "<li>Say why all are bad.</li>" in refused.content.decode()
    assert act(as_erin, comparison, data={"all_bad": "on", "reason": "None has a date."}).status_code == 302
    ranking = Ranking.objects.get()
    assert (ranking.all_bad, [len(group) for group in ranking.order]) == (True, [3])


def test_it_offers_six_choices_for_two_and_places_for_more(as_erin, project, comparison) -> None:
    page = as_erin.get(url(comparison)).content.decode()
    assert re.findall(r'type="radio"[^>]* value="(.)"', page) == ["1", "2", "3", "4", "5", "0"]
    assert "<select" not in re.sub(r"<noscript>.*?</noscript>", "", page, flags=re.DOTALL).split("<form")[-1]
    several = factories.comparison(factories.prompt(project), TEXTS[:3])
    page = as_erin.get(url(several)).content.decode()
    assert 'type="radio"' not in page
    assert re.sub(r"<noscript>.*?</noscript>", "", page, flags=re.DOTALL).count("<select") == 4, "places and the line"


def test_it_takes_a_second_submit_as_the_first(as_erin, comparison) -> None:
    act(as_erin, comparison, data={"choice": "2"})
    first = Ranking.objects.get()
    again = act(as_erin, comparison, data={"choice": "4"})
    assert again.status_code == 302
    assert "your first judgement stands" in as_erin.get(again.url).content.decode()
    assert Ranking.objects.get().order == first.order
    comparison.refresh_from_db()
    assert comparison.rankings_done == 1
    assert Event.objects.count() == 1
    assert "You have ranked these answers." in as_erin.get(url(comparison)).content.decode()


def test_it_never_counts_more_rankings_than_needed(client, comparison, erin, eve) -> None:
    client.force_login(erin)
    act(client, comparison, data={"choice": "3"})
    client.force_login(eve)
    late = act(client, comparison, data={"choice": "3", "reason": "What Eve thought"})
    assert late.status_code == 409
    page = late.content.decode()
    assert "your judgement is no longer needed" in page
    assert "What Eve thought" in page
    comparison.refresh_from_db()
    assert (comparison.rankings_done, Ranking.objects.count()) == (1, 1)


def test_it_brings_the_next_comparison_in_the_same_answer(as_erin, project, comparison) -> None:
    second = factories.comparison(factories.prompt(project), TEXTS[2:])
    as_erin.get(next_url(project))
    response = act(as_erin, comparison, data={"choice": "2"}, headers=HTMX)
    assert response["HX-Push-Url"] == url(second)
    page = response.content.decode()
    assert TEXTS[2] in page
    assert TEXTS[0] not in page
    assert "<html" not in page
    done = act(as_erin, second, data={"choice": "2"}, headers=HTMX)
    assert done["HX-Redirect"] == next_url(project)


# --- Not judging --------------------------------------------------------------------------------------------


def test_it_lets_somebody_else_judge_what_one_cannot(client, project, comparison, erin, eve) -> None:
    client.force_login(erin)
    client.get(next_url(project))
    response = act(client, comparison, "decline")
    assert "you could not judge 1 comparison." in client.get(response.url).content.decode()
    assert not Ranking.objects.exists()
    assert Event.objects.get().verb == "could not judge"
    client.force_login(eve)
    assert shown_at(client.get(next_url(project))) == url(comparison)


def test_it_skips_and_comes_back_with_the_draft(as_erin, project, comparison) -> None:
    second = factories.comparison(factories.prompt(project))
    as_erin.get(next_url(project))
    lease = Lease.objects.get()
    draft = {"choice": "4", "reason": "B names", "version": 0}
    as_erin.post(reverse("draft_save", args=[project.pk, lease.pk]), draft)
    response = act(as_erin, comparison, "skip")
    assert shown_at(as_erin.get(response.url)) == url(second)
    act(as_erin, second, data={"choice": "2"})
    assert shown_at(as_erin.get(next_url(project))) == url(comparison)
    page = as_erin.get(url(comparison)).content.decode()
    assert "B names</textarea>" in page
    assert re.findall(r'value="(.)" data-key="." checked', page) == ["4"]


# --- The rest -----------------------------------------------------------------------------------------------


def test_it_shows_candidates_as_texts(as_erin, project) -> None:
    poison = "<script>alert(1)</script>"
    comparison = factories.comparison(factories.prompt(project, input=poison), [poison, f"{poison} again"])
    page = as_erin.get(url(comparison)).content.decode()
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)") == 3


def test_it_says_what_is_missing_when_there_is_nothing_to_rank(as_erin, project) -> None:
    factories.prompt(project)
    page = as_erin.get(next_url(project)).content.decode()
    assert "because nobody has prepared candidates to rank yet." in page
    assert reverse("write_next", args=[project.pk]) in page


def test_it_takes_few_queries_to_show_a_comparison(as_erin, project, comparison, django_assert_max_num_queries) -> None:
    factories.comparison(factories.prompt(project), TEXTS[:2])
    first = shown_at(as_erin.get(next_url(project)))  # whoever ranks is known from then on
    as_erin.post(first, {"action": "submit", "version": 0, "guidelines": 1, "choice": "a"})
    with django_assert_max_num_queries(13):
        response = as_erin.get(next_url(project))
    with django_assert_max_num_queries(11):
        assert as_erin.get(shown_at(response)).status_code == 200


# --- Preparing candidates -----------------------------------------------------------------------------------


def test_it_prepares_a_comparison_of_distinct_texts(project, ada) -> None:
    project.rankings_per_comparison = 2
    project.save()
    prompt = factories.prompt(project)
    candidates = [("One", "base"), ("Two", "adapter 1"), (" One\n", "adapter 2"), ("  ", "adapter 3")]
    comparison = create_comparison(prompt=prompt, candidates=candidates, by=ada, source="sampling 1")
    assert comparison.rankings_needed == 2
    assert set(comparison.candidates.values_list("text", "source")) == {("One", "base"), ("Two", "adapter 1")}
    event = Event.objects.get()
    assert (event.verb, event.actor, event.data) == (
        "prepared candidates",
        ada,
        {"candidates": 2, "source": "sampling 1"},
    )
    assert create_comparison(prompt=prompt, candidates=candidates, by=ada, seed=5).seed == 5


def test_it_prepares_nothing_from_a_single_text(project, ada) -> None:
    prompt = factories.prompt(project)
    assert create_comparison(prompt=prompt, candidates=[("One", "a"), ("One", "b")], by=ada) is None
    assert not Comparison.objects.exists()
    assert not Event.objects.exists()
