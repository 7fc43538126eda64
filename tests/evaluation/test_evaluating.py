from __future__ import annotations

import uuid

import pytest
from django.core.exceptions import ValidationError

from annotation.models import Event, Lease, Project
from evaluation import scoring
from evaluation.actions import freeze_evaluation_set, leave_out, open_results, retry_contestant, start_evaluation
from evaluation.collecting import CONTESTANT
from evaluation.models import Contestant, Output
from tests.evaluation import factories
from tests.factories import NOTE
from training.jobs import Status
from training.run_dir import ADAPTER_WEIGHTS, RunDir, append_row, read_rows
from training.running.runner import JobFailed


@pytest.fixture
def evaluation_set(project, ada):
    factories.held_out(project, 8)
    return freeze_evaluation_set(project=project, by=ada)


@pytest.fixture
def started(project, ada, evaluation_set, settings):
    adapter = factories.adapter(project)
    return start_evaluation(
        project=project, evaluation_set=evaluation_set, contestants=[None, adapter], reviewed_prompts=5, by=ada
    )


def claimed(contestant: Contestant) -> tuple[Contestant, RunDir]:
    assert contestant.claim(uuid.uuid4())
    run_dir = contestant.run_dir()
    run_dir.path.mkdir(parents=True)
    return contestant, run_dir


def write_answers(run_dir: RunDir, contestant: Contestant, texts: dict[str, str] | None = None) -> None:
    for prompt in contestant.evaluation.evaluation_set.prompts.all():
        append_row(
            run_dir.outputs,
            {
                "source": "contestant",
                "id": str(prompt.pk),
                "index": 0,
                "text": (texts or {}).get(str(prompt.pk), factories.GOOD),
                "tokens": 90,
                "seconds": 1.25,
                "finish": "stop",
                "reference_nll": 1.5,
                "reference_tokens": 100,
            },
        )


def publish(contestant: Contestant, run_dir: RunDir) -> None:
    result = {"status": "succeeded"}
    CONTESTANT.check(contestant, run_dir, result)
    assert contestant.succeed(contestant.lease_owner, result)
    CONTESTANT.publish(contestant, run_dir, result)


def test_it_starts_a_job_for_each_contestant_and_rings_after_commit(
    project, ada, evaluation_set, settings, django_capture_on_commit_callbacks
):
    adapter = factories.adapter(project)
    with django_capture_on_commit_callbacks() as rung:
        evaluation = start_evaluation(
            project=project, evaluation_set=evaluation_set, contestants=[None, adapter], by=ada, max_new_tokens=64
        )
    assert len(rung) == 2
    base, sft = evaluation.contestants.all()
    assert (base.adapter, sft.adapter) == (None, adapter)
    assert base.base_model == sft.base_model == adapter.base_model
    assert {base.status, sft.status} == {Status.QUEUED}
    assert base.params["temperature"] == 0
    assert base.params["max_new_tokens"] == 64
    assert base.params["score_references"] is True
    assert (evaluation.number, evaluation.name) == (1, "Evaluation 1")
    assert evaluation.instruction_template == project.instruction_template
    assert Event.objects.filter(verb="started an evaluation", actor=ada).exists()


def test_it_refuses_what_cannot_work_with_a_sentence_for_each_field(project, ada, oscar, evaluation_set):
    foreign = factories.adapter(Project.objects.get(name="Another project"))
    own = factories.adapter(project)

    def refusals(**changed: object) -> set[str]:
        given = {"project": project, "evaluation_set": evaluation_set, "contestants": [None, own], "by": ada}
        with pytest.raises(ValidationError) as refused:
            start_evaluation(**{**given, **changed})
        return set(refused.value.message_dict)

    assert refusals(contestants=[]) == {"contestants"}
    assert refusals(contestants=[own, own]) == {"contestants"}
    assert refusals(contestants=[None, foreign]) == {"contestants"}
    assert refusals(contestants=[None] * 7) == {"contestants"}
    assert refusals(max_new_tokens=0, reviewed_prompts=-1, reviews_per_output=0) == {
        "max_new_tokens", "reviewed_prompts", "reviews_per_output",
    }  # fmt: skip
    assert refusals(project=foreign.project, contestants=[foreign]) == {"evaluation_set"}
    prompt = evaluation_set.prompts.first()
    prompt.input = "changed"
    prompt.save()
    assert refusals() == {"evaluation_set"}
    assert not Contestant.objects.exists()


def test_it_asks_as_training_asks_and_gives_the_references(started):
    contestant, run_dir = claimed(started.contestants.get(position=1))
    started.project.instruction_template = "Changed: {instruction}"
    started.project.save()
    contestant = Contestant.objects.get(pk=contestant.pk)
    CONTESTANT.write_inputs(contestant, run_dir)
    rows = read_rows(run_dir.prompts)
    prompt = started.evaluation_set.prompts.first()
    assert len(rows) == 8
    row = next(row for row in rows if row["id"] == str(prompt.pk))
    assert row["prompt"] == [{"role": "user", "content": f"{prompt.instruction}\n\n{prompt.input}"}]
    assert row["reference"] == prompt.reference
    params = run_dir.read_params()
    assert params["recipe"] == CONTESTANT.recipe(contestant) == "generate"
    assert params["sources"] == [
        {
            "label": "contestant",
            "base_model_dir": str(contestant.base_model.directory),
            "adapter_dir": str(contestant.adapter.directory),
        }
    ]
    assert params["params"]["score_references"] is True


