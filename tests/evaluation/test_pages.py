from __future__ import annotations

import re

import pytest
from django.urls import reverse

from annotation.models import Membership, Project, Role
from evaluation.models import Contestant, Evaluation, EvaluationSet, Output, Promotion
from tests import factories as annotation_factories
from tests.evaluation import factories
from training.jobs import Status


def get(client, name, *args, **query):
    return client.get(reverse(name, args=args), query)


# --- Sets and starting ------------------------------------------------------------------------------------------


def test_it_leads_from_nothing_to_the_first_evaluation(
    project, ada, as_user, sft, rung, django_capture_on_commit_callbacks
):
    client = as_user(ada)
    assert (
        "held-out prompts that have a reference, and there is none yet"
        in get(client, "evaluations", project.pk).content.decode()
    )
    assert "no evaluation set yet" in get(client, "evaluation_create", project.pk).content.decode()
    refused = client.post(reverse("evaluations", args=[project.pk]), {"name": "Spring"})
    assert refused.status_code == 422
    assert "No held-out prompt has a reference yet" in refused.content.decode()
    factories.held_out(project, 7)
    assert "First freeze an evaluation set" in get(client, "evaluations", project.pk).content.decode()
    client.post(reverse("evaluations", args=[project.pk]), {"name": "Spring"})
    frozen = EvaluationSet.objects.get()
    again = client.post(reverse("evaluations", args=[project.pk]), {"name": "Again"}, follow=True)
    assert "Nothing has changed since Spring was frozen" in again.content.decode()
    assert "Base model, as it came" in get(client, "evaluation_create", project.pk).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        started = client.post(
            reverse("evaluation_create", args=[project.pk]),
            {
                "name": "First look",
                "evaluation_set": frozen.pk,
                "contestants": [str(sft.pk), "base"],
                "reviewed_prompts": 5,
                "reviews_per_output": 2,
                "max_new_tokens": 100,
            },
        )
    evaluation = Evaluation.objects.get()
    assert started.url == reverse("evaluation", args=[project.pk, evaluation.pk])
    assert [each.adapter for each in evaluation.contestants.all()] == [None, sft]
    assert (evaluation.reviewed_prompts, evaluation.reviews_per_output) == (5, 2)
    assert len(rung) == 2


def test_it_says_beside_the_field_what_is_wrong(project, ada, as_user, sft):
    factories.held_out(project, 2)
    client = as_user(ada)
    client.post(reverse("evaluations", args=[project.pk]), {})
    (sft.directory / "adapter_config.json").unlink()
    (sft.directory / "adapter_model.safetensors").unlink()
    sft.directory.rmdir()
    url = reverse("evaluation_create", args=[project.pk])
    good = {"evaluation_set": EvaluationSet.objects.get().pk, "contestants": ["base", str(sft.pk)],
            "reviewed_prompts": "5", "reviews_per_output": "1", "max_new_tokens": "99"}  # fmt: skip
    assert "are missing on this machine" in client.post(url, good).content.decode()
    for name, value, words in [
        ("contestants", [], "Choose at least one contestant."),
        ("contestants", ["nonsense"], "nonsense is not one of the available choices"),
        ("evaluation_set", "nonsense", "is not a valid UUID"),
        ("reviewed_prompts", "-1", "greater than or equal to 0"),
        ("reviewed_prompts", "many", "Enter a whole number."),
        ("reviews_per_output", "99", "less than or equal to 5"),
        ("max_new_tokens", "0", "greater than or equal to 1"),
        ("name", "x" * 121, "at most 120 characters"),
    ]:
        response = client.post(url, {**good, name: value})
        assert response.status_code == 422, name
        assert words in response.content.decode()
    assert not Evaluation.objects.exists()


# --- The comparison ---------------------------------------------------------------------------------------------


def test_it_shows_verdicts_charts_and_every_number_with_its_outputs(project, judged, rita, as_user):
    page = get(as_user(rita), "evaluation", project.pk, judged.pk).content.decode()
    assert "The SFT adapter of round 1 is clearly better than the base model on overall utility" in page
    assert page.count("<svg viewBox") == 5
    for label in ["Accuracy", "ROUGE-L", "BLEU", "Validation loss", "Perplexity", "Next step with a date", "Words",
                  "Unsupported figures", "Wins against the base model", "Sections present"]:  # fmt: skip
        assert label in page
    links = re.findall(rf'href="({reverse("evaluation_outputs", args=[project.pk, judged.pk])}\?[^"]+)"', page)
    assert len(links) > 40
    client = as_user(rita)
    for link in links[::9]:
        assert client.get(link.replace("&amp;", "&")).status_code == 200


