"""What can be said of answers besides their order: by points, with reasons, errors and a line; and taking it back."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from annotation.actions import assigning, correcting, deciding
from annotation.actions.ranking import rank as record
from annotation.models import Comparison, Event, Lease, Mark, Project, Ranking
from tests import factories
from tests.addresses import shown_at
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
    as_erin.get(url(pair))
    found = as_erin.get(where, {"from": "B"}).json()
    assert list(found) == ["B", "A"]
    assert as_erin.get(where, {"from": "<b>"}).json().keys() == {"A", "B"}
    assert not [pk for pk in pair.candidates.values_list("pk", flat=True) if str(pk) in json.dumps(found)]


def test_it_tells_differences_to_those_only_who_see_the_answers(client, project, pair, erin, eve, oscar):
    where = reverse("rank_differences", args=[project.pk, pair.pk])

    def answered(user) -> int:
        client.force_login(user)
        return client.get(where).status_code

    assert answered(eve) == 404, "nobody has handed it to her"
    assert not Lease.objects.exists(), "asking for differences lends nothing"
    client.force_login(erin)
    client.get(url(pair))
    assert [answered(user) for user in (erin, eve, oscar)] == [200, 404, 404]
    client.force_login(eve)
    assert "Your judgement is not needed here" in client.get(url(pair)).content.decode()
    client.force_login(erin)
    act(client, pair, data={"choice": "1"})
    assert [answered(user) for user in (erin, eve)] == [200, 404], "the page still shows what one has judged"


def test_it_tells_no_differences_of_what_was_given_back_or_taken_over(client, project, pair, erin, eve):
    where = reverse("rank_differences", args=[project.pk, pair.pk])
    client.force_login(erin)
    client.get(url(pair))
    act(client, pair, "decline")
    assert client.get(where).status_code == 404
    client.force_login(eve)
    client.get(url(pair))
    Lease.objects.filter(user=eve).update(expires_at=timezone.now())
    assert client.get(where).status_code == 200, "nobody has taken it over"
    Lease.objects.filter(user=eve).update(expires_at=timezone.now())
    client.force_login(erin)
    act(client, pair, "again")
    client.force_login(eve)
    assert client.get(where).status_code == 404


# --- Given back ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "release", "words"),
    [("decline", "declined", "cannot judge these"), ("skip", "skipped", "put these answers off")],
)
def test_opening_its_page_changes_nothing_about_what_one_gave_back(as_erin, project, pair, erin, how, release, words):
    other = factories.comparison(factories.prompt(project), TEXTS[2:])
    as_erin.get(url(pair))
    act(as_erin, pair, how)
    lease = Lease.objects.get(user=erin, item_id=pair.pk)
    page = as_erin.get(url(pair)).content.decode()
    assert words in page
    assert TEXTS[0] not in page
    assert Lease.objects.get(pk=lease.pk).release == release
    assert as_erin.get(f"/api/v1/projects/{project.pk}/comparisons/{pair.pk}/").status_code == 403
    assert Lease.objects.get(pk=lease.pk).expires_at == lease.expires_at
    assert shown_at(as_erin.get(next_url(project))) == url(other)
    assert act(as_erin, pair, "again").url == url(pair)
    assert TEXTS[0] in as_erin.get(url(pair)).content.decode()
    assert Lease.objects.get(pk=lease.pk).release == ""


def test_what_one_gave_back_can_be_judged_from_a_page_that_still_stands_open(as_erin, project, pair, erin):
    as_erin.get(url(pair))
    act(as_erin, pair, "decline")
    act(as_erin, pair, data={"choice": "1"})
    assert Ranking.objects.get().ranker == erin


def test_it_says_when_others_have_taken_over_what_one_gave_back(client, pair, erin, eve):
    for user, action in ((erin, "decline"), (eve, "submit")):
        client.force_login(user)
        client.get(url(pair))
        act(client, pair, action, data={"choice": "1"})
    client.force_login(erin)
    again = act(client, pair, "again")
    assert again.status_code == 409
    assert "no longer needed" in again.content.decode()
    assert Lease.objects.get(user=erin).release == "declined"


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


def _decided(comparison, eve, ada):
    deciding.decide(comparison=comparison, by=ada, order=Ranking.objects.get().order, reason="So.")


def _frozen(comparison, eve, ada):
    Project.objects.update(rankings_frozen_at=timezone.now())


def _corrected(comparison, eve, ada):
    record(comparison=comparison, by=eve, order=Ranking.objects.get().order)
    correcting.correct(comparison=comparison, by=eve, text="Better.")


def _explained(comparison, eve, ada):
    order = Ranking.objects.get().order
    deciding.mark_known(comparison=comparison, by=ada, order=order, explanation="So.", for_training=True)


@pytest.mark.parametrize("acted", [_decided, _frozen, _corrected, _explained])
def test_it_lets_a_judgement_stand_once_somebody_has_acted_on_it(as_erin, project, pair, eve, ada, acted):
    Comparison.objects.update(rankings_needed=2 if acted is _corrected else 1)
    act(as_erin, pair, data={"choice": "1"})
    acted(Comparison.objects.select_related("prompt__project").get(), eve, ada)
    assert "so it stands as you gave it" in as_erin.get(take_back(as_erin, pair).url).content.decode()
    assert Ranking.objects.filter(ranker__username="erin").exists()
    assert reverse("rank_take_back", args=[project.pk, pair.pk]) not in as_erin.get(url(pair)).content.decode()


@pytest.mark.parametrize("who", [0, 1])
def test_it_may_be_taken_back_by_either_of_two_rankers_who_saw_nothing_of_each_other(client, pair, erin, eve, who):
    Comparison.objects.update(rankings_needed=2)
    people = (erin, eve)
    for user in people:
        client.force_login(user)
        act(client, pair, data={"choice": "1"})
    client.force_login(people[who])
    take_back(client, pair)
    assert Ranking.objects.get().ranker == people[1 - who]


def test_it_takes_back_the_last_judgement_and_no_older_one_after_it(as_erin, project, pair):
    second = factories.comparison(factories.prompt(project), TEXTS[2:])
    for one in (pair, second):
        act(as_erin, one, data={"choice": "1"})
    undo = {one: reverse("rank_take_back", args=[project.pk, one.pk]) for one in (pair, second)}
    assert undo[pair] not in as_erin.get(url(pair)).content.decode()
    assert "Only your last judgement" in as_erin.get(take_back(as_erin, pair).url).content.decode()
    take_back(as_erin, second)
    assert [each.comparison for each in Ranking.objects.all()] == [pair]
    assert undo[pair] not in as_erin.get(url(second)).content.decode(), "one step back, not all of them in turn"
    assert "Only your last judgement" in as_erin.get(take_back(as_erin, pair).url).content.decode()
    act(as_erin, second, data={"choice": "2", "version": Lease.objects.get().draft_version})
    take_back(as_erin, second)
    assert [each.comparison for each in Ranking.objects.all()] == [pair]


def test_the_next_page_asks_one_thing_only_about_taking_back(as_erin, project, pair):
    second = factories.comparison(factories.prompt(project), TEXTS[2:])
    act(as_erin, pair, data={"choice": "1"})
    take_back(as_erin, pair)
    act(as_erin, pair, "decline")
    with CaptureQueriesContext(connection) as asked:
        as_erin.get(url(second))
    about = [each["sql"] for each in asked if '"latest_id"' in each["sql"].split("FROM", 1)[-1]]
    assert len(about) == 1
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {about[0]}")
        plan = " ".join(row[-1] for row in cursor.fetchall())
    assert "SCAN" not in plan, plan


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
