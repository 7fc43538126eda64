"""Who gets what: assignment to people and roles, priorities, people per item, and estimates of what answers teach."""

from __future__ import annotations

import json
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from annotation import chores, informative, parts, queues, tasks
from annotation.actions import Refused, approving, assigning, ranking, writing
from annotation.actions.members import remove_member
from annotation.models import Assignment, Chore, Demonstration, Event, Lease, Priority, Project, Prompt, Role
from config.counts import counts_of
from tests import factories

WRITE, RANK = Lease.Kind.WRITE, Lease.Kind.RANK


def next_prompt(project: Project, user: User) -> Prompt | None:
    lease = queues.next_to_write(project, user)
    return lease and project.prompts.get(pk=lease.item_id)


def keep(project: Project, by: User, *prompts: Prompt, people=(), roles=(), work="write") -> Chore:
    only = [prompt.pk for prompt in prompts]
    return assigning.arrange(project=project, by=by, work=work, only=only, assign=(people, roles))


# --- The queue ----------------------------------------------------------------------------------------------


def test_it_hands_an_assigned_prompt_to_nobody_else(project, erin, eve, rita, ada) -> None:
    first, second = factories.prompt(project), factories.prompt(project)
    keep(project, ada, first, people=[eve])
    assert next_prompt(project, erin) == second
    assert next_prompt(project, rita) is None
    assert next_prompt(project, eve) == first


def test_it_hands_out_what_is_assigned_first_then_by_priority(project, erin, ada) -> None:
    usual, kept, soon, kept_soon = (factories.prompt(project) for _ in range(4))
    keep(project, ada, kept, people=[erin])
    keep(project, ada, kept_soon, roles=[Role.EXPERT])
    assigning.arrange(project=project, by=ada, work="write", only=[soon.pk, kept_soon.pk], priority=Priority.SOON)
    seen = []
    for _ in range(4):
        lease = queues.next_to_write(project, erin)
        seen.append(lease.item_id)
        queues.release(lease)
    assert seen == [kept_soon.pk, kept.pk, soon.pk, usual.pk]


def test_it_keeps_a_prompt_for_a_role(project, erin, rita, ada) -> None:
    prompt = factories.prompt(project)
    keep(project, ada, prompt, roles=[Role.REVIEWER])
    assert next_prompt(project, erin) is None
    assert next_prompt(project, rita) == prompt


def test_it_keeps_comparisons_too(project, erin, eve, ada) -> None:
    kept, free = (factories.comparison(factories.prompt(project)) for _ in range(2))
    keep(project, ada, kept.prompt, people=[eve], work="rank")
    assert queues.next_to_rank(project, erin).item_id == free.pk
    assert queues.next_to_rank(project, eve).item_id == kept.pk
    assert next_prompt(project, erin) == kept.prompt, "for writing it is everybody's still"


def test_it_refuses_work_on_what_is_kept_for_others(project, erin, eve, ada) -> None:
    prompt = factories.prompt(project)
    keep(project, ada, prompt, people=[eve])
    with pytest.raises(Refused):
        writing.submit(prompt=prompt, by=erin, text="Parties: two", version=0, guidelines=None)


def test_it_lets_somebody_finish_what_they_had_in_hand_when_it_was_assigned_to_others(project, erin, eve, ada) -> None:
    prompt = factories.prompt(project)
    assert next_prompt(project, erin) == prompt
    Lease.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    keep(project, ada, prompt, people=[eve])
    assert writing.submit(prompt=prompt, by=erin, text="Parties: two", version=0, guidelines=None).fresh


def test_it_opens_to_the_others_what_was_kept_for_somebody_who_leaves(project, erin, eve, rita, ada) -> None:
    alone, shared = factories.prompt(project), factories.prompt(project)
    keep(project, ada, alone, people=[erin])
    keep(project, ada, shared, people=[erin, rita])
    remove_member(membership=project.memberships.get(user=erin), by=ada)
    assert next_prompt(project, eve) == alone
    assert next_prompt(project, rita) == shared
    assert list(project.assignments.values_list("people", flat=True)) == [[rita.pk]]


def test_it_says_what_is_assigned_to_others(project, erin, eve, ada) -> None:
    prompt = factories.prompt(project)
    factories.comparison(prompt)
    keep(project, ada, prompt, people=[eve])
    keep(project, ada, prompt, people=[eve], work="rank")
    assert queues.why_nothing(project, WRITE, erin) == ["1 prompt is assigned to others."]
    assert queues.why_nothing(project, RANK, erin) == ["1 comparison is assigned to others."]


