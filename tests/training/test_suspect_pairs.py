"""Pairs that a DPO round could not learn like others: comparisons that reviewers decide again."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from annotation.actions import Refused, deciding, doubting, looking_again
from annotation.models import Comparison, Correction, Doubt, SecondLook
from tests import factories
from tests.annotation.quality_house import comparisons, ids, judge
from tests.evaluation import factories as judged
from training.actions import drop_suspects, send_suspects
from training.freezing.preferences import preference_rows
from training.models import TrainingRound
from training.run_dir import RunDir, write_rows
from training.suspects import found, losses

pytestmark = pytest.mark.django_db
COUNT = 30
DOUBTED, WRITTEN = 3, 7  # the comparison whose pair stands out most, and the one whose better answer does


@pytest.fixture
def made(project, erin) -> list[Comparison]:
    """Thirty comparisons that Erin ranked, and a better answer that she wrote to one of them."""
    all_ = comparisons(project, COUNT, rankings_needed=1)
    for one in all_:
        judge(one, erin)
    answer = factories.demonstration(all_[WRITTEN].prompt, erin, status="approved", text="Written anew.")
    Correction.objects.create(comparison=all_[WRITTEN], demonstration=answer, created_by=erin)
    return [Comparison.objects.get(pk=each.pk) for each in all_]


@pytest.fixture
def round(project, made, settings) -> TrainingRound:
    found_by = judged.adapter(project, "dpo").round
    run_dir = RunDir(found_by.root / "attempt-1")
    run_dir.path.mkdir(parents=True)
    rows = [{"id": row.id, **row.content} for row in preference_rows(project)]
    assert len(rows) == COUNT + 2, "the better answer wins over both candidates"
    write_rows(run_dir.train, rows)
    stands_out = {str(made[DOUBTED].pk): 4.0, str(made[WRITTEN].pk): 3.0}
    places = [*range(len(rows)), *range(len(rows))]
    for step, place in enumerate(places):
        comparison, better, _worse = rows[place]["id"].split(":")
        usual = comparison not in stands_out or (comparison == str(made[WRITTEN].pk) and better in candidates(made))
        loss = -1.0 if usual else stands_out[comparison]
        losses.append(losses.file_of(run_dir.path, 0), step, [(place, loss)])
    found.keep(found_by, run_dir)
    return TrainingRound.objects.select_related("dataset_version", "project").get(pk=found_by.pk)


def candidates(made: list[Comparison]) -> set[str]:
    return {each for one in made for each in ids(one).values()}


def states(round: TrainingRound) -> list[str]:
    return [each.state for each in found.with_states(round, found.rows_of(round))]


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def decide(one: Comparison, by, best: str) -> None:
    known = ids(one)
    order = [[known[best]], [known["Bad" if best == "Good" else "Good"]]]
    deciding.decide(comparison=Comparison.objects.get(pk=one.pk), by=by, order=order, reason="Read again.")


def test_it_lists_each_thing_that_people_can_be_asked_about_once(round, made, ada):
    """Of the two pairs that a better answer wins, the one that stands out more."""
    listed = found.with_states(round, found.rows_of(round))
    assert [(each.comparison.pk, bool(each.response)) for each in listed] == [
        (made[DOUBTED].pk, False),
        (made[WRITTEN].pk, True),
    ]
    assert listed[0].row.times == pytest.approx(148, abs=1)
    page = client_of(ada).get(reverse("round_suspects", args=[round.project_id, round.pk])).content.decode()
    assert page.index("Called better") < page.index(f"Good answer {DOUBTED}") < page.index("Called worse")
    assert "Written anew." in page
    assert "Who looks" not in page
    of_round = client_of(ada).get(reverse("round", args=[round.project_id, round.pk])).content.decode()
    assert "2 preferences could not be learned like others" in of_round


def test_reviewers_decide_again_and_the_next_version_takes_it(round, made, ada, rita, erin):
    here = reverse("round_suspects", args=[round.project_id, round.pk])
    client, reviewer = client_of(ada), client_of(rita)
    assert client.post(here, {"action": "send", "first": 5}).status_code == 302
    assert states(round) == ["asked", "asked"]
    assert Doubt.objects.get().comparison == made[DOUBTED]
    assert SecondLook.objects.get().person == erin

    home = reviewer.get("/").content.decode()
    assert "to decide again" in home
    to_decide = reverse("disagreement", args=[round.project_id, made[DOUBTED].pk])
    assert reviewer.get(reverse("decide_next", args=[round.project_id])).url == to_decide
    listed = reviewer.get(reverse("disagreements", args=[round.project_id]), {"show": "doubted"}).content.decode()
    assert str(made[DOUBTED].pk) in listed
    page = reviewer.get(to_decide).content.decode()
    assert "asked to look at this one again" in page
    assert "round" not in page.lower(), "nothing tells what asked"

    decide(made[DOUBTED], rita, "Bad")
    doubt = Doubt.objects.get()
    assert (doubt.outcome, doubt.settled_by) == ("corrected", rita)
    assert states(round) == ["corrected", "asked"]
    assert found.tally(round) == {"corrected": 1, "asked": 1}
    assert "Decided otherwise by" in client.get(here).content.decode()
    known = ids(made[DOUBTED])
    frozen = {row.id for row in preference_rows(round.project)}
    assert f"{made[DOUBTED].pk}:{known['Bad']}:{known['Good']}" in frozen
    assert f"{made[DOUBTED].pk}:{known['Good']}:{known['Bad']}" not in frozen
    looking_again.keep(look=SecondLook.objects.get(), by=erin)
    assert states(round) == ["corrected", "kept"]
    assert reviewer.get(reverse("decide_next", args=[round.project_id])).url.endswith("disagreements/")


@pytest.mark.parametrize(("best", "outcome"), [("Good", "kept"), ("Bad", "corrected")])
def test_a_known_answer_settles_it_too(round, made, ada, rita, best, outcome):
    send_suspects(round=round, by=ada, first=1)
    known = ids(made[DOUBTED])
    order = [[known[best]], [known["Bad" if best == "Good" else "Good"]]]
    deciding.mark_known(comparison=made[DOUBTED], by=rita, order=order)
    assert states(round)[0] == outcome


def test_what_stands_otherwise_by_now_is_not_asked_about(round, made, ada, rita):
    decide(made[DOUBTED], rita, "Bad")
    assert states(round) == ["changed", "open"]
    known = ids(made[DOUBTED])
    deciding.mark_known(comparison=made[DOUBTED], by=rita, order=[[known["Good"]], [known["Bad"]]])
    assert states(round) == ["known", "open"]
    assert send_suspects(round=round, by=ada, first=5) == 1
    assert not Doubt.objects.exists()
    with pytest.raises(ValidationError, match="left to ask about"):
        send_suspects(round=round, by=ada, first=5)


def test_a_comparison_is_asked_about_once(round, made, ada):
    known = ids(made[DOUBTED])
    pair = doubting.Doubted(made[DOUBTED].pk, known["Good"], known["Bad"])
    assert doubting.ask(project=round.project, pairs=[pair, pair], by=ada, source="another round") == 1
    with pytest.raises(Refused, match="nothing to ask about"):
        doubting.ask(project=round.project, pairs=[pair], by=ada)
    assert states(round) == ["open", "open"]
    assert send_suspects(round=round, by=ada, first=5) == 1, "the response alone"


def test_the_open_ones_can_be_taken_back(round, made, ada, rita):
    send_suspects(round=round, by=ada, first=5)
    assert drop_suspects(round=round, by=ada) == 2
    assert states(round) == ["dropped", "dropped"]
    assert not Doubt.objects.open().exists()
    decide(made[DOUBTED], rita, "Bad")
    assert states(round)[0] == "dropped"


def test_next_goes_from_what_is_in_doubt_to_what_people_differ_on(round, made, ada, rita, erin, eve):
    for at in (1, 2):
        Comparison.objects.filter(pk=made[at].pk).update(rankings_needed=2)
        judge(made[at], eve, "Bad", strength=2)
    known = [ids(one) for one in made]
    pairs = [doubting.Doubted(made[at].pk, known[at]["Good"], known[at]["Bad"]) for at in (9, 10)]
    doubting.ask(project=round.project, pairs=pairs, by=ada)
    client, seen = client_of(rita), []
    here = reverse("decide_next", args=[round.project_id])
    for _ in range(5):
        here = client.get(here).url
        seen.append(here.rstrip("/").rpartition("/")[2])
        here = reverse("disagreements", args=[round.project_id]) + f"?after={seen[-1]}"
    assert set(seen[:2]) == {str(made[9].pk), str(made[10].pk)}
    assert set(seen[2:4]) == {str(made[1].pk), str(made[2].pk)}
    assert seen[4] == seen[0]
    assert "to decide again" not in client_of(erin).get("/").content.decode()


def test_the_command_and_the_api_do_the_same(round, made, ada):
    out = StringIO()
    about = {"project": str(round.project_id), "round": round.number, "by": "ada", "json": True}
    call_command("suspects", send=1, stdout=out, **about)
    said = json.loads(out.getvalue())
    assert said["asked"] == 1
    assert [row["state"] for row in said["suspects"]] == ["asked", "open"]
    client = APIClient()
    client.force_authenticate(ada)
    here = reverse("api_round_suspects", args=[round.project_id, round.pk])
    first, second = client.get(here).json()
    known = ids(made[DOUBTED])
    assert (first["comparison"], first["response"]) == (str(made[DOUBTED].pk), None)
    assert (first["better"], first["worse"], first["person"]) == (known["Good"], known["Bad"], None)
    assert second["response"] == second["better"]
    assert client.delete(here).json() == {"dropped": 1}
    assert client.post(here, {"first": 5}, format="json").json() == {"asked": 1}


def test_what_was_erased_is_no_longer_listed(round, made):
    made[DOUBTED].delete()
    assert states(round) == ["open"]
