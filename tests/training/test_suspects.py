"""Rows that a round found hard to believe: told from its losses, and sent to people who look again."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from annotation.actions import looking_again
from annotation.models import Demonstration, SecondLook
from tests import factories
from tests.evaluation import factories as judged
from training.actions import drop_suspects, send_suspects
from training.models import TrainingRound
from training.run_dir import RunDir, write_rows
from training.suspects import found, losses, standing_out
from training.suspects.losses import Reading

# --- Pure -----------------------------------------------------------------------------------------------------


def readings(passes: int, loss_of, rows: int = 40) -> list[Reading]:
    """Each pass in another order; everything is less likely early on."""
    made = []
    for number in range(passes):
        for place in range(rows):
            row = (place * 7 + number * 3) % rows
            step = number * rows + place
            made.append(Reading(step, row, 3.0 - 2.0 * step / (passes * rows) + loss_of(row)))
    return made


@pytest.mark.parametrize("passes", [1, 3])
def test_what_stays_unlikely_stands_out_however_early_it_was_read(passes):
    wrong = {3, 17, 30}
    seen = readings(passes, lambda row: 1.0 if row in wrong else 0.0)
    first = standing_out.ranked(seen, [""] * 40)
    assert {each.row for each in first[:3]} == wrong
    assert all(each.passes == passes for each in first)
    assert all(each.surplus > 0.5 for each in first[:3])


def test_a_task_that_is_harder_throughout_is_no_suspect():
    kinds = ["poem" if row % 4 == 0 else "letter" for row in range(40)]
    seen = readings(3, lambda row: (1.5 if kinds[row] == "poem" else 0.0) + (1.0 if row == 5 else 0.0))
    assert standing_out.ranked(seen, kinds)[0].row == 5


def test_only_a_tenth_is_listed_and_only_what_stands_out():
    seen = readings(2, lambda row: float(row in (1, 2)))
    listed = standing_out.suspects(seen, [""] * 40)
    assert {1, 2} <= {each.row for each in listed}
    assert len(listed) <= 4
    assert all(each.surplus > 0 for each in listed)
    assert standing_out.suspects([], []) == []


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 20)), max_size=60))
def test_every_row_that_was_read_has_one_place(pairs):
    seen = [Reading(step, row, loss) for step, (row, loss) in enumerate(pairs)]
    ranked = standing_out.ranked(seen, [""] * 6)
    assert sorted(each.row for each in ranked) == sorted({row for row, _loss in pairs})
    assert [each.surplus for each in ranked] == sorted((each.surplus for each in ranked), reverse=True)


def test_a_resumed_round_keeps_what_was_read_before_its_checkpoint(tmp_path):
    path = losses.file_of(tmp_path, 0)
    for step in range(4):
        losses.append(path, step, [(step, 1.0 + step)])
    with path.open("a") as file:
        file.write("[4, [[1, 2.")  # killed here
    assert [each.step for each in losses.readings(tmp_path)] == [0, 1, 2, 3]
    losses.forget_from(path, 2)
    losses.append(path, 2, [(9, 5.0)])
    assert [(each.step, each.row) for each in losses.readings(tmp_path)] == [(0, 0), (1, 1), (2, 9)]


# --- A round's ------------------------------------------------------------------------------------------------


@pytest.fixture
def round(project, erin, rita, db, settings) -> TrainingRound:
    """Of 20 responses by Erin the third stood out."""
    made = judged.adapter(project).round
    responses = [
        factories.demonstration(factories.prompt(project), erin, status="approved", text=f"Response {number}.")
        for number in range(20)
    ]
    run_dir = RunDir(made.root / "attempt-1")
    run_dir.path.mkdir(parents=True)
    write_rows(run_dir.train, [{"id": str(each.pk)} for each in responses])
    for step, row in enumerate([*range(20), *range(20)]):
        losses.append(losses.file_of(run_dir.path, 0), step, [(row, 4.0 if row == 2 else 1.0)])
    Demonstration.objects.update(reviewed_at=made.dataset_version.created_at)
    found.keep(made, run_dir)
    return made


def third(round) -> Demonstration:
    return Demonstration.objects.get(text="Response 2.")


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.django_db
def test_it_lists_what_stood_out(round, ada):
    (row,) = found.rows_of(round)
    assert (row.id, row.passes, row.times) == (str(third(round).pk), 2, 20.0)
    page = client_of(ada).get(reverse("round_suspects", args=[round.project_id, round.pk])).content.decode()
    assert "Response 2." in page
    assert "Not asked about" in page
    assert (
        "1 response stayed unlikely"
        in client_of(ada).get(reverse("round", args=[round.project_id, round.pk])).content.decode()
    )


@pytest.mark.django_db
def test_its_author_is_asked_and_the_list_says_what_came_of_it(round, ada, erin):
    client = client_of(ada)
    here = reverse("round_suspects", args=[round.project_id, round.pk])
    assert client.post(here, {"action": "send", "first": 5}).status_code == 302
    look = SecondLook.objects.get()
    assert (look.person, look.demonstration) == (erin, third(round))
    assert "With " in client.get(here).content.decode()
    again = client.post(here, {"action": "send", "first": 5})
    assert "left to ask about" in again.content.decode()
    looking_again.correct(look=look, by=erin, text="Right.", version=look.demonstration.version)
    assert "Corrected by" in client.get(here).content.decode()
    assert found.tally(round) == {"corrected": 1}


@pytest.mark.django_db
def test_what_was_changed_since_is_not_asked_about(round, ada):
    Demonstration.objects.filter(pk=third(round).pk).update(status="returned")
    assert found.with_states(round, found.rows_of(round))[0].state == "changed"
    with pytest.raises(ValidationError, match="left to ask about"):
        send_suspects(round=round, by=ada, first=3)


@pytest.mark.django_db
def test_the_open_ones_can_be_taken_back(round, ada):
    send_suspects(round=round, by=ada, first=3)
    assert drop_suspects(round=round, by=ada) == 1
    assert found.with_states(round, found.rows_of(round))[0].state == "dropped"


@pytest.mark.django_db
def test_a_round_that_was_not_watched_says_so(project, ada):
    made = judged.adapter(project).round
    page = client_of(ada).get(reverse("round_suspects", args=[project.pk, made.pk])).content.decode()
    assert "Nothing was measured" in page


@pytest.mark.django_db
def test_the_command_and_the_api_do_the_same(round, ada, eve):
    out = StringIO()
    call_command(
        "suspects",
        project=str(round.project_id),
        round=round.number,
        by="ada",
        send=1,
        to=["eve"],
        json=True,
        stdout=out,
    )
    said = json.loads(out.getvalue())
    assert (said["asked"], said["suspects"][0]["state"]) == (1, "asked")
    assert SecondLook.objects.get().person == eve
    client = APIClient()
    client.force_authenticate(ada)
    here = reverse("api_round_suspects", args=[round.project_id, round.pk])
    assert client.get(here).json()[0]["person"] == "eve"
    assert client.delete(here).json() == {"dropped": 1}
    assert client.post(here, {"first": 1}, format="json").status_code == 400, "it was asked about already"


def test_only_sft_rounds_are_watched(tmp_path):
    round = TrainingRound(method="dpo")
    found.keep(round, RunDir(tmp_path))
    assert found.rows_of(round) == []