def test_it_fails_when_the_adapters_files_are_gone(started):
    contestant, run_dir = claimed(started.contestants.get(position=1))
    contestant.adapter.directory.rename(contestant.adapter.directory.with_name("elsewhere"))
    with pytest.raises(JobFailed, match="missing on this machine"):
        CONTESTANT.write_inputs(contestant, run_dir)


def test_it_lets_no_adapter_answer_whose_files_were_changed(started):
    contestant, run_dir = claimed(started.contestants.get(position=1))
    with (contestant.adapter.directory / ADAPTER_WEIGHTS).open("ab") as weights:
        weights.write(b"\0")
    with pytest.raises(JobFailed, match="have changed"):
        CONTESTANT.write_inputs(contestant, run_dir)


def test_it_publishes_every_answer_with_its_metrics(started):
    contestant, run_dir = claimed(started.contestants.get(position=0))
    CONTESTANT.write_inputs(contestant, run_dir)
    odd = str(started.evaluation_set.prompts.first().pk)
    write_answers(run_dir, contestant, {odd: "Nothing of the kind, but $99 in 1999."})
    publish(contestant, run_dir)
    assert contestant.outputs.count() == 8
    output = contestant.outputs.get(prompt_id=odd)
    assert output.metrics["adherence"] == 0
    assert output.metrics["unsupported"] == ["1999", "$99"]
    assert (output.reference_nll, output.reference_tokens, output.finish) == (1.5, 100, "stop")
    assert contestant.outputs.filter(for_review=True).count() == 5
    contestant.refresh_from_db()
    assert contestant.metrics["validation_loss"]["value"] == pytest.approx(1.5)
    assert contestant.metrics["adherence"]["value"] == pytest.approx(7 / 8)


def test_it_gives_the_same_prompts_of_every_contestant_to_people(started):
    for contestant in started.contestants.all():
        contestant, run_dir = claimed(contestant)
        CONTESTANT.write_inputs(contestant, run_dir)
        write_answers(run_dir, contestant)
        publish(contestant, run_dir)
    asked = [set(each.outputs.filter(for_review=True).values_list("prompt_id", flat=True))
             for each in started.contestants.all()]  # fmt: skip
    assert asked[0] == asked[1]
    assert len(asked[0]) == 5
    keys = Output.objects.values_list("queue_key", flat=True)
    assert len(set(keys)) == 16


def test_it_refuses_to_publish_when_answers_are_missing(started):
    contestant, run_dir = claimed(started.contestants.get(position=0))
    CONTESTANT.write_inputs(contestant, run_dir)
    write_answers(run_dir, contestant)
    lines = run_dir.outputs.read_text().splitlines(keepends=True)
    run_dir.outputs.write_text("".join(lines[:-2]))
    with pytest.raises(JobFailed, match="Only 6 of 8"):
        CONTESTANT.check(contestant, run_dir, {"status": "succeeded"})
    with pytest.raises(JobFailed, match="out of memory"):
        CONTESTANT.check(contestant, run_dir, {"status": "failed", "message": "It ran out of memory."})


def test_it_carries_what_a_failed_attempt_has_written_into_the_next(started, ada):
    contestant, run_dir = claimed(started.contestants.get(position=0))
    CONTESTANT.write_inputs(contestant, run_dir)
    write_answers(run_dir, contestant)
    contestant.fail(contestant.lease_owner, "killed", "The process was ended from outside.")
    retry_contestant(contestant=contestant, by=ada)
    again, second = claimed(Contestant.objects.get(pk=contestant.pk))
    assert again.attempt == 2
    assert not again.attempts_used_up
    CONTESTANT.write_inputs(again, second)
    assert len(read_rows(second.outputs)) == 8


def test_it_tries_only_failed_contestants_again(started, ada):
    with pytest.raises(ValidationError, match="has failed"):
        retry_contestant(contestant=started.contestants.first(), by=ada)


def test_it_leaves_a_contestant_out_once(started, ada):
    contestant = started.contestants.first()
    leave_out(contestant=contestant, by=ada)
    contestant.refresh_from_db()
    assert contestant.status == Status.CANCELLED
    with pytest.raises(ValidationError, match="left out"):
        leave_out(contestant=contestant, by=ada)
    Contestant.objects.filter(pk=contestant.pk).update(status=Status.FAILED)
    leave_out(contestant=contestant, by=ada)
    contestant.refresh_from_db()
    assert contestant.status == Status.CANCELLED


def test_it_takes_whoever_opens_the_results_off_the_queue(project, ada, rita):
    evaluation = factories.evaluation(project, [None, factories.adapter(project)])
    assert scoring.next_to_score(project, ada)
    open_results(evaluation=evaluation, by=ada)
    assert not Lease.objects.filter(user=ada).exists()
    assert scoring.next_to_score(project, ada) is None
    assert "opened the results" in " ".join(scoring.why_nothing(project, ada))
    assert scoring.next_to_score(project, rita)


def test_it_measures_against_instruction_and_input(project):
    prompt = factories.held_out(project, 1)[0]
    assert NOTE in prompt.source
    assert prompt.instruction in prompt.source