def test_it_says_what_one_has_answered_and_others_still_have_to(project, erin) -> None:
    factories.demonstration(factories.prompt(project, answers_needed=2), erin, status="submitted")
    assert queues.why_nothing(project, WRITE, erin) == ["1 prompt you have answered still needs somebody else's."]


def test_it_asks_for_the_same_number_of_rows_however_much_is_kept_for_others(
    project, erin, eve, ada, django_assert_max_num_queries
) -> None:
    prompts = [factories.prompt(project) for _ in range(30)]
    keep(project, ada, *prompts[:29], people=[eve])
    with django_assert_max_num_queries(9):
        assert next_prompt(project, erin) == prompts[29]


# --- Who approves -------------------------------------------------------------------------------------------


@pytest.fixture
def rex(project) -> User:
    """A second reviewer."""
    user = User.objects.create_user("rex", first_name="Rex", last_name="Reader")
    project.memberships.create(user=user, role=Role.REVIEWER)
    return user


def submitted(project: Project, author: User) -> Demonstration:
    return factories.demonstration(factories.prompt(project), author, status="submitted", version=1)


def test_it_hands_responses_to_nobody_but_the_reviewers_who_are_to_approve_them(project, erin, rita, rex, ada) -> None:
    kept, free = (submitted(project, erin) for _ in range(2))
    keep(project, ada, kept.prompt, people=[rex], work="approve")
    assert queues.next_to_approve(project, rita).item_id == free.pk
    assert queues.next_to_approve(project, rex).item_id == kept.pk
    assert next_prompt(project, erin) is None, "who writes and who ranks is another matter"
    assert queues.hold_demonstration(kept, rita) is None
    approving.approve(demonstration=free, by=rita, version=1)
    assert not queues.has_work(project, Lease.Kind.APPROVE, rita)
    assert queues.why_nothing(project, Lease.Kind.APPROVE, rita) == ["1 response is assigned to others."]


def test_it_keeps_approving_for_a_role_and_opens_it_again(project, erin, rita, ada) -> None:
    response = submitted(project, erin)
    keep(project, ada, response.prompt, roles=[Role.ADMIN], work="approve")
    assert queues.next_to_approve(project, rita) is None
    assert queues.next_to_approve(project, ada).item_id == response.pk
    Lease.objects.all().delete()
    keep(project, ada, response.prompt, work="approve")
    assert queues.next_to_approve(project, rita).item_id == response.pk


def test_it_refuses_and_explains_the_approval_that_is_for_others(project, erin, rita, rex, ada, sign_in) -> None:
    response = submitted(project, erin)
    keep(project, ada, response.prompt, people=[rex], work="approve")
    response = Demonstration.objects.select_related("prompt__project").get()
    with pytest.raises(Refused, match="for other reviewers"):
        approving.approve(demonstration=response, by=rita, version=1)
    path = f"/projects/{project.pk}/approve/{response.pk}/"
    assert "for other reviewers to approve" in sign_in(rita).get(path).content.decode()
    assert "Approve</button>" not in sign_in(rita).get(path).content.decode()
    assert approving.approve(demonstration=response, by=rex, version=1).status == "approved"


def test_it_lets_a_reviewer_finish_what_they_had_in_hand(project, erin, rita, rex, ada) -> None:
    response = submitted(project, erin)
    assert queues.next_to_approve(project, rita).item_id == response.pk
    Lease.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    keep(project, ada, response.prompt, people=[rex], work="approve")
    response = Demonstration.objects.select_related("prompt__project").get()
    assert queues.hold_demonstration(response, rita)
    assert approving.approve(demonstration=response, by=rita, version=1).status == "approved"


def test_it_opens_approving_to_the_others_when_a_reviewer_leaves(project, erin, rita, rex, ada) -> None:
    response = submitted(project, erin)
    keep(project, ada, response.prompt, people=[rex], work="approve")
    remove_member(membership=project.memberships.get(user=rex), by=ada)
    project.refresh_from_db()
    assert queues.next_to_approve(project, rita).item_id == response.pk


def test_it_takes_only_people_who_may_approve_and_nothing_else_for_approving(project, erin, rita, ada, sign_in) -> None:
    prompt = factories.prompt(project)
    for wrong in ({"people": [erin]}, {"roles": [Role.EXPERT, Role.REVIEWER]}):
        with pytest.raises(Refused, match="Only reviewers and admins"):
            keep(project, ada, prompt, work="approve", **wrong)
    with pytest.raises(Refused, match="One reviewer approves"):
        assigning.arrange(project=project, by=ada, work="approve", priority=1)
    data = {"action": "arrange", "work": "approve", "assign": "named", "people": [rita.pk], "needed": 2}
    client = sign_in(ada)
    assert "One reviewer approves a response" in page(client, project, data)[1]
    status, text = page(client, project, {**data, "needed": ""})
    assert (status, "1 change made." in text) == (200, True)
    shown = unescape(client.get(f"/projects/{project.pk}/prompts/{prompt.pk}/").content.decode())
    assert "approved by Rita Reviewer" in shown
    call_command("arrange_prompts", project=str(project.pk), by="ada", work="approve", everybody=True)
    assert Prompt.objects.get().approval_assignment is None


