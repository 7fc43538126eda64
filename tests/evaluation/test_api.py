from __future__ import annotations

import pytest
from django.urls import reverse

from annotation.models import Project
from evaluation.models import Contestant, Evaluation, EvaluationSet, Output, Promotion
from tests.evaluation import factories
from training.jobs import Status


def api(name, *args) -> str:
    return reverse(f"api_{name}", args=args)


def post(client, url, **data):
    return client.post(url, data, content_type="application/json")


def test_it_freezes_starts_and_shows_an_evaluation(project, sft, ada, as_user, rung):
    client = as_user(ada)
    sets = api("evaluation_sets", project.pk)
    refused = post(client, sets)
    assert refused.status_code == 400
    assert "No held-out prompt" in str(refused.json())
    factories.held_out(project, 4)
    made = post(client, sets, name="Spring")
    assert (made.status_code, made.json()["prompts"], made.json()["name"]) == (201, 4, "Spring")
    assert post(client, sets).status_code == 200
    assert len(client.get(sets).json()["results"]) == 1
    started = post(client, api("evaluations", project.pk), adapters=[str(sft.pk)], reviewed_prompts=2)
    assert started.status_code == 201
    evaluation = Evaluation.objects.get()
    assert [each.adapter for each in evaluation.contestants.all()] == [None, sft]
    detail = client.get(api("evaluation", project.pk, evaluation.pk)).json()
    assert (detail["state"], detail["results"]) == ("Answering", None)
    assert client.get(api("evaluations", project.pk)).json()["results"][0]["id"] == str(evaluation.pk)


def test_it_gives_the_whole_comparison_as_json(project, judged, rita, as_user):
    found = as_user(rita).get(api("evaluation", project.pk, judged.pk)).json()
    assert found["state"] == "Complete"
    results = found["results"]
    assert [each["label"] for each in results["contestants"]][1:] == [
        "SFT adapter of round 1",
        "DPO adapter of round 2",
    ]
    utility = results["contestants"][1]["measures"]["review-utility"]
    assert utility["n"] == 6
    assert utility["low"] <= utility["value"] <= utility["high"]
    assert results["pairs"][0]["win_rate"]["wins"] == 6
    assert results["pairs"][0]["differences"]["review-utility"]["side"] == 1
    assert "clearly better" in results["verdicts"][0]["findings"][0]["text"]
    undefined = results["contestants"][0]["measures"]["unsupported"]
    assert undefined["value"] is None
    assert undefined["reason"]


def test_it_keeps_results_closed_while_people_score_blind(project, open_evaluation, rita, ada, as_user):
    detail = api("evaluation", project.pk, open_evaluation.pk)
    outputs = api("evaluation_outputs", project.pk, open_evaluation.pk)
    for person in (rita, ada):
        assert as_user(person).get(detail).json()["results"] is None
        assert as_user(person).get(outputs).status_code == 403
    assert post(as_user(rita), api("evaluation_open", project.pk, open_evaluation.pk)).status_code == 403
    assert post(as_user(ada), api("evaluation_open", project.pk, open_evaluation.pk)).status_code == 200
    assert as_user(ada).get(detail).json()["results"]["reviews_in"] == 0
    assert len(as_user(ada).get(outputs).json()["results"]) == 24
    assert as_user(rita).get(outputs).status_code == 403


def test_it_filters_outputs_by_contestant_and_prompt(project, judged, rita, as_user):
    client = as_user(rita)
    contestant = judged.contestants.get(position=1)
    prompt = judged.evaluation_set.prompts.first()
    url = api("evaluation_outputs", project.pk, judged.pk)
    found = client.get(url, {"contestant": contestant.pk}).json()["results"]
    assert len(found) == 8
    assert {each["contestant"] for each in found} == {str(contestant.pk)}
    assert found[0]["metrics"]["adherence"] == 1
    one = client.get(url, {"contestant": contestant.pk, "prompt": prompt.pk}).json()["results"]
    assert len(one) == 1
    assert client.get(url, {"contestant": "nonsense"}).status_code == 400


def test_it_shows_ones_own_reviews_only_until_all_are_in(project, open_evaluation, rita, erin, as_user):
    url = api("evaluation_reviews", project.pk, open_evaluation.pk)
    outputs = list(Output.objects.filter(for_review=True))
    factories.review(outputs[0], rita, 4)
    for output in outputs[1:-1]:
        factories.review(output, erin, 2)
    assert [each["reviewer"] for each in as_user(rita).get(url).json()["results"]] == ["rita"]
    factories.review(outputs[-1], erin, 2)
    assert len(as_user(rita).get(url).json()["results"]) == 18
    assert {each["reviewer"] for each in as_user(erin).get(url).json()["results"]} == {"erin"}


