"""The report on a ranker, through the screens: who always takes the left one is found within thirty."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotation.actions import admitting, deciding, ranking
from annotation.actions.ranking import rank
from annotation.models import Candidate, Comparison, Event, Ranker, Ranking
from annotation.quality import rankers
from tests import factories
from tests.addresses import shown_at
from tests.annotation.quality_house import comparisons, good, ids, judge, left, right, work


def test_it_finds_who_always_takes_the_left_one_within_thirty(client, project, erin, ada) -> None:
    comparisons(project, 30, rankings_needed=1)
    client.force_login(erin)
    for _ in range(30):
        address = shown_at(client.get(reverse("rank_next", args=[project.pk])))
        client.post(address, {"action": "submit", "version": 0, "guidelines": 1, "choice": "2"})
        if Ranker.objects.get().alarm:
            break
    assert Ranker.objects.get().judged < 30, "A is always better"
    assert Ranker.objects.get().alarm.startswith("Prefers whatever is shown first")
    client.force_login(ada)
    members = client.get(reverse("members", args=[project.pk])).content.decode()
    assert "Prefers whatever is shown first" in members
    assert "person to look into" in client.get(reverse("home")).content.decode()
    page = reverse("ranker", args=[project.pk, erin.pk])
    assert "Prefers whatever is shown first" in client.get(page).content.decode()
    client.post(reverse("ranker_act", args=[project.pk, erin.pk]), {"action": "seen"})
    assert Event.objects.filter(verb="looked into an alarm", actor=ada).exists()
    assert "person to look into" not in client.get(reverse("home")).content.decode()


def test_it_raises_another_alarm_when_it_goes_on_after_somebody_has_looked_into_it(project, erin, ada) -> None:
    comparisons(project, 60, rankings_needed=1)
    work(project, erin, 20, left)
    first = Ranker.objects.get()
    assert first.alarm
    admitting.see_alarm(project=project, user=erin, by=ada)
    work(project, erin, 5, left)
    assert rankers.alarms(project) == [], "what was looked into is no news"
    work(project, erin, 25, left)
    (again,) = rankers.alarms(project)
    assert again.alarm_at > first.alarm_at
    assert "since about judgement" in again.alarm


def test_it_raises_no_alarm_for_who_reads(project, erin) -> None:
    comparisons(project, 60, rankings_needed=1)
    work(project, erin, 60, good)
    assert Ranker.objects.get().alarm == ""
    assert rankers.of_person(project, erin, Ranker.objects.get())["position_pairs"].attention is False


def test_it_measures_repeats_and_known_answers_for_reviewers_only(sign_in, project, erin, rita, ada) -> None:
    for one in comparisons(project, 8):
        pair = ids(one)
        deciding.mark_known(comparison=one, by=ada, order=[[pair["Good"]], [pair["Bad"]]])
    comparisons(project, 40, rankings_needed=1)
    project.gold_percent, project.repeat_percent = 15, 20
    project.save()
    work(project, erin, 50, left)
    found = rankers.of_person(project, erin, Ranker.objects.get())
    again = Comparison.objects.exclude(repeat_of=None).count()
    assert found["self_consistency"].n == again
    assert found["self_consistency"].value == 0, "with the sides swapped the left one is another"
    known = Ranking.objects.filter(comparison__gold__isnull=False).count()
    assert known >= 6, "15 % of some fifty, of the eight there are"
    assert found["gold_accuracy"].n == known
    page = sign_in(rita).get(reverse("ranker", args=[project.pk, erin.pk])).content.decode()
    assert "The same when asked again" in page
    assert "Known answers" in page
    own = sign_in(erin).get(reverse("my_ranking", args=[project.pk])).content.decode()
    assert "Left or right" in own
    assert "The same when asked again" not in own
    assert "with a known answer;" not in own
    assert "Right in" not in own
    assert sign_in(erin).get(reverse("ranker", args=[project.pk, rita.pk])).status_code == 403


def test_it_counts_repeats_like_any_other_in_ones_own_figures(sign_in, project, erin) -> None:
    comparisons(project, 40, rankings_needed=1)
    project.repeat_percent = 30
    project.save()
    done = work(project, erin, 30, good)
    assert any(one.repeat_of_id for one in done)
    Ranking.objects.update(active_seconds=20)
    page = sign_in(erin).get(reverse("my_ranking", args=[project.pk]))
    counted = {each.name: each.n for each in page.context["figures"]}
    names = ("position_pairs", "seconds", "unread", "drift_speed")
    assert {name: counted[name] for name in names} == dict.fromkeys(names, 30)


def test_it_counts_what_others_said_once_however_often_they_were_asked(project, erin, eve) -> None:
    """Eve takes the longer one of three of four; asked again of one of these, she says so again."""
    prompt = factories.prompt(project)
    made = [factories.comparison(prompt, [f"One {n}", f"One two three {n}"]) for n in range(4)]
    again = factories.comparison(
        prompt, ["One 3", "One two three 3"], rankings_needed=0, repeat_of=made[3], repeat_for=eve
    )
    for number, one in enumerate([*made, again]):
        texts = sorted(one.candidates.all(), key=lambda each: len(each.text), reverse=number > 0)
        order = [[str(each.pk)] for each in texts]
        Ranking.objects.create(comparison=one, ranker=eve, order=order, shown=[order[0][0], order[1][0]])
    (mine,) = comparisons(project, 1, rankings_needed=1)
    pair = {each.text: str(each.pk) for each in mine.candidates.all()}
    Candidate.objects.filter(pk=pair["Good answer 0"]).update(text="A much longer good answer")
    rank(comparison=mine, by=erin, order=[[pair["Good answer 0"]], [pair["Bad answer 0"]]])
    found = rankers.of_person(project, erin, Ranker.objects.get(user=erin))["length_bias"]
    assert found.value == pytest.approx(1 - 0.75)


def test_it_finds_circles_among_comparisons_of_the_same_answers(project, erin) -> None:
    prompt = factories.prompt(project)
    for better, worse in (("Rock", "Scissors"), ("Scissors", "Paper"), ("Paper", "Rock")):
        comparison = factories.comparison(prompt, [better, worse])
        pair = {each.text: str(each.pk) for each in comparison.candidates.all()}
        rank(comparison=comparison, by=erin, order=[[pair[better]], [pair[worse]]])
    found = rankers.of_person(project, erin, Ranker.objects.get())["circles"]
    assert (found.value, found.n) == (1.0, 1)


def test_it_is_worked_out_anew_when_a_judgement_is_taken_back_and_given_anew(project, erin) -> None:
    comparisons(project, 1, rankings_needed=1)
    for choose, shares in ((left, 1.0), (right, 0.0)):
        work(project, erin, 1, choose)
        ranker = Ranker.objects.get()
        assert ranker.judged == 1
        assert rankers.of_person(project, erin, ranker)["position_pairs"].value == shares
        ranking.take_back(ranking=Ranking.objects.get(), by=erin, draft={})


def test_it_says_something_of_somebody_who_has_judged_nothing(sign_in, project, rita, eve) -> None:
    html = sign_in(rita).get(reverse("ranker", args=[project.pk, eve.pk])).content.decode()
    assert "Nothing to say yet" in html
    assert "No comparison of two has a winner yet." in html
    assert "nan" not in html.lower().replace("financ", "")


def test_it_is_worked_out_anew_when_an_answer_becomes_known(sign_in, project, erin, rita, ada):
    made = comparisons(project, 12)
    for one in made:
        judge(one, erin, "Good")
    client, address = sign_in(rita), reverse("ranker", args=[project.pk, erin.pk])
    before = client.get(address).content.decode()
    for one in made:
        deciding.mark_known(comparison=one, by=ada, order=[[ids(one)["Good"]], [ids(one)["Bad"]]])
    after = client.get(address).content.decode()
    known = '<th scope="row">Known answers'
    assert (known in before, known in after) == (False, True)