def test_the_start_page_counts_no_approval_that_is_for_others(project, erin, rita, rex, ada, sign_in) -> None:
    kept, _free = (submitted(project, erin) for _ in range(2))
    keep(project, ada, kept.prompt, people=[rex], work="approve")
    for user, number in ((rita, 1), (rex, 2)):
        counts = counts_of([project.pk], user)[project.pk]
        assert counts["submitted"] - counts["my_kept_from_approving"] == number


# --- How many people ----------------------------------------------------------------------------------------


def test_it_asks_as_many_people_as_a_prompt_needs(project, erin, eve, rita, ada) -> None:
    prompt = factories.prompt(project)
    assigning.arrange(project=project, by=ada, work="write", only=[prompt.pk], people=2)
    assert next_prompt(project, erin) == prompt
    assert next_prompt(project, eve) == prompt
    assert next_prompt(project, rita) is None


def test_it_never_asks_for_fewer_rankings_than_there_are(project, erin, eve, ada) -> None:
    comparison = factories.comparison(factories.prompt(project), rankings_needed=3)
    order = [[str(pk)] for pk in comparison.candidates.values_list("pk", flat=True)]
    for person in (erin, eve):
        queues.next_to_rank(project, person)
        ranking.rank(comparison=comparison, by=person, order=order)
    assigning.arrange(project=project, by=ada, work="rank", people=1)
    comparison.refresh_from_db()
    assert (comparison.rankings_needed, comparison.rankings_done) == (2, 2)


def test_it_applies_the_projects_number_to_what_is_open_only(project, erin, ada, sign_in) -> None:
    done, open_, held = (
        factories.prompt(project),
        factories.prompt(project),
        factories.prompt(project, split="evaluation"),
    )
    factories.demonstration(done, erin, status="submitted")
    Project.objects.update(answers_per_prompt=3)
    response = sign_in(ada).post(
        f"/projects/{project.pk}/prompts/who-gets-what/", {"action": "apply_answers"}, follow=True
    )
    assert "1 change made." in response.content.decode()
    numbers = {prompt.pk: prompt.answers_needed for prompt in project.prompts.all()}
    assert numbers == {done.pk: 1, open_.pk: 3, held.pk: 0}


# --- The page, the API and the commands -----------------------------------------------------------------------


def page(client: Client, project: Project, data: dict[str, object] | None = None, query: str = "") -> tuple[int, str]:
    path = f"/projects/{project.pk}/prompts/who-gets-what/{query}"
    response = client.post(path, data, follow=True) if data is not None else client.get(path)
    return response.status_code, unescape(response.content.decode())


def test_it_arranges_what_the_filter_shows(project, erin, ada, sign_in) -> None:
    wills, other = factories.prompt(project, task_type="wills"), factories.prompt(project)
    client = sign_in(ada)
    assert "For the 1 prompt that fits the filter." in page(client, project, query="?task_type=wills")[1]
    data = {
        "action": "arrange",
        "work": "write",
        "assign": "named",
        "people": [erin.pk],
        "roles": ["reviewer"],
        "priority": "2",
    }
    status, text = page(client, project, data, "?task_type=wills")
    assert (status, "2 changes made." in text) == (200, True)
    wills.refresh_from_db()
    other.refresh_from_db()
    assert (wills.assignment.people, wills.assignment.roles, wills.priority) == ([erin.pk], ["reviewer"], 2)
    assert (other.assignment, other.priority) == (None, 0)
    shown = unescape(client.get(f"/projects/{project.pk}/prompts/{wills.pk}/").content.decode())
    assert "First, only to Erin Expert, every reviewer" in shown
    listed = client.get(f"/projects/{project.pk}/prompts/?assigned=yes").content.decode()
    assert (str(wills.pk) in listed, str(other.pk) in listed) == (True, False)
    assert Event.objects.filter(verb="arranged prompts", actor=ada).count() == 1