def test_it_tries_again_and_leaves_out(project, open_evaluation, ada, as_user):
    client = as_user(ada)
    contestant = open_evaluation.contestants.get(position=1)
    retry = api("contestant_retry", project.pk, contestant.pk)
    assert post(client, retry).status_code == 400
    Contestant.objects.filter(pk=contestant.pk).update(status=Status.FAILED)
    assert post(client, retry).json()["status"] == "queued"
    left = post(client, api("contestant_leave_out", project.pk, contestant.pk))
    assert left.json()["status"] == "cancelled"


def test_it_promotes_and_rolls_back(project, judged, sft, dpo, ada, as_user):
    client = as_user(ada)
    url = api("promotions", project.pk)
    doubts = post(client, url, adapter=str(sft.pk), reason="No evidence.")
    assert doubts.status_code == 400
    assert "No evaluation is named" in doubts.json()["confirmed"][0]
    first = post(client, url, adapter=str(sft.pk), reason="Better.", evaluation=str(judged.pk))
    assert (first.status_code, first.json()["label"]) == (201, "SFT adapter of round 1")
    post(client, url, adapter=str(dpo.pk), reason="Better still.", confirmed=True)
    back = post(client, api("rollback", project.pk), reason="Invents dates.")
    assert (back.status_code, back.json()["restores"]) == (200, first.json()["id"])
    assert post(client, api("rollback", project.pk), reason="All the way.").status_code == 204
    assert post(client, api("rollback", project.pk), reason="Further.").status_code == 400
    assert len(client.get(url).json()["results"]) == 3


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("evaluations", {"adapters": ["nonsense"]}),
        ("evaluations", {"adapters": "nonsense"}),
        ("evaluations", {"reviewed_prompts": -1}),
        ("evaluations", {"max_new_tokens": 10**9}),
        ("evaluations", {"reviews_per_output": 99}),
        ("evaluations", {"base": False}),
        ("evaluations", {"evaluation_set": "00000000-0000-0000-0000-000000000000"}),
        ("promotions", {"reason": "x"}),
        ("promotions", {"adapter": "00000000-0000-0000-0000-000000000000", "reason": "x"}),
        ("rollback", {}),
        ("evaluation_sets", {"name": "x" * 200}),
    ],
)
def test_it_answers_bad_input_with_the_field(project, ada, as_user, name, data):
    factories.held_out(project, 2)
    post(as_user(ada), api("evaluation_sets", project.pk))
    response = post(as_user(ada), api(name, project.pk), **data)
    assert response.status_code == 400
    assert isinstance(response.json(), dict)
    assert not Evaluation.objects.exists()


def test_it_names_adapters_and_evaluations_of_its_own_project_only(project, ada, as_user):
    other = Project.objects.get(name="Another project")
    foreign = factories.adapter(other)
    evaluation = factories.evaluation(other, [foreign])
    client = as_user(ada)
    factories.held_out(project, 2)
    post(client, api("evaluation_sets", project.pk))
    started = post(client, api("evaluations", project.pk), adapters=[str(foreign.pk)])
    assert "not in this project" in str(started.json())
    own = factories.adapter(project)
    promoted = post(
        client, api("promotions", project.pk), adapter=str(own.pk), evaluation=str(evaluation.pk), reason="x"
    )
    assert promoted.status_code == 400
    assert client.get(api("evaluation", project.pk, evaluation.pk)).status_code == 404
    assert EvaluationSet.objects.filter(project=project).count() == 1


def test_it_lets_each_role_do_its_part_and_strangers_nothing(project, judged, erin, rita, oscar, as_user, client):
    reads = [
        api("evaluation_sets", project.pk),
        api("evaluations", project.pk),
        api("evaluation", project.pk, judged.pk),
        api("evaluation_outputs", project.pk, judged.pk),
        api("promotions", project.pk),
    ]
    for url in reads:
        assert [as_user(person).get(url).status_code for person in (erin, rita, oscar)] == [403, 200, 404]
        assert client.get(url).status_code == 401
    contestant = judged.contestants.first()
    writes = [
        api("evaluation_sets", project.pk),
        api("evaluations", project.pk),
        api("evaluation_open", project.pk, judged.pk),
        api("promotions", project.pk),
        api("rollback", project.pk),
        api("contestant_retry", project.pk, contestant.pk),
        api("contestant_leave_out", project.pk, contestant.pk),
    ]
    for url in writes:
        assert [post(as_user(person), url).status_code for person in (erin, rita, oscar)] == [403, 403, 404]
    assert not Promotion.objects.exists()
