"""Of which type and how hard prompts are: said by people, proposed by the machine, accepted by people."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from annotation.actions import Refused, sorting
from annotation.models import Chore, Demonstration, Event, Prompt, Revision
from annotation.sorting import difficulty
from annotation.sorting.difficulty import Ranks, estimate
from annotation.sorting.types import Types, buckets, share_right
from tests import factories

LETTERS = [f"Write a letter to tenant number {n} who owes the rent for May." for n in range(12)]
POEMS = [f"A poem in {n} verses of the sea, the moon and a lighthouse." for n in range(12)]

# --- Pure -----------------------------------------------------------------------------------------------------


def typed() -> list[tuple[str, list[int]]]:
    return [
        pair
        for one, two in zip(LETTERS, POEMS, strict=True)
        for pair in (("letter", buckets(one)), ("poem", buckets(two)))
    ]


def test_it_tells_types_by_their_words():
    known = Types.of(typed())
    told = known.tell(buckets("A letter to a tenant about the rent of June"))
    assert (told.task_type, told.certainty > 0.8) == ("letter", True)
    assert known.tell([]) is None
    again = Types.of_json(known.as_json())
    assert again.tell(buckets("the moon above the sea")) == known.tell(buckets("the moon above the sea"))


def test_one_type_or_a_few_prompts_tell_nothing():
    assert Types.of([("letter", buckets(text)) for text in LETTERS]).tell(buckets("rent")) is None
    assert Types.of(typed()[:8]).tell(buckets("rent")) is None


def test_how_often_it_is_right_is_asked_of_prompts_it_has_not_seen():
    right, told = share_right(typed(), 0.8)
    assert told == 24
    assert right == 24
    mixed = [(("letter", "poem")[n % 2], buckets(f"word{n} other{n}")) for n in range(40)]
    right, told = share_right(mixed, 0.8)
    assert right <= told


def test_difficulty_is_a_rank_with_its_reasons():
    ranks = Ranks({"words": range(100), "returns": [0] * 90 + [2] * 10})
    hard = estimate({"words": 95, "returns": 2}, ranks)
    assert (hard.difficulty, hard.reasons) == (difficulty.HARD, ("came back for changes", "long to read"))
    easy = estimate({"words": 3}, ranks)
    assert (easy.difficulty, easy.reasons) == (difficulty.EASY, ("short to read",))
    assert estimate({"words": 50, "returns": 0}, ranks).difficulty == difficulty.USUAL
    assert estimate({"seconds": 9}, ranks) is None, "nothing is known of the others"


@given(st.lists(st.floats(0, 1e6), min_size=10, max_size=500), st.floats(0, 1e6))
def test_ranks_kept_for_later_are_nearly_those_of_all(values, value):
    whole, kept = Ranks({"words": values}), Ranks(Ranks({"words": values}).as_json())
    assert abs(whole.of({"words": value})["words"] - kept.of({"words": value})["words"]) <= 0.02 + 1 / len(values)


# --- A project's ----------------------------------------------------------------------------------------------


@pytest.fixture
def prompts(project, db) -> list[Prompt]:
    known = [factories.prompt(project, instruction=text, input="", task_type="letter") for text in LETTERS]
    known += [factories.prompt(project, instruction=text, input="", task_type="poem") for text in POEMS]
    new = [factories.prompt(project, instruction="Write a letter to the tenant who owes rent for July.", input="")]
    return [*known, *new]


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_worker_proposes_and_a_person_accepts(project, ada, prompts):
    chore = sorting.propose(project=project, by=ada, wait=True)
    assert (chore.status, chore.spec["right"], chore.spec["told"]) == ("done", 24, 24)
    new = Prompt.objects.get(pk=prompts[-1].pk)
    assert (new.task_type, new.proposed_task_type, new.type_certainty > 0.8) == ("", "letter", True)
    assert sorting.accept(project=project, by=ada, task_type="letter") == 1
    new.refresh_from_db()
    assert (new.task_type, new.proposed_task_type) == ("letter", "")
    assert Event.objects.filter(verb="accepted task types").exists()
    with pytest.raises(Refused, match="No prompt is proposed"):
        sorting.accept(project=project, by=ada, task_type="letter")


def test_what_people_said_is_never_changed_by_an_estimate(project, ada, prompts):
    said = prompts[-1]
    sorting.set_kind(project=project, by=ada, only=[said.pk], task_type="memo", difficulty=1, wait=True)
    sorting.propose(project=project, by=ada, wait=True)
    said.refresh_from_db()
    assert (said.task_type, said.difficulty, said.how_hard, said.proposed_task_type) == ("memo", 1, 1, "")
    sorting.set_kind(project=project, by=ada, only=[said.pk], difficulty=0, wait=True)
    said.refresh_from_db()
    assert said.difficulty is None
    assert said.how_hard == said.estimated_difficulty


def test_what_cost_people_much_is_hard(project, ada, erin, rita):
    made = [
        factories.demonstration(factories.prompt(project, input="word " * 20), erin, status="approved")
        for _ in range(19)
    ]
    Demonstration.objects.update(active_seconds=60)
    hard = factories.demonstration(
        factories.prompt(project, input="word " * 400), erin, status="approved", text="long " * 300
    )
    Demonstration.objects.filter(pk=hard.pk).update(active_seconds=3000)
    Revision.objects.create(demonstration=hard, text="", status="returned", created_by=rita)
    sorting.propose(project=project, by=ada, wait=True)
    found = Prompt.objects.get(pk=hard.prompt_id)
    assert found.estimated_difficulty == difficulty.HARD
    assert set(found.difficulty_reasons) == {
        "a long answer",
        "came back for changes",
        "long to read",
        "took long to write",
    }
    assert Prompt.objects.get(pk=made[0].prompt_id).estimated_difficulty != difficulty.HARD


def test_estimating_twice_changes_nothing(project, ada, prompts):
    assert sorting.propose(project=project, by=ada, wait=True).changed > 0
    assert sorting.propose(project=project, by=ada, wait=True).changed == 0


def test_the_page_says_and_accepts(project, ada, prompts):
    client, here = client_of(ada), reverse("prompt_kinds", args=[project.pk])
    refused = client.post(here, {"action": "set"})
    assert "Choose a task type or a difficulty." in refused.content.decode()
    client.post(f"{here}?prompt={prompts[0].pk}", {"action": "set", "difficulty": "3"})
    assert Prompt.objects.get(pk=prompts[0].pk).difficulty == 3
    assert Prompt.objects.filter(difficulty=3).count() == 1
    client.post(f"{here}?task_type=poem", {"action": "set", "task_type": "verse"})
    assert Prompt.objects.filter(task_type="verse").count() == 12
    sorting.propose(project=project, by=ada, wait=True)
    shown = client.get(here).content.decode()
    assert "Proposed type" in shown
    assert "it told" in shown
    assert "accepted" not in client.post(here, {"action": "accept", "task_type": "letter"}).headers
    assert not Prompt.objects.filter(task_type="").exists()
    listed = client.get(reverse("prompts", args=[project.pk]) + "?difficulty=3").content.decode()
    assert "Hard" in listed
    assert "Hard" in client.get(reverse("prompt", args=[project.pk, prompts[0].pk])).content.decode()


def test_the_command_and_the_api_do_the_same(project, ada, prompts):
    out = StringIO()
    about = {"project": str(project.pk), "by": "ada", "stdout": out}
    call_command("sort_prompts", estimate=True, **about)
    call_command("sort_prompts", accept="letter", certainty=0.5, **about)
    call_command("sort_prompts", of_type="poem", difficulty="hard", **about)
    assert "1 changed.\n12 changed." in out.getvalue()
    with pytest.raises(CommandError, match="one of the three"):
        call_command("sort_prompts", **about)
    client = APIClient()
    client.force_authenticate(ada)
    done = client.post(
        reverse("api_prompts_sort", args=[project.pk]),
        {"prompts": [str(prompts[0].pk)], "difficulty": 1},
        format="json",
    )
    assert (done.status_code, done.json()["changed"]) == (200, 1)
    assert client.post(reverse("api_prompts_propose", args=[project.pk])).status_code == 202
    nothing = client.post(reverse("api_prompts_accept", args=[project.pk]), {"task_type": "letter"}, format="json")
    assert nothing.status_code == 409 or nothing.status_code == 400
    assert Chore.objects.filter(kind="sort").exists()


def test_rows_take_the_difficulty_of_their_prompt(project, ada, erin):
    from training.freezing import datasets

    made = factories.demonstration(factories.prompt(project), erin, status="approved")
    Prompt.objects.filter(pk=made.prompt_id).update(estimated_difficulty=3)
    assert next(datasets.demonstration_rows(project)).content["difficulty"] == 3
    Prompt.objects.filter(pk=made.prompt_id).update(difficulty=1)
    assert next(datasets.demonstration_rows(project)).content["difficulty"] == 1
    Demonstration.objects.update(difficulty=2)
    assert next(datasets.demonstration_rows(project)).content["difficulty"] == 2