def test_it_needs_few_queries_for_fifty_prompts_and_four_contestants(
    project, sft, dpo, rita, as_user, django_assert_max_num_queries
):
    third = factories.adapter(project)
    evaluation = factories.evaluation(project, [None, sft, dpo, third], prompts=50, reviewed_prompts=20)
    factories.review_all(evaluation, rita, levels=(1, 3, 4, 2))
    client = as_user(rita)
    for name in ("evaluation", "evaluation_outputs"):
        with django_assert_max_num_queries(11):
            assert get(client, name, project.pk, evaluation.pk).status_code == 200
    with django_assert_max_num_queries(11):
        get(client, "evaluations", project.pk)


def test_it_hides_every_result_while_people_score_blind(project, open_evaluation, rita, ada, as_user):
    for person in (rita, ada):
        client = as_user(person)
        page = get(client, "evaluation", project.pk, open_evaluation.pk).content.decode()
        assert "People are scoring blind" in page
        assert "0 of 18" in page
        for word in ("ROUGE-L", "Validation loss", "clearly", "Words"):
            assert word not in page
        outputs = get(client, "evaluation_outputs", project.pk, open_evaluation.pk).content.decode()
        assert "not open yet" in outputs
        assert factories.POOR not in outputs
        promotion = get(client, "promotions", project.pk, evaluation=open_evaluation.pk,
                        adapter=open_evaluation.contestants.get(position=1).adapter_id).content.decode()  # fmt: skip
        assert "ROUGE-L" not in promotion


def test_it_opens_the_results_early_to_an_admin_who_then_scores_no_more(project, open_evaluation, ada, rita, as_user):
    client = as_user(ada)
    url = reverse("evaluation_open", args=[project.pk, open_evaluation.pk])
    assert as_user(rita).post(url).status_code == 403
    page = client.post(url, follow=True).content.decode()
    assert "ROUGE-L" in page
    assert "0 of 18 reviews are in" in page
    assert "ROUGE-L" not in get(as_user(rita), "evaluation", project.pk, open_evaluation.pk).content.decode()
    assert get(client, "score_next", project.pk).status_code == 200


def test_it_shows_automatic_measures_at_once_when_nobody_is_asked(project, sft, rita, as_user):
    evaluation = factories.evaluation(project, [None, sft], reviewed_prompts=0)
    page = get(as_user(rita), "evaluation", project.pk, evaluation.pk).content.decode()
    assert "ROUGE-L" in page
    assert "No person has judged" in page
    assert page.count("There is nothing to measure yet.") == 1
    assert "<svg viewBox" not in page


def test_it_shows_progress_failures_and_stops_polling_when_there_is_nothing_to_wait_for(
    project, open_evaluation, ada, rita, as_user, judged
):
    late, failed = open_evaluation.contestants.filter(position__gt=0)
    Contestant.objects.filter(pk=late.pk).update(status=Status.RUNNING, progress={"done": 3, "total": 8})
    Contestant.objects.filter(pk=failed.pk).update(status=Status.FAILED, failure_message="The machine ran out.")
    client = as_user(ada)
    page = get(client, "evaluation", project.pk, open_evaluation.pk).content.decode()
    assert "3 of 8 answers" in page
    assert "The machine ran out." in page
    assert "Try again" in page
    assert "every 3s" in page
    stage = re.search(r"\?stage=([\w-]+)", page)[1]
    fragment = get(client, "evaluation_progress", project.pk, open_evaluation.pk, stage=stage)
    assert fragment.content.decode().strip().startswith('<div id="progress"')
    assert "<html" not in fragment.content.decode()
    assert "Try again" not in get(as_user(rita), "evaluation", project.pk, open_evaluation.pk).content.decode()
    Contestant.objects.filter(pk=late.pk).update(status=Status.SUCCEEDED)
    moved_on = get(client, "evaluation_progress", project.pk, open_evaluation.pk, stage=stage)
    assert moved_on.headers["HX-Refresh"] == "true"
    client.post(reverse("contestant_leave_out", args=[project.pk, failed.pk]))
    done = get(client, "evaluation", project.pk, open_evaluation.pk).content.decode()
    assert "hx-get" not in done.split('id="progress"')[1].split(">")[0]


