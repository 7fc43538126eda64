"""What can be said of answers besides their order: by points, with reasons, errors and a line; and taking it back."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.actions import assigning
from annotation.actions.ranking import rank as record
from annotation.models import Adjudication, Comparison, Correction, Event, Gold, Lease, Mark, Ranking
from tests import factories
from tests.annotation.test_ranking import TEXTS, act, ids_by_letter, next_url, url


@pytest.fixture
def as_erin(sign_in, erin) -> Client:
    return sign_in(erin)


@pytest.fixture
def pair(project) -> Comparison:
    return factories.comparison(factories.prompt(project), TEXTS[:2])


@pytest.fixture
def four(project) -> Comparison:
    return factories.comparison(factories.prompt(project), TEXTS)


PLACES = {"rank-a": 2, "rank-b": 3, "rank-c": 1, "rank-d": 4}

# --- Reasons ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("required", "choice", "reason", "expected"),
    [
        ("never", "0", {}, 302),
        ("never", "2", {}, 302),
        ("all bad", "0", {}, 422),
        ("all bad", "0", {"reason": "Both invent it."}, 302),
        ("all bad", "0", {"chip-0": "More accurate"}, 302),
        ("all bad", "2", {}, 302),
        ("always", "2", {}, 422),
        ("always", "2", {"reason": "  "}, 422),
        ("always", "2", {"chip-3": "Better format"}, 302),
    ],
)
def test_it_asks_for_a_reason_where_the_project_says_so(as_erin, project, pair, required, choice, reason, expected):
    project.reason_required = required
    project.save()
    assert act(as_erin, pair, data={"choice": choice, **reason}).status_code == expected
    assert Ranking.objects.exists() == (expected == 302)


def test_it_keeps_the_reasons_chosen(as_erin, pair):
    act(as_erin, pair, data={"choice": "2", "chip-0": "More accurate", "chip-3": "Better format", "reason": "Dated."})
    ranking = Ranking.objects.get()
    assert (ranking.chips, ranking.reason) == (["More accurate", "Better format"], "Dated.")


def test_it_says_when_the_reasons_have_changed_since_the_page_was_opened(as_erin, project, pair):
    project.ranking_reasons = ["Sounder law"]
    project.save()
    refused = act(as_erin, pair, data={"choice": "2", "chip-0": "More accurate"})
    assert "The reasons to choose from have changed meanwhile." in refused.content.decode()
    assert 'value="Sounder law"' in refused.content.decode()


# --- Points -------------------------------------------------------------------------------------------------


def test_it_takes_single_points_before_the_whole_and_none_need_be_judged(as_erin, project, pair, erin):
    project.criteria_compared = ["accuracy", "utility"]
    project.save()
    page = as_erin.get(url(pair)).content.decode()
    assert 'name="on-accuracy"' in page
    assert 'name="on-completeness"' not in page
    assert page.index('name="on-accuracy"') < page.index('name="choice"')
    act(as_erin, pair, data={"choice": "4", "on-accuracy": "1", "on-utility": ""})
    ids = ids_by_letter(pair, erin)
    assert Ranking.objects.get().criteria == {"accuracy": {"order": [[ids["A"]], [ids["B"]]], "strength": 2}}


def test_it_takes_the_best_of_several_on_a_point(as_erin, project, four, erin):
    project.criteria_compared = ["accuracy"]
    project.save()
    act(as_erin, four, data={**PLACES, "on-accuracy": "D"})
    ids = ids_by_letter(four, erin)
    order = [[ids["D"]], [ids["A"], ids["B"], ids["C"]]]
    assert Ranking.objects.get().criteria == {"accuracy": {"order": order, "strength": None}}


# --- The line -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("line", "acceptable"), [("", None), ("1", 1), ("2", 2), ("4", 4)])
def test_it_keeps_how_far_down_they_are_good_enough(as_erin, four, line, acceptable):
    act(as_erin, four, data={**PLACES, "line": line})
    assert (Ranking.objects.get().acceptable, Ranking.objects.get().all_bad) == (acceptable, False)


def test_it_counts_groups_above_the_line_not_places(as_erin, four):
    act(as_erin, four, data={"rank-a": 1, "rank-b": 1, "rank-c": 3, "rank-d": 4, "line": "3"})
    assert Ranking.objects.get().acceptable == 2


def test_it_refuses_a_line_above_every_answer(as_erin, four):
    refused = act(as_erin, four, data={"rank-a": 2, "rank-b": 2, "rank-c": 3, "rank-d": 4, "line": "1"})
    assert refused.status_code == 422
    assert "No answer stands above this line." in refused.content.decode()


def test_it_stores_that_none_is_good_enough(as_erin, four):
    act(as_erin, four, data={"all_bad": "on", "reason": "All invent a date."})
    assert (Ranking.objects.get().acceptable, Ranking.objects.get().all_bad) == (0, True)


# --- Errors -------------------------------------------------------------------------------------------------


def test_it_stores_where_the_errors_are(as_erin, project, erin):
    texts = ["Paid\r\n$1,450 😀 in May.", "Nothing paid."]
    comparison = factories.comparison(factories.prompt(project), texts)
    ids = ids_by_letter(comparison, erin)
    of = {str(each.pk): each.text for each in comparison.candidates.all()}
    letter = next(letter for letter, pk in ids.items() if of[pk] == texts[0])
    act(as_erin, comparison, data={"choice": "3", "marks": f"{letter} number 5 11;{letter} verbose 12 13"})
    found = [(mark.kind, mark.candidate.text[mark.start : mark.end]) for mark in Mark.objects.all()]
    assert found == [("number", "$1,450"), ("verbose", "😀")]


def test_it_refuses_marks_outside_the_answers(as_erin, pair):
    refused = act(as_erin, pair, data={"choice": "3", "marks": "A number 0 999"})
    assert refused.status_code == 422
    assert "A mark lies outside the answers." in refused.content.decode()
    assert not Ranking.objects.exists()


def test_it_takes_quoted_words_where_no_script_marks(as_erin, pair, erin):
    texts = {str(each.pk): each.text for each in pair.candidates.all()}
    a = texts[ids_by_letter(pair, erin)["A"]]
    quote = {"quote-a-0": a.split()[1].upper(), "kind-a-0": "party"}
    act(as_erin, pair, data={"choice": "4", **quote})
    mark = Mark.objects.get()
    assert (mark.candidate.text[mark.start : mark.end], mark.kind) == (a.split()[1], "party")


@pytest.mark.parametrize(
    ("quote", "message"),
    [
        ({"quote-a-0": "words of nobody", "kind-a-0": "party"}, "These words do not stand in answer A."),
        ({"quote-a-0": "kept it", "kind-a-0": ""}, "Say what is wrong with them."),
    ],
)
def test_it_says_which_quoted_words_it_cannot_use(as_erin, pair, quote, message):
    refused = act(as_erin, pair, data={"choice": "4", **quote})
    assert refused.status_code == 422
    assert message in refused.content.decode()


# --- Time ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "kept"), [("12.5", 12.5), ("-3", 0), ("nan", 0), ("inf", 0), ("soon", 0), ("", 0), ("1e9", 3_600)]
)
def test_it_keeps_the_time_at_work_and_never_stops_for_it(as_erin, pair, sent, kept):
    act(as_erin, pair)
    Lease.objects.update(created_at=timezone.now() - timedelta(hours=1))
    assert act(as_erin, pair, data={"choice": "3", "active_seconds": sent}).status_code == 302
    assert Ranking.objects.get().active_seconds == pytest.approx(kept, abs=60 if kept > 60 else 0)


# --- Differences --------------------------------------------------------------------------------------------


def test_it_tells_differences_by_letter_only(as_erin, pair, project):
    where = reverse("rank_differences", args=[project.pk, pair.pk])
    found = as_erin.get(where, {"from": "B"}).json()
    assert list(found) == ["B", "A"]
    assert as_erin.get(where, {"from": "<b>"}).json().keys() == {"A", "B"}
    assert not [pk for pk in pair.candidates.values_list("pk", flat=True) if str(pk) in json.dumps(found)]


# --- Taking back --------------------------------------------------------------------------------------------


def take_back(client: Client, comparison: Comparison):
    return client.post(reverse("rank_take_back", args=[comparison.prompt.project_id, comparison.pk]))


def test_it_takes_back_the_last_judgement_and_shows_it_as_it_was(as_erin, project, erin):
    project.criteria_compared = ["accuracy"]
    project.save()
    pair = factories.comparison(factories.prompt(project), TEXTS[:2])
    said = {"choice": "5", "on-accuracy": "2", "chip-1": "More complete", "reason": "Whole.", "marks": "A party 4 8"}
    act(as_erin, pair, data=said)
    before = ids_by_letter(pair, erin)
    answer = take_back(as_erin, pair)
    assert answer.url == url(pair)
    pair.refresh_from_db()
    assert (pair.rankings_done, Ranking.objects.count(), Mark.objects.count()) == (0, 0, 0)
    lease = Lease.objects.get(user=erin)
    assert {name: lease.draft[name] for name in said} == said
    assert lease.shown == list(before.values())
    page = as_erin.get(url(pair)).content.decode()
    assert 'value="5" data-key="5" checked' in page
    assert "Whole.</textarea>" in page
    event = Event.objects.order_by("pk").last()
    assert event.verb == "took a ranking back"
    assert event.data == {"order": [[before["B"]], [before["A"]]], "strength": 2, "all_bad": False}
    act(as_erin, pair, data={**said, "version": lease.draft_version})
    assert Ranking.objects.get().strength == 2


def test_it_keeps_what_was_chosen_when_the_answers_are_for_others_meanwhile(as_erin, project, pair, eve, ada):
    act(as_erin, pair, data={"choice": "1"})
    assigning.arrange(project=project, by=ada, work="rank", assign=([eve], []))
    page = as_erin.get(take_back(as_erin, pair).url).content.decode()
    assert 'value="1" data-key="1" checked' in page
    assert Lease.objects.get().draft["choice"] == "1"


@pytest.mark.parametrize(
    "said",
    [
        {**PLACES, "line": "3"},
        {"rank-a": "1", "rank-b": "1", "rank-c": "2", "rank-d": "3", "line": ""},
        {"all_bad": "on", "reason": "None has a date."},
    ],
)
def test_it_takes_back_an_order(as_erin, four, erin, said):
    act(as_erin, four, data=said)
    take_back(as_erin, four)
    draft = Lease.objects.get(user=erin).draft
    assert {name: draft[name] for name in said} == {name: str(value) for name, value in said.items()}


def test_it_offers_to_take_back_on_the_next_page_and_on_its_own(as_erin, project, pair):
    second = factories.comparison(factories.prompt(project), TEXTS[2:])
    act(as_erin, pair, data={"choice": "1"})
    undo = reverse("rank_take_back", args=[project.pk, pair.pk])
    assert undo in as_erin.get(url(second)).content.decode()
    assert undo in as_erin.get(url(pair)).content.decode()


def _ranked_later(comparison, eve, ada):
    Comparison.objects.update(rankings_needed=2)
    record(comparison=comparison, by=eve, order=Ranking.objects.get().order)


def _decided(comparison, eve, ada):
    Adjudication.objects.create(comparison=comparison, order=[], reason="So.", decided_by=ada)


def _frozen(comparison, eve, ada):
    Comparison.objects.update(frozen_at=timezone.now())


def _corrected(comparison, eve, ada):
    answer = factories.demonstration(comparison.prompt, eve)
    Correction.objects.create(comparison=comparison, demonstration=answer, created_by=eve)


def _explained(comparison, eve, ada):
    Gold.objects.create(comparison=comparison, order=[], for_training=True, created_by=ada)


@pytest.mark.parametrize("acted", [_ranked_later, _decided, _frozen, _corrected, _explained])
def test_it_lets_a_judgement_stand_once_somebody_has_acted_on_it(as_erin, project, pair, eve, ada, acted):
    act(as_erin, pair, data={"choice": "1"})
    acted(pair, eve, ada)
    assert "so it stands as you gave it" in as_erin.get(take_back(as_erin, pair).url).content.decode()
    assert Ranking.objects.filter(ranker__username="erin").exists()
    assert reverse("rank_take_back", args=[project.pk, pair.pk]) not in as_erin.get(url(pair)).content.decode()


def test_it_may_be_taken_back_by_the_second_of_two_rankers_only(client, project, pair, erin, eve):
    Comparison.objects.update(rankings_needed=2)
    for user in (erin, eve):
        client.force_login(user)
        act(client, pair, data={"choice": "1"})
    assert take_back(client, pair).status_code == 302
    assert list(Ranking.objects.values_list("ranker__username", flat=True)) == ["erin"]


def test_it_takes_back_nobody_elses_judgement(client, project, pair, erin, eve, oscar):
    client.force_login(erin)
    act(client, pair, data={"choice": "1"})
    client.force_login(eve)
    assert take_back(client, pair).status_code == 404
    client.force_login(oscar)
    assert take_back(client, pair).status_code == 404
    assert Ranking.objects.count() == 1
    client.force_login(erin)
    assert client.get(next_url(project)).status_code == 200
