from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from evaluation.actions.promoting import current_adapter
from evaluation.models import Contestant, Evaluation
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
    said = run("evaluate", *named, "--by", "ada", "--wait")
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
    assert found["reviews_in"] == 18


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
    assert "is queued again" in run("retry_contestant", *which)
    assert json.loads(run("leave_out", *which, "--json"))["status"] == Status.CANCELLED
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