def test_it_tries_again_or_leaves_out_for_admins_only(project, open_evaluation, ada, rita, as_user):
    failed = open_evaluation.contestants.get(position=2)
    Contestant.objects.filter(pk=failed.pk).update(status=Status.FAILED)
    retry = reverse("contestant_retry", args=[project.pk, failed.pk])
    assert as_user(rita).post(retry).status_code == 403
    client = as_user(ada)
    assert client.get(retry).status_code == 405
    assert client.post(retry).status_code == 302
    failed.refresh_from_db()
    assert failed.status == Status.QUEUED
    again = client.post(retry, follow=True)
    assert "Only a contestant that has failed" in again.content.decode()


def test_it_says_when_every_contestant_was_left_out(project, open_evaluation, ada, as_user):
    open_evaluation.contestants.update(status=Status.CANCELLED)
    page = get(as_user(ada), "evaluation", project.pk, open_evaluation.pk).content.decode()
    assert "Every contestant was left out" in page


# --- The outputs behind a number --------------------------------------------------------------------------------


def test_it_shows_every_contestants_text_for_the_worst_prompt_first(project, judged, rita, as_user):
    base, sft, _ = judged.contestants.all()
    worst = sft.outputs.order_by("prompt__position")[3]
    worst.metrics["rouge_l"] = 0.01
    worst.save()
    client = as_user(rita)
    page = get(client, "evaluation_outputs", project.pk, judged.pk, contestant=sft.pk, measure="rouge_l")
    text = page.content.decode()
    assert page.context["prompt"] == worst.prompt
    assert worst.prompt.input in text
    assert worst.prompt.reference.splitlines()[0] in text
    assert text.count('class="side-text') == 3
    assert factories.POOR in text
    other = base.outputs.order_by("prompt__position").first().prompt
    chosen = get(
        client, "evaluation_outputs", project.pk, judged.pk, contestant=base.pk, measure="words", prompt=other.pk
    )
    assert chosen.context["prompt"] == other
    assert "the longest first" in chosen.content.decode()


def test_it_shows_the_reviews_with_their_comments(project, open_evaluation, rita, as_user):
    for output in Output.objects.filter(for_review=True):
        factories.review(output, rita, 3, comment="Wrong <b>county</b>")
    page = get(as_user(rita), "evaluation_outputs", project.pk, open_evaluation.pk, measure="review-utility")
    assert "Wrong &lt;b&gt;county" in page.content.decode()
    assert "Rita Reviewer" in page.content.decode()


@pytest.mark.parametrize("query", [{"contestant": "x"}, {"measure": "x"}, {"prompt": "x"}, {"prompt": "\0"}])
def test_it_falls_back_to_something_sensible(project, judged, rita, as_user, query):
    assert get(as_user(rita), "evaluation_outputs", project.pk, judged.pk, **query).status_code == 200


# --- Promotion --------------------------------------------------------------------------------------------------


def test_it_promotes_with_a_reason_and_shows_the_history(project, judged, sft, dpo, ada, as_user):
    client = as_user(ada)
    assert "Nothing has been promoted yet" in get(client, "promotions", project.pk).content.decode()
    evidence = get(client, "promotions", project.pk, adapter=dpo.pk, evaluation=judged.pk).content.decode()
    assert "The DPO adapter of round 2 is clearly better than the base model" in evidence
    url = reverse("promote", args=[project.pk])
    missing = client.post(url, {"adapter": dpo.pk, "evaluation": judged.pk, "reason": " "})
    assert missing.status_code == 422
    assert "Say why, so that others understand it later." in missing.content.decode()
    client.post(url, {"adapter": dpo.pk, "evaluation": judged.pk, "reason": "Better in every way."})
    page = get(client, "promotions", project.pk).content.decode()
    assert "Better in every way." in page
    assert "Roll back to the base model" in page
    client.post(reverse("rollback", args=[project.pk]), {"reason": "Invents dates."})
    page = get(client, "promotions", project.pk).content.decode()
    assert "The base model" in page
    assert not project.promotions.current().exists()


def test_it_asks_for_confirmation_with_the_doubts_beside(project, sft, ada, as_user):
    client = as_user(ada)
    url = reverse("promote", args=[project.pk])
    data = {"adapter": sft.pk, "evaluation": "", "reason": "I know it.", "seen": ""}
    asked = client.post(url, data)
    assert asked.status_code == 422
    assert "Promote all the same?" in asked.content.decode()
    assert "No evaluation is named" in asked.content.decode()
    assert "I know it." in asked.content.decode()
    assert not Promotion.objects.exists()
    client.post(url, {**data, "confirmed": "on"})
    assert Promotion.objects.get().adapter == sft
    stale = client.post(url, {**data, "confirmed": "on"})
    assert "Somebody else has changed what is in use" in stale.content.decode()


