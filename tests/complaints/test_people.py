"""Who gets what, who sees what, who may do what (complaints 5 to 8 and 11)."""

from __future__ import annotations

from collections import Counter

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import get_resolver, reverse

from annotation.models import Membership, Project
from tests import factories
from tests.complaints.person import Person

pytestmark = pytest.mark.django_db


def experts(project: Project, number: int) -> list[Person]:
    people = [User.objects.create_user(f"expert-{at}") for at in range(number)]
    Membership.objects.bulk_create(Membership(project=project, user=user, role="expert") for user in people)
    return [Person(user) for user in people]


# --- 5: one item, two people ----------------------------------------------------------------------------------


def test_no_two_people_have_the_same_prompt_in_hand(project) -> None:
    """label-studio#795 and pull request 3575, doccano#745, #288: two people write the same, one of them for nothing."""
    for _ in range(8):
        factories.prompt(project)
    handed = [person.next_to("write", project) for person in experts(project, 8)]
    assert len(set(handed)) == 8


def test_each_comparison_goes_to_as_many_people_as_it_needs_and_to_no_more(project) -> None:
    """opik pull request 6792: how many judgements an item needs was only counted in the browser."""
    for _ in range(4):
        factories.comparison(factories.prompt(project), rankings_needed=2)
    people = experts(project, 6)
    judged: Counter[str] = Counter()
    for _round in range(4):
        in_hand = [(person, person.next_to("rank", project)) for person in people]
        for person, item in in_hand:
            if item:
                assert person.send("rank", project.pk, item, action="submit", choice="2").status_code == 302
                judged[item] += 1
    assert set(judged.values()) == {2}
    assert len(judged) == 4


def test_a_queue_that_says_it_is_empty_says_why_and_is_right(project, Erin, Eve) -> None:
    """opik#6421: the queue said that all was done while items waited."""
    first, second = factories.prompt(project), factories.prompt(project)
    assert Erin.next_to("write", project) == str(first.pk)
    assert Eve.next_to("write", project) == str(second.pk)
    Eve.send("write", project.pk, second.pk, action="submit", text="Parties: two")
    assert Eve.next_to("write", project) is None
    assert "1 prompt is in other people's hands right now" in Eve.read("write_next", project.pk)
    Erin.send("write", project.pk, first.pk, action="submit", text="Parties: two")
    assert "every prompt has a response" in Erin.read("write_next", project.pk)


# --- 6: a second person ---------------------------------------------------------------------------------------


def test_a_second_person_has_a_queue_of_their_own(project, Ada, Erin, Eve) -> None:
    """label-studio#6233, #6668, #831, #1052: once somebody has labelled an item, it is out of everybody's queue."""
    call_command("change_project", "--project", str(project.pk), "--answers-per-prompt", "2", "--by", "ada")
    Ada.tell("api_prompts", project.pk, prompts=[{"instruction": "Sum up.", "input": "A note.", "split": "train"}])
    prompt = Ada.get("api_prompts", project.pk).json()["results"][0]["id"]
    for person, text in ((Erin, "Erin's."), (Eve, "Eve's.")):
        assert person.next_to("write", project) == prompt
        person.send("write", project.pk, prompt, action="submit", text=text)
    assert {row["text"] for row in Ada.get("api_demonstrations", project.pk).json()["results"]} == {"Erin's.", "Eve's."}


# --- 7: others' answers ---------------------------------------------------------------------------------------


def test_nobody_sees_what_others_answered_before_they_have(project, Erin, Eve, Rita) -> None:
    """label-studio#5172, doccano#2044: who comes later sees what was said before, and agrees."""
    prompt = factories.prompt(project, answers_needed=2)
    comparison = factories.comparison(prompt, rankings_needed=2)
    Erin.send("write", project.pk, prompt.pk, action="submit", text="Erin thinks the tenant is right.")
    Erin.send("rank", project.pk, comparison.pk, action="submit", choice="1", reason="Erin prefers the shorter one.")
    seen = [
        Eve.read("write", project.pk, prompt.pk),
        Eve.read("precedents", project.pk, prompt.pk),
        Eve.read("rank", project.pk, comparison.pk),
        Eve.get("api_demonstrations", project.pk).content.decode(),
        Eve.get("api_comparison", project.pk, comparison.pk).content.decode(),
        Rita.read("rank", project.pk, comparison.pk),
        Rita.read("prompt", project.pk, prompt.pk).split("Erin thinks")[-1],  # who approves reads the response
    ]
    assert not [page for page in seen if "Erin thinks" in page or "Erin prefers" in page]


# --- 8: for named people --------------------------------------------------------------------------------------


def test_records_are_kept_for_named_people(project, Ada, Erin, Eve) -> None:
    """argilla#3361, #2688, langfuse#8786: giving an item to somebody by name is missing, or costs extra."""
    for_eve, for_all = factories.prompt(project), factories.prompt(project)
    Ada.tell("api_prompts_arrange", project.pk, prompts=[str(for_eve.pk)], assign={"people": ["eve"]})
    assert Erin.next_to("write", project) == str(for_all.pk)
    refused = Erin.send("write", project.pk, for_eve.pk, action="submit", text="Parties: two")
    assert refused.status_code == 409, "nor by its address"
    assert Eve.next_to("write", project) == str(for_eve.pk)


# --- 11: who may do what --------------------------------------------------------------------------------------


def in_a_project() -> list[str]:
    """The names of all addresses that need nothing but the project."""
    return [
        name
        for name, found in get_resolver().reverse_dict.items()
        if isinstance(name, str) and any(parameters == ["pk"] for _, parameters in found[0])
    ]


def test_only_admins_change_a_project_and_strangers_do_not_even_find_it(project, Erin, Rita, Ada, Oscar) -> None:
    """label-studio#742, argilla#1198: everybody who is registered can delete a project; roles cost extra."""
    names = in_a_project()
    assert len(names) > 40
    opened = {who: [name for name in names if who.get(name, project.pk).status_code != 403] for who in (Erin, Rita)}
    for name in ("project_settings", "members", "guidelines_edit", "import_start", "export", "rounds", "datasets"):
        assert name not in opened[Erin] + opened[Rita], name
        assert Ada.get(name, project.pk).status_code == 200, name
        assert Rita.send(name, project.pk).status_code in (403, 405), name
    assert [name for name in names if Oscar.get(name, project.pk).status_code not in (404, 405)] == []


def test_nobody_can_delete_a_project(project, Ada) -> None:
    """label-studio#742, #4379: one click, and a year's work is gone."""
    for name in in_a_project():
        Ada.client.delete(reverse(name, args=[project.pk]))
        Ada.send(name, project.pk, action="delete")
    assert Project.objects.filter(pk=project.pk).exists()
    assert project.memberships.count() == 4


def test_nobody_approves_their_own_work(project, rita, Rita, Ada) -> None:
    """doccano#2013: who approves is who annotated."""
    own = factories.demonstration(factories.prompt(project), rita, status="submitted", version=1)
    assert Rita.next_to("approve", project) is None
    assert Rita.send("approve", project.pk, own.pk, action="approve", response=1).status_code == 409
    address = reverse("api_demonstration_approve", args=[project.pk, own.pk])
    refused = Rita.client.post(address, {"version": 1}, content_type="application/json")
    assert (refused.status_code, "somebody else has to approve it" in refused.content.decode()) == (409, True)
    own.refresh_from_db()
    assert own.status == "submitted"
    assert Ada.next_to("approve", project) == str(own.pk)
