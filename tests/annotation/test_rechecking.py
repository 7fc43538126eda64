"""An edited guideline, and the work that was done before it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation import queues
from annotation.actions import Refused, assigning, deciding, rechecking
from annotation.actions.guidelines import write_guidelines
from annotation.actions.ranking import rank
from annotation.models import Comparison, Demonstration, Event, Lease, Ranker, Ranking, Recheck
from annotation.quality.agreed import agreed
from tests import factories
from tests.annotation.quality_house import comparisons, good, ids
from tests.annotation.quality_house import work as rank_in_turn

pytestmark = pytest.mark.django_db


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def work(project, erin, eve, ada):
    """Two responses and a ranking under version 1, one response under version 2, which is current."""
    first = project.current_guidelines()
    old = [
        factories.demonstration(factories.prompt(project, task_type=kind), person, guidelines=first)
        for kind, person in (("letter", erin), ("memo", eve))
    ]
    comparison = factories.comparison(factories.prompt(project))
    better, worse = [str(each.pk) for each in comparison.candidates.all()]
    rank(comparison=comparison, by=erin, order=[[better], [worse]], guidelines=first)
    second = write_guidelines(project=project, text="Write six headings, and the county.", by=ada)
    factories.demonstration(factories.prompt(project), erin, guidelines=second)
    return old


def page(project) -> str:
    return reverse("guidelines_recheck", args=[project.pk])


def test_it_says_how_much_stands_under_earlier_versions(project, work, rita, erin) -> None:
    shown = client_of(rita).get(page(project)).content.decode()
    assert rechecking.affected(project, project.current_guidelines()) == [rechecking.Affected(1, 2, 1)]
    assert "Version 1" in shown
    assert client_of(erin).get(page(project)).status_code == 403


def test_it_offers_imported_work_too_which_has_no_version(project, work, rita, erin) -> None:
    imported = factories.demonstration(factories.prompt(project), erin, guidelines=None)
    assert rechecking.affected(project, project.current_guidelines())[-1] == rechecking.Affected(0, 1, 0)
    assert "No version (imported)" in client_of(rita).get(page(project)).content.decode()
    client_of(rita).post(page(project), {"action": "ask", "versions": ["0"], "kinds": ["responses"]})
    assert [each.demonstration for each in Recheck.objects.all()] == [imported]


def test_it_leads_from_a_new_version_to_the_work_it_may_touch(project, work, ada) -> None:
    edit = reverse("guidelines_edit", args=[project.pk])
    moved = client_of(ada).post(edit, {"text": "Write the county and the court.", "after": 2})
    assert moved.url == page(project)
    assert "version 2" in client_of(ada).get(moved.url).content.decode()


def test_it_asks_the_authors_of_some_of_it(project, work, rita, erin, eve) -> None:
    data = {"action": "ask", "versions": ["1"], "kinds": ["responses"], "task_type": "letter"}
    client_of(rita).post(page(project), data)
    assert [each.demonstration for each in Recheck.objects.all()] == [work[0]]
    assert "to re-check" in client_of(erin).get("/").content.decode()
    assert "to re-check" not in client_of(eve).get("/").content.decode()
    client_of(rita).post(page(project), {"action": "ask", "versions": ["1"], "kinds": ["responses", "rankings"]})
    assert Recheck.objects.open().count() == 3, "each piece is asked about once"
    assert Event.objects.filter(verb="asked for a re-check").count() == 2
    assert client_of(rita).post(page(project), {"action": "ask", "versions": ["7"]}).status_code == 422


def test_it_keeps_what_its_author_confirms_under_the_new_version(project, work, rita, erin, eve) -> None:
    rechecking.ask_again(project=project, by=rita, versions=[1])
    client = client_of(erin)
    first = client.get(reverse("recheck_next", args=[project.pk])).url
    shown = client.get(first).content.decode()
    assert "Still right under version 2" in shown
    assert "<ins>" in shown
    assert client_of(eve).get(first).status_code == 404, "others answer for their own work"
    client.post(first, {"action": "confirm"})
    second = client.get(reverse("recheck_next", args=[project.pk])).url
    client.post(second, {"action": "confirm"})
    assert "Nothing left" in client.get(reverse("recheck_next", args=[project.pk])).content.decode()
    work[0].refresh_from_db()
    assert (work[0].status, work[0].guidelines.version) == ("approved", 2)
    assert Ranking.objects.get().guidelines.version == 2
    with pytest.raises(Refused):
        rechecking.confirm(recheck=Recheck.objects.filter(person=erin).first(), by=erin)


def test_it_gives_a_response_back_to_who_wants_to_change_it(project, work, rita, erin) -> None:
    rechecking.ask_again(project=project, by=rita, versions=[1], rankings=False)
    mine = Recheck.objects.get(person=erin)
    moved = client_of(erin).post(reverse("recheck", args=[project.pk, mine.pk]), {"action": "change"})
    assert moved.url == reverse("write", args=[project.pk, work[0].prompt_id])
    work[0].refresh_from_db()
    assert (work[0].status, work[0].prompt.answers_done) == ("returned", 1), "nobody else is asked for it"
    shown = client_of(erin).get(moved.url).content.decode()
    assert "for version 2 of the guidelines" in shown
    data = {"text": "Now with county.", "version": work[0].version, "guidelines": 2, "action": "submit"}
    assert client_of(erin).post(moved.url, data).status_code == 302
    work[0].refresh_from_db()
    assert (work[0].status, work[0].guidelines.version) == ("submitted", 2)


def test_it_takes_a_ranking_away_to_be_made_anew(project, work, rita, erin) -> None:
    rechecking.ask_again(project=project, by=rita, versions=[1], responses=False)
    mine = Recheck.objects.get()
    moved = client_of(erin).post(reverse("recheck", args=[project.pk, mine.pk]), {"action": "change"})
    comparison = Comparison.objects.get()
    assert moved.url == reverse("rank", args=[project.pk, comparison.pk])
    assert (comparison.rankings_done, Ranking.objects.count()) == (0, 0)
    assert Event.objects.get(verb="took a ranking back to change it for newer guidelines").data["order"]
    client_of(erin).get(moved.url)
    assert Lease.objects.filter(kind="rank", user=erin).exists()


@pytest.mark.parametrize("known", [True, False])
def test_it_gives_an_unannounced_one_back_to_be_judged_again_and_nobody_else(
    project, rita, erin, eve, ada, known
) -> None:
    made = comparisons(project, 30, rankings_needed=1)
    for one in made[:3]:
        deciding.mark_known(comparison=one, by=ada, order=[[each] for each in ids(one).values()])
    project.gold_percent, project.repeat_percent = 20, 30
    project.save()
    mine = next(
        Ranking.objects.get(comparison=one, ranker=erin)
        for one in rank_in_turn(project, erin, 30, good)
        if (hasattr(one, "gold") if known else one.repeat_of_id)
    )
    judged = Ranker.objects.get(user=erin).judged
    current = write_guidelines(project=project, text="Write it shorter.", by=ada)
    found = Recheck.objects.create(project=project, ranking=mine, person=erin, guidelines=current, asked_by=rita)
    moved = client_of(erin).post(reverse("recheck", args=[project.pk, found.pk]), {"action": "change"})
    assert "Submit and next" in client_of(erin).get(moved.url).content.decode()
    again = Comparison.objects.get(pk=mine.comparison_id)
    assert again.rankings_done == again.rankings_needed == 0
    assert Lease.objects.get(user=erin, item_id=again.pk).shown == mine.shown
    assert Ranker.objects.get(user=erin).judged == judged - 1


def test_it_takes_back_what_was_counted_before_its_answer_was_known(project, work, rita, erin, ada) -> None:
    comparison = Comparison.objects.get()
    deciding.mark_known(comparison=comparison, by=ada, order=[[str(each.pk)] for each in comparison.candidates.all()])
    rechecking.ask_again(project=project, by=rita, versions=[1], responses=False)
    rechecking.change(recheck=Recheck.objects.get(), by=erin)
    assert not Comparison.objects.unfinished().exists(), "the usual queue never holds it"


@pytest.fixture
def decided(project, erin, eve, rita) -> Comparison:
    """Two people differed under version 1, Rita decided, then version 2 came and Erin changes hers."""
    first = project.current_guidelines()
    (one,) = comparisons(project, 1)
    pair = ids(one)
    for person, order in ((erin, [[pair["Bad"]], [pair["Good"]]]), (eve, [[pair["Good"]], [pair["Bad"]]])):
        one = Comparison.objects.select_related("prompt__project").get(pk=one.pk)
        rank(comparison=one, by=person, order=order, guidelines=first)
    deciding.decide(comparison=one, by=rita, order=[[pair["Good"]], [pair["Bad"]]], reason="The date.")
    write_guidelines(project=project, text="Write the county.", by=rita)
    rechecking.ask_again(project=project, by=rita, versions=[1], responses=False)
    return one


def _change(client: Client, project, person) -> str:
    mine = Recheck.objects.get(person=person)
    return client.post(reverse("recheck", args=[project.pk, mine.pk]), {"action": "change"}).url


def test_a_decision_stands_while_a_judgement_is_changed_and_asks_nobody_else(project, decided, rita, erin, ada) -> None:
    ours = client_of(ada)
    ours.get(reverse("rank_next", args=[project.pk]))
    Lease.objects.create(
        project=project, kind="rank", item_id=decided.pk, user=ada, expires_at=decided.created_at
    )  # as begun before two others had judged it
    moved = _change(client_of(erin), project, erin)
    decided.refresh_from_db()
    assert (decided.rankings_done, decided.rankings_needed) == (1, 2)
    Lease.objects.filter(user=erin).update(expires_at=timezone.now() - timedelta(days=1))
    assert queues.next_to_rank(project, ada) is None
    page = ours.get(reverse("rank", args=[project.pk, decided.pk])).content.decode()
    assert "Your judgement is not needed here" in page
    (pair,) = agreed(project, Comparison.objects.all(), "majority").pairs[str(decided.pk)]
    assert pair.chosen == ids(decided)["Good"]
    assert "Submit and next" in client_of(erin).get(moved).content.decode(), "however late its author comes"


def test_it_shows_that_a_judgement_changed_after_the_decision_and_lets_one_decide_again(
    project, decided, rita, erin
) -> None:
    reviewer = client_of(rita)
    page = reverse("disagreement", args=[project.pk, decided.pk])
    listed = reverse("disagreements", args=[project.pk])
    assert "judgement has changed" not in reviewer.get(listed).content.decode()
    moved = _change(client_of(erin), project, erin)
    shown = reviewer.get(page).content.decode()
    assert "1 judgement is being given anew. The decision stands" in shown
    assert "Decide again" in shown
    client_of(erin).post(moved, {"action": "submit", "version": 0, "guidelines": 2, "choice": "1"})
    changed = Ranking.objects.get(comparison=decided, ranker=erin)
    assert (changed.guidelines.version, Comparison.objects.get(pk=decided.pk).rankings_done) == (2, 2)
    shown = reviewer.get(page).content.decode()
    assert "1 judgement came in after this decision. The decision stands" in shown
    assert shown.count("after the decision</span>") == 1
    assert "After 1 decision a judgement has changed." in reviewer.get(listed).content.decode()
    assert "A judgement changed since" in reviewer.get(f"{listed}?show=decided").content.decode()
    seen = re.search(r'name="seen" value="([^"]*)"', reviewer.get(page).content.decode())[1]
    reviewer.post(page, {"action": "decide", "choice": "3", "reason": "Both have the county.", "seen": seen})
    assert "came in after this decision" not in reviewer.get(page).content.decode()
    assert "judgement has changed" not in reviewer.get(listed).content.decode()


def test_decisions_tell_by_api_that_a_judgement_changed_since(project, decided, ada, erin) -> None:
    path = f"/api/v1/projects/{project.pk}/decisions/"
    assert [each["changed"] for each in client_of(ada).get(path).json()["results"]] == [False]
    _change(client_of(erin), project, erin)
    assert [each["changed"] for each in client_of(ada).get(path).json()["results"]] == [True]


def test_what_was_decided_needs_no_more_people_when_the_rest_does(project, decided, ada) -> None:
    comparisons(project, 1)
    assigning.arrange(project=project, by=ada, work="rank", people=3)
    assert sorted(Comparison.objects.values_list("rankings_needed", flat=True)) == [2, 3]


def test_it_asks_nothing_about_training(project, work, rita) -> None:
    Ranking.objects.update(in_training=True)
    assert rechecking.affected(project, project.current_guidelines()) == [rechecking.Affected(1, 2, 0)]


def test_it_leaves_earlier_work_as_it_is_where_the_edit_does_not_affect_it(project, work, rita, ada, erin) -> None:
    rechecking.ask_again(project=project, by=rita, versions=[1], rankings=False)
    client_of(rita).post(page(project), {"action": "spare"})
    assert not Recheck.objects.open().exists()
    assert "older than the guidelines" in client_of(rita).get(page(project)).content.decode()
    with pytest.raises(Refused):
        rechecking.ask_again(project=project, by=rita, versions=[1])
    third = write_guidelines(project=project, text="Quite other rules.", by=ada)
    assert [row.version for row in rechecking.affected(project, third)] == [2, 1]


def test_it_lets_nobody_answer_for_another(project, work, rita, eve) -> None:
    rechecking.ask_again(project=project, by=rita, versions=[1])
    mine = Recheck.objects.exclude(person=eve).first()
    for act in (rechecking.confirm, rechecking.change):
        with pytest.raises(Refused, match="somebody else's"):
            act(recheck=mine, by=eve)
    assert Demonstration.objects.filter(guidelines__version=1).count() == 2


def test_it_asks_by_api(project, work, rita, erin) -> None:
    path = f"/api/v1/projects/{project.pk}/rechecks/"
    assert client_of(erin).get(path).status_code == 403
    client = client_of(rita)
    assert client.get(path).json() == [{"version": 1, "responses": 2, "rankings": 1}]
    asked = client.post(path, {"versions": [1], "rankings": False}, content_type="application/json")
    assert (asked.status_code, asked.json()) == (201, {"asked": 2})
    assert client.get(path).json() == [{"version": 1, "responses": 0, "rankings": 1}]
    again = client.post(path, {"versions": [1], "rankings": False}, content_type="application/json")
    assert again.status_code == 409
    assert client.post(path, {"versions": []}, content_type="application/json").status_code == 400
