from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from annotation.models import Event
from evaluation.actions.promoting import current_adapter
from evaluation.models import Contestant, Evaluation, Output
from tests.evaluation import factories
from training.jobs import Status


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.fixture
def named(project) -> list[str]:
    return ["--project", project.name]


def test_it_freezes_an_evaluation_set(project, ada, named):
    with pytest.raises(CommandError, match="No held-out prompt"):
        run("freeze_evaluation_set", *named, "--by", "ada")
    factories.held_out(project, 3)
    assert "3 prompts frozen" in run("freeze_evaluation_set", *named, "--by", "ada", "--name", "Spring")
    again = json.loads(run("freeze_evaluation_set", *named, "--by", "ada", "--json"))
    assert (again["new"], again["prompts"]) == (False, 3)


def test_it_starts_an_evaluation_of_every_adapter(project, sft, dpo, ada, named):
    with pytest.raises(CommandError, match="freeze one first"):
        run("evaluate", *named, "--by", "ada")
    factories.held_out(project, 3)
    run("freeze_evaluation_set", *named, "--by", "ada")
    started = json.loads(run("evaluate", *named, "--by", "ada", "--reviewed-prompts", "0", "--json"))
    evaluation = Evaluation.objects.get(pk=started["id"])
    assert [each.adapter for each in evaluation.contestants.all()] == [None, sft, dpo]
    run("evaluate", *named, "--by", "ada", "--adapter", "latest", "--no-base", "--name", "Alone")
    assert [each.adapter for each in Evaluation.objects.get(number=2).contestants.all()] == [dpo]
    with pytest.raises(CommandError, match="at least 1"):
        run("evaluate", *named, "--by", "ada", "--max-new-tokens", "0")
    with pytest.raises(CommandError, match="may not do this"):
        run("evaluate", *named, "--by", "rita")


def test_it_waits_for_the_answers_and_prints_the_table(project, sft, ada, named, monkeypatch):
    factories.held_out(project, 6)
    run("freeze_evaluation_set", *named, "--by", "ada")

    def answer(_command, contestant: Contestant) -> None:
        factories.answer(contestant, [factories.POOR, factories.GOOD][contestant.position])
        Contestant.objects.filter(pk=contestant.pk).update(status=Status.SUCCEEDED)

    monkeypatch.setattr("evaluation.management.commands.evaluate.wait_for", answer)
    blind = run("evaluate", *named, "--by", "ada", "--wait")
    assert "People score it blind (0 of 12 reviews are in), so the results stay closed" in blind
    assert "|" not in blind
    said = run("evaluate", *named, "--by", "ada", "--reviewed-prompts", "0", "--wait")
    assert "| Measure | Base model SmolLM2-135M-Instruct | SFT adapter of round 1 |" in said
    assert "| Sections present | 0 % (6) | 100 % (6) |" in said


def test_it_fails_when_a_contestant_fails_after_the_others_have_answered(project, sft, ada, named, monkeypatch):
    factories.held_out(project, 2)
    run("freeze_evaluation_set", *named, "--by", "ada")
    waited = []

    def fail_first(_command, contestant: Contestant) -> None:
        waited.append(contestant)
        if contestant.position == 0:
            raise CommandError("It failed.")

    monkeypatch.setattr("evaluation.management.commands.evaluate.wait_for", fail_first)
    with pytest.raises(CommandError, match="It failed"):
        run("evaluate", *named, "--by", "ada", "--wait")
    assert len(waited) == 2


def test_it_prints_verdicts_and_every_number(project, judged, named):
    said = run("show_evaluation", *named, "--evaluation", "latest")
    assert "First look" in said
    assert "complete." in said
    markdown = run("show_evaluation", *named, "--evaluation", str(judged.number), "--markdown")
    assert markdown.startswith("- The SFT adapter of round 1 is clearly better than the base model")
    rows = [line for line in markdown.splitlines() if line.startswith("| ")]
    assert all(line.count("|") == 5 for line in rows)
    assert "| Wins against the base model |  | 100 % (61 to 100 %; 6) | 100 % (61 to 100 %; 6) |" in rows
    assert "8 prompts; 18 of 18 blind reviews." in markdown
    found = json.loads(run("show_evaluation", *named, "--evaluation", str(judged.pk), "--json"))
    assert (found["reviews_in"], found["results"]["reviews_in"]) == (18, 18)


