"""Who scores: outputs kept for some people and roles, what others are told, and that it stays blind."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from annotation.actions import Refused, members
from annotation.models import Event, Lease, Membership
from config import counts
from evaluation import scoring
from evaluation.actions import choose_reviewers, open_results, score
from evaluation.models import Evaluation, EvaluationSet, Output, Review
from tests.evaluation import factories

SCORES = {"accuracy": 4, "completeness": 3, "conciseness": 5, "adherence": 4, "utility": 7}


def choose(evaluation: Evaluation, by: Any, *people: Any, roles: tuple[str, ...] = ()) -> None:
    choose_reviewers(evaluation=evaluation, by=by, people=people, roles=roles)


def gets(project: Any, user: Any) -> bool:
    return scoring.next_to_score(project, user) is not None


def test_only_those_named_get_outputs(project, open_evaluation, ada, rita, erin, eve):
    choose(open_evaluation, ada, eve)
    assert [gets(project, who) for who in (ada, rita, erin, eve)] == [False, False, False, True]
    choose(open_evaluation, ada, eve, roles=("reviewer",))
    assert [gets(project, who) for who in (ada, rita, erin, eve)] == [False, True, False, True]
    choose(open_evaluation, ada)
    assert all(gets(project, who) for who in (ada, rita, erin, eve))
    chosen = Event.objects.filter(verb="chose who scores").order_by("pk")
    assert [each.data for each in chosen] == [
        {"people": [eve.pk], "roles": []},
        {"people": [eve.pk], "roles": ["reviewer"]},
        {},
    ]


def test_others_are_told_that_they_are_assigned_to_others(project, open_evaluation, ada, erin, eve, as_user):
    choose(open_evaluation, ada, eve)
    answer = as_user(erin).get(reverse("score_next", args=[project.pk]))
    waiting = Output.objects.filter(for_review=True).count()
    assert f"Nothing is left for you, because {waiting} outputs are assigned to others." in answer.content.decode()
    assert scoring.left_for(project, erin) == 0


def test_the_counts_of_my_work_follow(project, open_evaluation, ada, erin, eve):
    choose(open_evaluation, ada, eve)
    found = [dict(next(iter(counts._outputs([project.pk], who)))) for who in (erin, eve)]
    assert found[0]["my_to_score"] == 0
    assert found[1]["my_to_score"] == found[1]["to_score"] > 0


def test_nobody_else_scores_by_an_address_they_know(project, open_evaluation, ada, erin, eve):
    choose(open_evaluation, ada, eve)
    output = Output.objects.filter(for_review=True).select_related("contestant__evaluation__project").first()
    with pytest.raises(Refused):
        score(output=output, scores=SCORES, by=erin)
    assert not Review.objects.exists()


def test_what_somebody_has_in_hand_they_finish(project, open_evaluation, ada, erin, eve):
    lease = scoring.next_to_score(project, erin)
    choose(open_evaluation, ada, eve)
    Lease.objects.update(expires_at=timezone.now() + timedelta(seconds=20))  # not lent just now, and not run out
    output = Output.objects.select_related("contestant__evaluation__project").get(pk=lease.item_id)
    assert score(output=output, scores=SCORES, by=erin).fresh
    assert not gets(project, erin)


def test_it_refuses_a_choice_that_cannot_finish(project, open_evaluation, ada, rita, erin, eve, oscar):
    Evaluation.objects.update(reviews_per_output=2)
    open_evaluation.refresh_from_db()
    with pytest.raises(Refused, match="Of those chosen 1 can score"):
        choose(open_evaluation, ada, erin)
    with pytest.raises(Refused, match="not a member"):
        choose(open_evaluation, ada, oscar, erin)
    open_results(evaluation=open_evaluation, by=rita)
    with pytest.raises(Refused, match="Of those chosen 1 can score"):
        choose(open_evaluation, ada, erin, rita)
    choose(open_evaluation, ada, erin, eve)
    for output in Output.objects.filter(for_review=True).select_related("contestant__evaluation__project"):
        score(output=output, scores=SCORES, by=erin)
    with pytest.raises(Refused, match="Of those chosen 1 can score"):
        choose(open_evaluation, ada, erin)
    choose(open_evaluation, ada, eve)
    assert gets(project, eve)


def test_what_was_kept_for_somebody_who_leaves_is_kept_for_the_others(project, open_evaluation, ada, erin, eve, rita):
    choose(open_evaluation, ada, erin, eve)
    members.remove_member(membership=Membership.objects.get(user=eve), by=ada)
    assert [gets(project, who) for who in (erin, rita)] == [True, False]
    members.remove_member(membership=Membership.objects.get(user=erin), by=ada)
    assert gets(project, rita), "nobody is left of them, so it is for everybody"


def test_texts_stay_closed_to_who_may_be_chosen_later(project, sft, open_evaluation, ada, rita, eve, as_user):
    """A model answers alike each time: who reads it beside its name could tell it apart once they are asked."""
    other = factories.evaluation(project, [None, sft], prompts=8, reviewed_prompts=0)
    address = reverse("api_evaluation_outputs", args=[project.pk, other.pk])
    before = as_user(rita).get(address).status_code
    choose(open_evaluation, ada, eve)
    assert (before, as_user(rita).get(address).status_code) == (403, 403)
    results = as_user(rita).get(reverse("api_evaluation", args=[project.pk, open_evaluation.pk])).json()["results"]
    assert results is None


# --- Where it is chosen --------------------------------------------------------------------------------------


def test_it_is_chosen_when_an_evaluation_begins(project, sft, ada, eve, rung, as_user):
    factories.evaluation(project, [None], prompts=4, reviewed_prompts=0)
    data = {
        "evaluation_set": str(EvaluationSet.objects.get().pk),
        "contestants": ["base", str(sft.pk)],
        "reviewed_prompts": "2",
        "reviews_per_output": "2",
        "max_new_tokens": "64",
        "people": [str(eve.pk)],
    }
    client, address = as_user(ada), reverse("evaluation_create", args=[project.pk])
    refused = client.post(address, data)
    assert refused.status_code == 422
    assert "Of those chosen 1 can score. Choose more." in refused.content.decode()
    assert Evaluation.objects.count() == 1
    assert client.post(address, {**data, "roles": ["reviewer"]}).status_code == 302
    made = Evaluation.objects.first()
    assert (made.reviewers.people, made.reviewers.roles) == ([eve.pk], ["reviewer"])


def test_it_is_shown_and_changed_on_its_page(project, open_evaluation, ada, rita, erin, eve, as_user):
    page = reverse("evaluation", args=[project.pk, open_evaluation.pk])
    assert "Outputs go to <strong>everybody in the project</strong>" in as_user(rita).get(page).content.decode()
    address = reverse("evaluation_reviewers", args=[project.pk, open_evaluation.pk])
    assert as_user(rita).post(address, {"people": [str(eve.pk)]}).status_code == 403
    client = as_user(ada)
    assert client.post(address, {"people": [str(eve.pk)], "roles": ["reviewer"]}).url == page
    html = client.get(page).content.decode()
    assert "Outputs go to <strong>reviewers, Eve Engineer</strong>" in html
    assert f'value="{eve.pk}"' in html
    assert "checked" in html.split("People who score")[1]
    assert client.post(address, {"people": ["999999"]}).status_code == 422
    Evaluation.objects.update(reviews_per_output=3)
    refused = client.post(address, {"people": [str(eve.pk)]})
    assert refused.status_code == 422
    assert "Of those chosen 1 can score" in refused.content.decode()
    client.post(address, {})
    open_evaluation.refresh_from_db()
    assert open_evaluation.reviewers is None


def test_the_api_and_the_command_choose_too(project, sft, open_evaluation, ada, rita, eve, rung, as_user):
    client, address = as_user(ada), reverse("api_evaluation", args=[project.pk, open_evaluation.pk])

    def patch(who: Any, **reviewers: Any) -> Any:
        return as_user(who).patch(address, json.dumps({"reviewers": reviewers}), content_type="application/json")

    assert patch(ada, people=["eve"]).json()["reviewers"] == {"people": ["eve"], "roles": []}
    assert client.get(address).json()["reviewers"] == {"people": ["eve"], "roles": []}
    assert patch(rita, people=["eve"]).status_code == 403
    assert "nobody" in str(patch(ada, people=["zoe"]).json()["reviewers"])
    assert patch(ada, roles=["king"]).status_code == 400
    given = ["--project", project.name, "--evaluation", str(open_evaluation.number), "--by", "ada"]
    call_command("choose_reviewers", *given, "--reviewer-role", "reviewer", "--reviewer", "eve")
    open_evaluation.refresh_from_db()
    assert open_evaluation.reviewers.key == f"reviewer {eve.pk}"
    Evaluation.objects.update(reviews_per_output=3)
    with pytest.raises(CommandError, match="Of those chosen 1 can score"):
        call_command("choose_reviewers", *given, "--reviewer", "eve")
    posted = {"adapters": [str(sft.pk)], "reviewed_prompts": 2, "reviews_per_output": 1}
    posted["reviewers"] = {"people": [], "roles": ["reviewer"]}
    made = client.post(
        reverse("api_evaluations", args=[project.pk]), json.dumps(posted), content_type="application/json"
    )
    assert made.json()["reviewers"] == {"people": [], "roles": ["reviewer"]}
    call_command("evaluate", "--project", project.name, "--by", "ada", "--reviewer", "eve")
    assert Evaluation.objects.first().reviewers.people == [eve.pk]