def test_it_does_not_unblind_by_asking_for_confirmation(project, open_evaluation, sft, dpo, ada, rita, as_user):
    for output in Output.objects.filter(for_review=True, contestant__position__in=(0, 1))[:11]:
        factories.review(output, rita, 5)
    Output.objects.filter(contestant__position=1).update(reference_nll=9)
    client = as_user(ada)
    asked = client.post(
        reverse("promote", args=[project.pk]),
        {"adapter": sft.pk, "evaluation": open_evaluation.pk, "reason": "Now.", "seen": ""},
    ).content.decode()
    assert "Only 11 of 18 reviews are in" in asked
    assert "stays closed to you" in asked
    assert "clearly" not in asked


def test_it_rolls_back_only_with_a_reason(project, sft, ada, as_user):
    client = as_user(ada)
    url = reverse("rollback", args=[project.pk])
    assert "nothing to roll back" in client.post(url, {"reason": "x"}, follow=True).content.decode()
    client.post(reverse("promote", args=[project.pk]), {"adapter": sft.pk, "reason": "x", "confirmed": "on"})
    assert client.post(url, {"reason": ""}).status_code == 422
    assert project.promotions.current().exists()


def test_it_refuses_what_belongs_to_another_project(project, ada, oscar, as_user):
    other = Project.objects.get(name="Another project")
    foreign = factories.adapter(other)
    response = as_user(ada).post(
        reverse("promote", args=[project.pk]), {"adapter": foreign.pk, "reason": "x", "confirmed": "on"}
    )
    assert response.status_code == 422
    evaluation = factories.evaluation(other, [foreign])
    for name in ("evaluation", "evaluation_outputs", "evaluation_progress"):
        assert get(as_user(ada), name, project.pk, evaluation.pk).status_code == 404


# --- Roles ------------------------------------------------------------------------------------------------------

READ = ["evaluations", "evaluation", "evaluation_progress", "evaluation_outputs", "promotions"]
MANAGE = ["evaluation_create"]
ACTS = ["evaluation_open", "contestant_retry", "contestant_leave_out", "promote", "rollback"]


def address(name: str, project, evaluation) -> str:
    second = {
        "evaluation": evaluation.pk, "evaluation_progress": evaluation.pk, "evaluation_outputs": evaluation.pk,
        "evaluation_open": evaluation.pk, "contestant_retry": evaluation.contestants.first().pk,
        "contestant_leave_out": evaluation.contestants.first().pk,
    }  # fmt: skip
    return reverse(name, args=[project.pk, *([second[name]] if name in second else [])])


def test_it_lets_each_role_do_its_part_and_strangers_nothing(project, judged, erin, rita, ada, oscar, as_user, client):
    for name in READ:
        url = address(name, project, judged)
        codes = [as_user(person).get(url).status_code for person in (erin, rita, ada, oscar)]
        assert codes == [403, 200, 200, 404], name
        assert client.get(url).url.startswith("/sign-in/")
    for name in MANAGE:
        url = address(name, project, judged)
        codes = [as_user(person).get(url).status_code for person in (erin, rita, ada, oscar)]
        assert codes == [403, 403, 200, 404], name
    for name in ACTS:
        url = address(name, project, judged)
        assert [as_user(person).post(url).status_code for person in (erin, rita, oscar)] == [403, 403, 404], name
        assert as_user(ada).get(url).status_code == 405
    url = reverse("evaluations", args=[project.pk])
    assert [as_user(person).post(url).status_code for person in (erin, rita, oscar)] == [403, 403, 404]


def test_it_shows_admins_acts_to_admins_only(project, judged, rita, as_user):
    page = get(as_user(rita), "evaluations", project.pk).content.decode()
    assert "New evaluation" not in page
    assert "Freeze" not in page
    promotion = get(as_user(rita), "promotions", project.pk).content.decode()
    assert "Promote an adapter" not in promotion


def test_it_keeps_two_projects_evaluations_apart(project, judged, oscar, as_user):
    other = Project.objects.get(name="Another project")
    annotation_factories.prompt(other)
    Membership.objects.get_or_create(project=other, user=oscar, defaults={"role": Role.ADMIN})
    page = get(as_user(oscar), "evaluations", other.pk).content.decode()
    assert judged.name not in page
