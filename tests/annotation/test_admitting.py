"""The training before one ranks: every answer explained, a pass mark, and what admins decide."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from annotation import queues
from annotation.actions import Refused, admitting, deciding
from annotation.models import Comparison, Event, Project, Ranker, Ranking
from tests.addresses import shown_at
from tests.annotation.quality_house import bad, comparisons, good, ids, judge, work


@pytest.fixture
def training(project, ada) -> list[Comparison]:
    made = comparisons(project, 4)
    for number, one in enumerate(made):
        pair = ids(one)
        deciding.mark_known(
            comparison=one,
            by=ada,
            order=[[pair["Good"]], [pair["Bad"]]],
            explanation=f"Because of fact {number}.",
            for_training=True,
        )
    comparisons(project, 6, rankings_needed=1)
    return made


def next_page(project: Project) -> str:
    return reverse("rank_next", args=[project.pk])


def answer(client: Client, project: Project, which: str) -> str:
    """Judge the next one in training; the address that follows."""
    address = shown_at(client.get(next_page(project) + "?begin=1"))
    one = Comparison.objects.get(pk=address.rstrip("/").rsplit("/", 1)[1])
    client.get(address)
    user = Ranker.objects.get(user__username="erin").user
    shown = queues.order_for(one, user)
    choice = "2" if shown[0] == ids(one)[which] else "4"
    return client.post(address, {"action": "submit", "version": 0, "guidelines": 1, "choice": choice}).url


def test_it_comes_first_explains_each_answer_and_lets_one_begin_who_passes(sign_in, project, erin, training) -> None:
    client = sign_in(erin)
    start = client.get(next_page(project))
    assert start.url == reverse("rank_training", args=[project.pk])
    assert "4 of 4 as expected" in client.get(start.url).content.decode()
    for number in range(4):
        explained = client.get(answer(client, project, "Good")).content.decode()
        assert f"Because of fact {number}." in explained
        assert "As expected" in explained
    end = client.get(start.url).content.decode()
    assert "You are ready to rank" in end
    assert "You judged 4 of 4 as expected" in end
    assert Ranker.objects.get().admitted_at
    lent = shown_at(client.get(next_page(project)))
    assert not any(str(one.pk) in lent for one in training)
    assert not Comparison.objects.filter(pk__in=[one.pk for one in training]).exclude(rankings_done=0).exists()


def test_it_shows_the_known_answer_beside_what_one_said(sign_in, project, erin, training) -> None:
    client = sign_in(erin)
    client.get(next_page(project))
    explained = client.get(answer(client, project, "Bad")).content.decode()
    assert "Not as expected" in explained
    assert "You said" in explained
    assert "The known answer" in explained
    other = client.get(reverse("rank_explained", args=[project.pk, training[3].pk]))
    assert other.status_code == 404, "not before one has said something"


def test_it_leaves_out_what_is_a_usual_comparison_again(sign_in, project, erin, ada, training) -> None:
    client = sign_in(erin)
    for _ in range(2):
        client.get(next_page(project))
        answer(client, project, "Good")
    deciding.unmark_known(comparison=training[0], by=ada)
    page = client.get(reverse("rank_training", args=[project.pk]))
    assert page.status_code == 200
    assert [each.comparison for each in page.context["done"]] == [training[1]]
    assert client.get(reverse("rank_explained", args=[project.pk, training[0].pk])).status_code == 404


def test_who_trained_with_it_ranks_it_like_any_other_once_it_is_a_usual_one_again(
    sign_in, project, erin, ada, training
) -> None:
    client = sign_in(erin)
    for _ in range(4):
        client.get(next_page(project))
        answer(client, project, "Good")
    assert Ranking.objects.filter(in_training=True).count() == 4
    deciding.unmark_known(comparison=training[0], by=ada)
    page = reverse("rank", args=[project.pk, training[0].pk])
    assert "Submit and next" in client.get(page).content.decode()
    client.post(page, {"action": "submit", "version": 0, "guidelines": 1, "choice": "1"})
    given = Ranking.objects.get(comparison=training[0])
    assert (given.ranker, given.in_training) == (erin, False)
    training[0].refresh_from_db()
    assert training[0].rankings_done == 1, "what was said in training is not counted"
    assert Event.objects.filter(verb="ranked candidates", data__comparison=str(training[0].pk)).count() == 2
    assert Ranking.objects.filter(in_training=True).count() == 3


def test_it_takes_one_through_again_and_then_leaves_it_to_an_admin(sign_in, project, erin, ada, training) -> None:
    client = sign_in(erin)
    page = reverse("rank_training", args=[project.pk])
    for tries in range(1, 4):
        for number in range(4):
            client.get(next_page(project))
            answer(client, project, "Bad" if number < 1 else "Good")
        said = client.get(page).content.decode()
        assert "You judged 3 of 4 as expected; 4 are needed." in said
        assert client.get(next_page(project)).url == page
        assert Ranker.objects.get().tries == tries
        client.post(page)
    assert "Ask an admin" in client.get(page).content.decode()
    assert Ranker.objects.get().admitted_at is None
    with pytest.raises(Refused):
        admitting.go_again(project=project, by=erin)
    admitting.let_rank(project=project, user=erin, by=ada)
    assert "Ada Admin has let you begin" in client.get(page).content.decode()
    assert work(project, erin, 2, good)
    assert Event.objects.filter(verb="did not pass the training").count() == 3


def test_the_history_keeps_what_was_said_in_a_training_that_began_again(project, erin, ada, training) -> None:
    done = work(project, erin, 4, bad)
    admitting.go_again(project=project, by=erin)
    assert not Ranking.objects.exists()
    events = {event.data["comparison"]: event.data for event in Event.objects.filter(verb="ranked candidates")}
    for one in done:
        pair = ids(one)
        said = {"order": [[pair["Bad"]], [pair["Good"]]], "strength": 1, "all_bad": False}
        assert events[str(one.pk)] == {"comparison": str(one.pk), **said}


def test_it_locks_nobody_out_who_is_at_work_until_an_admin_asks_them(project, erin, eve, ada) -> None:
    usual = comparisons(project, 8)
    judge(usual[0], erin)
    queues.next_to_rank(project, eve)  # in hand, nothing judged yet
    (one,) = comparisons(project, 1)
    pair = ids(one)
    with pytest.raises(Refused, match="nothing for Erin"):
        admitting.ask_to_train(project=project, user=erin, by=ada)
    deciding.mark_known(
        comparison=one, by=ada, order=[[pair["Good"]], [pair["Bad"]]], explanation="So.", for_training=True
    )
    for user in (erin, eve):
        assert queues.next_to_rank(project, user).item_id != one.pk
    admitting.ask_to_train(project=project, user=erin, by=ada)
    assert queues.next_to_rank(project, erin).item_id == one.pk
    assert [each.pk for each in work(project, erin, 1, good)] == [one.pk]
    assert Ranker.objects.get(user=erin).admitted_at


@pytest.mark.parametrize("kind", ["usual", "known", "again"])
def test_it_is_not_over_with_what_one_had_in_hand_when_asked_to_train(sign_in, project, erin, ada, training, kind):
    admitting.let_rank(project=project, user=erin, by=ada)
    (known,) = comparisons(project, 1)
    if kind == "known":
        pair = ids(known)
        deciding.mark_known(comparison=known, by=ada, order=[[pair["Good"]], [pair["Bad"]]])
        project.gold_percent = 100
    if kind == "again":
        comparisons(project, 10, rankings_needed=1)
        project.repeat_percent = 100
    project.save()
    client = sign_in(erin)
    for _ in range(20):
        address = shown_at(client.get(next_page(project)))
        one = Comparison.objects.get(pk=address.rstrip("/").rsplit("/", 1)[1])
        if kind == ("known" if hasattr(one, "gold") else "again" if one.repeat_of_id else "usual"):
            break
        client.post(address, {"action": "submit", "version": 0, "guidelines": 1, "choice": "2"})
    admitting.ask_to_train(project=project, user=erin, by=ada)
    after = client.post(address, {"action": "submit", "version": 0, "guidelines": 1, "choice": "2"})
    assert after.url == next_page(project), "nothing of it is explained"
    assert Ranking.objects.get(comparison=one).in_training is False
    assert Ranker.objects.get(user=erin).admitted_at is None
    assert client.get(next_page(project)).url == reverse("rank_training", args=[project.pk])


def test_it_keeps_usual_ones_from_who_is_still_in_training(sign_in, project, erin, training) -> None:
    usual = Comparison.objects.exclude(pk__in=[one.pk for one in training]).first()
    html = sign_in(erin).get(reverse("rank", args=[project.pk, usual.pk])).content.decode()
    assert "Your judgement is not needed here" in html
    assert queues.hold_comparison(Comparison.objects.select_related("prompt__project").get(pk=usual.pk), erin) is None


def test_it_counts_what_one_could_not_judge_as_not_expected(sign_in, project, erin, training) -> None:
    client = sign_in(erin)
    for _ in range(4):
        address = shown_at(client.get(next_page(project) + "?begin=1"))
        client.post(address, {"action": "decline"})
    ranker = Ranker.objects.get()
    assert (ranker.tries, ranker.score, ranker.admitted_at) == (1, 0.0, None)


def test_its_judgements_are_nobodys_work(project, erin, eve, training) -> None:
    work(project, erin, 4, good)
    work(project, eve, 4, bad)
    assert Ranking.objects.filter(in_training=True).count() == 8
    assert Ranker.objects.get(user=erin).judged == 0
    work(project, erin, 2, good)
    assert Ranker.objects.get(user=erin).judged == 2


def test_who_marked_everything_is_not_trained_by_it(project, ada, training) -> None:
    lease = queues.next_to_rank(project, ada)
    assert lease.item_id not in {one.pk for one in training}