def test_it_keeps_results_closed_while_people_score_blind(project, open_evaluation, erin, rita, ada, named):
    show = ["show_evaluation", *named, "--evaluation", "1"]
    for more in ([], ["--by", "rita"], ["--by", "ada", "--markdown"]):
        with pytest.raises(CommandError, match=r"First look: People score it blind \(0 of 18 reviews are in\)"):
            run(*show, *more)
    told = json.loads(run(*show, "--json"))
    assert (told["state"], told["reviews_wanted"], told["reviews_in"], told["results"]) == ("Under review", 18, 0, None)
    with pytest.raises(CommandError, match="erin may not do this"):
        run(*show, "--by", "erin")
    with pytest.raises(CommandError, match="rita may not do this"):
        run(*show, "--by", "rita", "--open")
    with pytest.raises(CommandError, match="--open needs --by"):
        run(*show, "--open")
    assert not open_evaluation.opened_by.exists()


def test_it_opens_results_early_and_records_who_has_seen_them(project, open_evaluation, rita, ada, named):
    show = ["show_evaluation", *named, "--evaluation", "1"]
    assert Output.objects.to_score_by(ada).exists()
    assert "0 of 18 blind reviews." in run(*show, "--by", "ada", "--open")
    assert list(open_evaluation.opened_by.all()) == [ada]
    assert Event.objects.get(verb="opened the results early").actor == ada
    assert not Output.objects.to_score_by(ada).exists()
    assert "| Measure |" in run(*show, "--by", "ada")
    assert json.loads(run(*show, "--by", "ada", "--json"))["results"]["reviews_in"] == 0
    assert Event.objects.filter(verb="opened the results early").count() == 1
    with pytest.raises(CommandError, match="blind"):
        run(*show, "--by", "rita")


def test_it_records_nobody_as_early_when_the_results_are_open_to_all(project, judged, ada, named):
    assert "complete." in run("show_evaluation", *named, "--evaluation", "1", "--by", "ada", "--open")
    assert not judged.opened_by.exists()


def test_it_tells_no_doubts_about_results_to_whoever_may_still_score(project, open_evaluation, sft, rita, ada, named):
    factories.review_all(open_evaluation, rita, levels=(5, 1, 1))
    output = Output.objects.filter(for_review=True, contestant__position=2).first()
    output.reviews.all().delete()
    Output.objects.filter(pk=output.pk).update(reviews_done=0)
    promote = ["promote", *named, "--adapter", "1", "--reason", "x", "--evaluation", "1", "--by", "ada"]
    with pytest.raises(CommandError) as closed:
        run(*promote)
    assert "17 of 18 reviews are in" in str(closed.value)
    assert "worse" not in str(closed.value)
    run("show_evaluation", *named, "--evaluation", "1", "--by", "ada", "--open")
    with pytest.raises(CommandError, match="It got worse"):
        run(*promote)


def test_it_says_when_there_is_nothing_to_show(project, open_evaluation, named):
    with pytest.raises(CommandError, match="has no evaluation 9"):
        run("show_evaluation", *named, "--evaluation", "9")
    open_evaluation.contestants.update(status=Status.QUEUED)
    with pytest.raises(CommandError, match="has answered yet"):
        run("show_evaluation", *named, "--evaluation", "1")


def test_it_tries_a_contestant_again_or_leaves_it_out(project, open_evaluation, ada, named):
    contestant = open_evaluation.contestants.last()
    which = [*named, "--contestant", str(contestant.pk), "--by", "ada"]
    with pytest.raises(CommandError, match="has failed can be tried again"):
        run("retry_contestant", *which)
    Contestant.objects.filter(pk=contestant.pk).update(status=Status.FAILED)
    assert run("retry_contestant", *which).startswith("DPO adapter of round 2 is queued again. No worker is running")
    assert json.loads(run("leave_out", *which, "--json"))["status"] == Status.CANCELLED
    with pytest.raises(CommandError, match="being left out"):
        run("leave_out", *which)
    Contestant.objects.filter(pk=contestant.pk).update(status=Status.FAILED)
    assert run("leave_out", *which) == "DPO adapter of round 2 is left out; the others go on.\n"
    with pytest.raises(CommandError, match="has no contestant"):
        run("leave_out", *named, "--contestant", str(open_evaluation.pk), "--by", "ada")


def test_it_promotes_and_rolls_back(project, judged, sft, dpo, ada, named):
    with pytest.raises(CommandError, match="--confirm"):
        run("promote", *named, "--adapter", "1", "--reason", "x", "--by", "ada")
    run("promote", *named, "--adapter", "1", "--reason", "Better.", "--evaluation", "1", "--by", "ada")
    assert current_adapter(project) == sft
    said = run("promote", *named, "--adapter", "latest", "--reason", "Better still.", "--confirm", "--by", "ada")
    assert "The DPO adapter of round 2 is in use" in said
    assert "SFT adapter of round 1 is in use again" in run("rollback", *named, "--reason", "Dates.", "--by", "ada")
    assert json.loads(run("rollback", *named, "--reason", "More.", "--by", "ada", "--json"))["id"] is None
    with pytest.raises(CommandError, match="nothing to roll back"):
        run("rollback", *named, "--reason", "More.", "--by", "ada")