def test_it_arranges_one_prompt(project, ada, sign_in) -> None:
    one, other = factories.prompt(project), factories.prompt(project)
    page(sign_in(ada), project, {"action": "arrange", "work": "write", "needed": 3}, f"?prompt={one.pk}")
    assert [project.prompts.get(pk=each.pk).answers_needed for each in (one, other)] == [3, 1]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({}, "Choose what to change."),
        ({"assign": "named"}, "Choose at least one person or role"),
        ({"needed": "0"}, "greater than or equal to 1"),
        ({"needed": "99"}, "less than or equal to 9"),
        ({"assign": "named", "people": ["999999"]}, "not one of the available choices"),
        ({"people": ["{erin}"]}, "Choose “Only these people and roles”"),
    ],
)
def test_it_says_what_is_wrong_beside_the_field(project, erin, ada, sign_in, data, complaint) -> None:
    factories.prompt(project)
    data = {name: [erin.pk] if value == ["{erin}"] else value for name, value in data.items()}
    status, text = page(sign_in(ada), project, {"action": "arrange", "work": "write", **data})
    assert (status, complaint in text) == (422, True)
    assert not Chore.objects.exists()


def test_it_arranges_through_the_api(project, erin, ada, sign_in) -> None:
    prompt = factories.prompt(project)
    client = sign_in(ada)
    data = {"assign": {"people": ["erin"]}, "priority": 1, "needed": 2}
    path = f"/api/v1/projects/{project.pk}/prompts/"
    answer = client.post(f"{path}arrange/", json.dumps(data), content_type="application/json")
    assert (answer.status_code, answer.json()["status"]) == (200, "done")
    told = client.get(f"{path}{prompt.pk}/").json()
    assert (told["priority"], told["answers_needed"], told["answers_done"]) == (1, 2, 0)
    assert client.get(f"/api/v1/projects/{project.pk}/chores/{answer.json()['id']}/").json()["changed"] == 3
    for wrong in ({}, {"assign": {"people": ["nobody"]}}, {"assign": {"people": ["oscar"]}}, {"priority": 9}):
        refused = client.post(f"{path}arrange/", json.dumps(wrong), content_type="application/json")
        assert refused.status_code in (400, 409), wrong


def test_it_makes_comparisons_for_as_many_people_as_one_says(project, ada, sign_in) -> None:
    prompt = factories.prompt(project)
    data = {
        "prompt": str(prompt.pk),
        "candidates": [{"text": "One"}, {"text": "Two"}],
        "rankings_needed": 3,
        "priority": 1,
    }
    path = f"/api/v1/projects/{project.pk}/comparisons/"
    made = sign_in(ada).post(path, json.dumps(data), content_type="application/json").json()
    assert (made["rankings_needed"], made["priority"]) == (3, 1)


def test_it_arranges_by_a_command(project, erin, ada, capsys) -> None:
    factories.prompt(project)
    who = {"project": str(project.pk), "by": "ada"}
    call_command("arrange_prompts", **who, person=["erin"], priority="later", needed=2, json=True)
    assert json.loads(capsys.readouterr().out) == {"changed": 3}
    prompt = project.prompts.get()
    assert (prompt.assignment.people, prompt.priority, prompt.answers_needed) == ([erin.pk], -1, 2)
    call_command("arrange_prompts", **who, everybody=True)
    assert project.prompts.get().assignment is None
    for wrong in (
        {},
        {"needed": 10},
        {"person": ["nobody"]},
        {"person": ["oscar"]},
        {"everybody": True, "role": ["expert"]},
    ):
        with pytest.raises(CommandError):
            call_command("arrange_prompts", **who, **wrong)


# --- Many, by the worker --------------------------------------------------------------------------------------


def test_it_leaves_many_to_the_worker_which_goes_on_where_another_ended(project, ada, monkeypatch) -> None:
    prompts = [factories.prompt(project) for _ in range(7)]
    monkeypatch.setattr(assigning, "AT_ONCE", 3)
    monkeypatch.setattr(chores, "PART", 2)
    chore = assigning.arrange(project=project, by=ada, work="write", priority=Priority.FIRST)
    assert (chore.status, project.prompts.filter(priority=2).count()) == ("queued", 0)
    assert chore.claim()
    assert chores._part(chore, chores.WORK["arrange"])
    assert project.prompts.filter(priority=2).count() == 2
    assert not Chore.objects.get().claim(), "somebody is at it"
    Chore.objects.update(lease_expires_at=chore.created_at)  # that process has ended
    late, other = Chore.objects.get(), chore
    assert chores.run(late).status == "done"
    assert (late.changed, late.after) == (7, prompts[-1].position)
    with pytest.raises(parts.TakenOver), other.part():
        other.after = 2
    assert Chore.objects.get().after == late.after, "an attempt that was taken over changes nothing"


def test_it_says_that_a_chore_failed(project, ada, monkeypatch) -> None:
    factories.prompt(project)
    chore = Chore.objects.create(project=project, kind="arrange", spec={"work": "write", "change": {"priority": "x"}})
    assert chores.run(chore).status == "failed"
    assert Chore.objects.get().problem


# --- Most informative first -----------------------------------------------------------------------------------


def test_it_finds_wording_new_that_no_answered_prompt_has() -> None:
    mass = [0] * informative.BUCKETS
    for one in informative.buckets("the lease of a flat"):
        mass[one] += 1
    same = informative.novelty(informative.buckets("the lease of a flat"), mass)
    half = informative.novelty(informative.buckets("the lease of a will"), mass)
    new = informative.novelty(informative.buckets("probate dispute between siblings"), mass)
    assert same < half < new == 1.0
    assert informative.novelty(informative.buckets("…"), mass) == 0.0


def test_it_measures_how_much_candidates_differ() -> None:
    assert informative.disagreement(["one answer"]) is None
    assert informative.disagreement(["the same", "The  same"]) == 0
    assert informative.disagreement(["quite different", "nothing shared"]) == 1
    assert informative.value([1.0, None, 0.0]) == 0.5
    assert informative.value([None]) == 0.0


def test_it_hands_out_what_would_teach_most_when_the_project_says_so(project, erin, eve, ada) -> None:
    answered = factories.prompt(project, input="The landlord kept the deposit of the flat.")
    factories.demonstration(answered, eve)
    like_it = factories.prompt(project, input="The landlord kept the deposit of a house.")
    new = factories.prompt(project, input="Two siblings dispute a codicil before probate.")
    assert next_prompt(project, erin) == like_it, "off by default"
    Lease.objects.all().delete()
    Project.objects.filter(pk=project.pk).update(informative_first=True)
    project.refresh_from_db()
    assert assigning.estimate(project=project, by=ada, wait=True).status == "done"
    assert next_prompt(project, erin) == new
    again = assigning.estimate(project=project, by=ada, wait=True)
    assert again.changed == 0, "the same again changes nothing"


def test_it_takes_what_was_said_before_for_wording_too(project, eve, ada) -> None:
    def asked(said: str) -> Prompt:
        turns = [{"role": "user", "content": said}, {"role": "assistant", "content": "Noted."}]
        return factories.prompt(project, input="Go on.", history=turns)

    factories.demonstration(asked("The landlord kept the deposit of the flat."), eve)
    like_it = asked("The landlord kept the deposit of a house.")
    new = asked("Two siblings dispute a codicil before probate.")
    assigning.estimate(project=project, by=ada, wait=True)
    values = dict(project.prompts.values_list("pk", "expected_value"))
    assert values[new.pk] > values[like_it.pk]


def test_it_takes_in_what_the_apps_above_know_of_doubt(project, ada, monkeypatch) -> None:
    sure, unsure = factories.prompt(project), factories.prompt(project)
    monkeypatch.setattr(informative, "doubts", [lambda project, prompts: {sure.pk: 0.0, unsure.pk: 1.0}])
    assigning.estimate(project=project, by=ada, wait=True)
    values = dict(project.prompts.values_list("pk", "expected_value"))
    assert values[unsure.pk] > values[sure.pk]


def test_it_estimates_again_when_something_was_answered_since(project, erin, ada) -> None:
    assert tasks.estimate_is_due(project)
    factories.prompt(project)
    chore = assigning.estimate(project=project, by=ada, wait=True)
    assert not tasks.estimate_is_due(project)
    Chore.objects.update(finished_at=chore.created_at - 2 * tasks.ESTIMATE_AGAIN)
    assert not tasks.estimate_is_due(project)
    factories.demonstration(factories.prompt(project), erin)
    assert tasks.estimate_is_due(project)


def test_it_tells_admins_in_a_line_why_prompts_come_as_they_do(project, ada, rita, sign_in) -> None:
    factories.prompt(project)
    Project.objects.update(informative_first=True)
    path = f"/projects/{project.pk}/prompts/"
    assert informative.IN_ONE_LINE in unescape(sign_in(ada).get(path).content.decode())
    assert informative.IN_ONE_LINE not in unescape(sign_in(rita).get(path).content.decode())


def test_it_estimates_by_a_command(project, ada, capsys) -> None:
    factories.prompt(project)
    call_command("estimate_prompts", project=str(project.pk), by="ada", json=True)
    assert json.loads(capsys.readouterr().out) == {"changed": 1}
    assert Assignment.objects.count() == Demonstration.objects.count() == 0
