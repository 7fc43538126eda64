"""A round from easy to hard, its mix of task types, and the shuffled round beside it: what is launched and shown."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from rest_framework.test import APIClient

from annotation.models import Demonstration, Project, Prompt
from training import actions
from training.actions.rounds import retry_round
from training.arrangement import arrangement_words, arranging, by_task
from training.freezing import datasets
from training.jobs import Status
from training.management.waiting import report_round
from training.models import Adapter, BaseModel, DatasetVersion, Preflight, TrainingRound
from training.run_dir import read_rows, write_json
from training.running import kinds
from training.wording import findings

pytestmark = pytest.mark.django_db
ORDERED = {"curriculum": "length", "curriculum_stages": 2, "replay_share": 0.25}
MIXTURE = [
    {"task_type": "letter", "rows": 6, "share": 0.75, "drawn_per_pass": 4, "drawn_share": 0.5, "held_out": 2},
    {"task_type": "", "rows": 2, "share": 0.25, "drawn_per_pass": 4.5, "drawn_share": 0.5, "held_out": 1},
]
STAGES = [
    {"rows": 4, "replayed": 0, "easiest": 3.0, "hardest": 9.0, "drawn": 10},
    {"rows": 4, "replayed": 3, "easiest": 9.0, "hardest": 40.0, "drawn": 14},
]


@pytest.fixture
def launch(dataset: DatasetVersion, base_model: BaseModel, ada: Any, rung: Any) -> Any:
    def launched(**params: Any) -> TrainingRound:
        return actions.launch_round(
            project=dataset.project, method="sft", dataset_version=dataset, params=params, by=ada, note="Why"
        )

    return launched


def finished(round: TrainingRound, **result: Any) -> Adapter:
    TrainingRound.objects.filter(pk=round.pk).update(status=Status.SUCCEEDED, result=result, attempt=1)
    return Adapter.objects.create(
        project=round.project, round=round, base_model=round.base_model, sha256=str(round.number) * 64, size_bytes=1
    )


def test_a_round_in_order_brings_its_shuffled_baseline(launch: Any) -> None:
    ordered = launch(**ORDERED, seed=5)
    beside = ordered.baselines.get()
    assert (ordered.number, beside.number, beside.status) == (1, 2, Status.QUEUED)
    assert beside.note == "Shuffled baseline of round 1. Why"
    assert beside.params == {**ordered.params, "curriculum": "none"}
    for name in ("dataset_version", "base_model", "parent_adapter", "method", "created_by"):
        assert getattr(beside, name) == getattr(ordered, name)
    assert launch().number == 3


def test_it_brings_none_where_none_is_wanted(launch: Any) -> None:
    launch(**ORDERED, shuffled_baseline=False)
    launch()
    launch(task_mixing="equal")
    assert not TrainingRound.objects.exclude(baseline_of=None).exists()


def test_two_rounds_need_two_places(launch: Any, settings: Any) -> None:
    settings.ROUNDS_QUEUED_PER_PROJECT = 2
    launch()
    with pytest.raises(ValidationError) as refused:
        launch(**ORDERED)
    assert "With its shuffled baseline this is two rounds" in refused.value.messages[0]
    assert launch(**ORDERED, shuffled_baseline=False).number == 2


def test_a_round_tried_again_keeps_the_baseline_it_has(launch: Any, ada: Any) -> None:
    ordered = launch(**ORDERED)
    beside = ordered.baselines.get()
    TrainingRound.objects.filter(pk=ordered.pk).update(status=Status.FAILED)
    ordered.refresh_from_db()
    again = retry_round(round=ordered, by=ada)
    assert list(again.baselines.all()) == [beside]
    assert TrainingRound.objects.count() == 3

    TrainingRound.objects.filter(pk=beside.pk).update(status=Status.FAILED)
    beside.refresh_from_db()
    beside_again = retry_round(round=beside, by=ada)
    assert beside_again.baseline_of == again
    assert beside_again.params["curriculum"] == "none"


def test_a_round_tried_again_without_a_living_baseline_gets_a_new_one(launch: Any, ada: Any) -> None:
    ordered = launch(**ORDERED)
    TrainingRound.objects.update(status=Status.CANCELLED)
    ordered.refresh_from_db()
    again = retry_round(round=ordered, by=ada)
    assert again.baselines.get().number == again.number + 1


def test_early_stopping_and_an_order_exclude_each_other(launch: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        launch(**ORDERED, early_stopping_patience=2)
    assert "hard rows" in refused.value.message_dict["early_stopping_patience"][0]


# --- What the recipe gets -------------------------------------------------------------------------------------


def test_its_rows_carry_their_task_type(taught: Project, launch: Any, ada: Any, base_model: BaseModel) -> None:
    Prompt.objects.filter(pk=taught.prompts.first().pk).update(task_type="letter")
    fresh = actions.freeze(kind="demonstrations", project=taught, by=ada)
    assert fresh.is_new
    assert [row.get("task_type") for row in datasets.training_rows(fresh)].count("letter") == 1
    round = actions.launch_round(project=taught, method="sft", dataset_version=fresh, params=ORDERED, by=ada)
    assert _inputs(round)["rows"].count("letter") == 1


def test_its_rows_carry_the_experts_marks(taught: Project, ada: Any, base_model: BaseModel, rung: Any) -> None:
    marked = Demonstration.objects.filter(prompt__project=taught).first()
    Demonstration.objects.filter(pk=marked.pk).update(difficulty=3)
    fresh = actions.freeze(kind="demonstrations", project=taught, by=ada)
    params = {"curriculum": "mark"}
    round = actions.launch_round(project=taught, method="sft", dataset_version=fresh, params=params, by=ada)
    run_dir = round.run_dir(1)
    run_dir.path.mkdir(parents=True)
    kinds.ROUND.write_inputs(round, run_dir)
    rows = [*read_rows(run_dir.train), *read_rows(run_dir.validation)]
    assert {row["id"]: row["difficulty"] for row in rows if "difficulty" in row} == {str(marked.pk): 3}


def test_versions_frozen_without_task_types_take_them_from_their_prompts(launch: Any) -> None:
    round = launch()
    version = round.dataset_version
    assert not any("task_type" in row for row in datasets.training_rows(version))
    assert _inputs(round)["rows"] == [None] * version.train_rows
    Prompt.objects.update(task_type="letter")
    found = datasets.with_task_types(datasets.training_rows(version))
    assert {row["task_type"] for row in found} == {"letter"}
    gone = [{"id": "1", "prompt_id": "00000000-0000-0000-0000-000000000000"}, {"id": "2"}]
    assert datasets.with_task_types(gone) == gone
    kept = [{"id": "1", "prompt_id": str(Prompt.objects.first().pk), "task_type": "summary"}]
    assert datasets.with_task_types(kept) == kept


def test_a_baseline_is_told_to_draw_the_same_rows(launch: Any) -> None:
    ordered = launch(**ORDERED)
    assert _inputs(ordered)["same_draws"] is False
    assert _inputs(ordered.baselines.get())["same_draws"] is True


def test_a_later_attempt_reads_the_order_of_the_earlier_one(launch: Any) -> None:
    round = launch(**ORDERED)
    TrainingRound.objects.filter(pk=round.pk).update(attempt=1)
    round.refresh_from_db()
    round.run_dir().path.mkdir(parents=True)
    write_json(round.run_dir().path / arranging.ORDER, {"order": [1, 0]})
    TrainingRound.objects.filter(pk=round.pk).update(attempt=2)
    round.refresh_from_db()
    _inputs(round)
    assert json.loads((round.run_dir().path / arranging.ORDER).read_text()) == {"order": [1, 0]}


def _inputs(round: TrainingRound) -> dict[str, Any]:
    run_dir = round.run_dir(max(1, round.attempt))
    run_dir.path.mkdir(parents=True, exist_ok=True)
    kinds.ROUND.write_inputs(round, run_dir)
    return {**run_dir.read_params(), "rows": [row.get("task_type") for row in read_rows(run_dir.train)]}


# --- What people see ------------------------------------------------------------------------------------------


def test_both_pages_hold_both_losses_against_each_other(
    launch: Any, sign_in: Any, ada: Any, django_assert_max_num_queries: Any
) -> None:
    ordered = launch(**ORDERED)
    beside = ordered.baselines.get()
    client = sign_in(ada)
    page = reverse("round", args=[ordered.project_id, ordered.pk])
    assert "when both rounds have succeeded" in client.get(page).content.decode()
    finished(ordered, eval_loss=1.2344)
    finished(beside, eval_loss=1.3)
    for each in (ordered, beside):
        with django_assert_max_num_queries(12):
            shown = client.get(reverse("round", args=[each.project_id, each.pk])).content.decode()
        assert "Held-out loss is 1.234 from easy to hard and 1.300 shuffled." in shown
        assert "Evaluate both" in shown
    assert "This round is its shuffled baseline" in shown
    alone = launch()
    assert "shuffled baseline" not in client.get(reverse("round", args=[alone.project_id, alone.pk])).content.decode()


def test_without_held_out_rows_an_evaluation_has_to_say(launch: Any, sign_in: Any, ada: Any) -> None:
    ordered = launch(**ORDERED)
    finished(ordered)
    finished(ordered.baselines.get())
    page = sign_in(ada).get(reverse("round", args=[ordered.project_id, ordered.pk])).content.decode()
    assert "There were no held-out rows" in page


def test_the_page_shows_losses_by_task_type_and_stages(launch: Any, sign_in: Any, ada: Any) -> None:
    round = launch(**ORDERED)
    TrainingRound.objects.filter(pk=round.pk).update(status=Status.RUNNING, attempt=1)
    run_dir = round.run_dir(1)
    run_dir.path.mkdir(parents=True)
    write_json(run_dir.preflight, {"mixture": MIXTURE})
    run_dir.append_event("stages", by="perplexity", stages=STAGES)
    run_dir.append_event("eval", step=3, eval_loss=2.0, tasks={"letter": 1.5, "": 2.5})
    run_dir.append_event("eval", step=0, eval_loss=3.0, tasks={"letter": 2.75, "": 3.25})
    page = sign_in(ada).get(reverse("round", args=[round.project_id, round.pk])).content.decode()
    assert page.index("letter") < page.index("without a task type")
    assert '<td class="num">2</td><td class="num">2.750</td><td class="num">1.500</td>' in page
    assert "how much the answer surprises the model" in page
    assert '<td class="num">9 to 40</td><td class="num">14</td><td class="num">21 %</td>' in page
    shell = _round_status(round)
    assert "Held-out loss, letter: 2.750 before, 1.500 now (2 rows)." in shell
    assert "Held-out loss, without a task type: 3.250 before, 2.500 now (1 row)." in shell


def test_the_command_holds_the_losses_of_both_orders_against_each_other(launch: Any) -> None:
    ordered = launch(**ORDERED)
    shuffled = ordered.baselines.get()
    assert "Round 2 · SFT has the same rows, shuffled. Both held-out losses stand here" in _round_status(ordered)
    finished(ordered, eval_loss=1.5)
    finished(shuffled, eval_loss=1.25)
    losses = "Held-out loss is 1.500 from easy to hard and 1.250 shuffled."
    assert f"Round 2 · SFT has the same rows, shuffled. {losses}" in _round_status(ordered)
    assert f"Round 1 · SFT has the same rows, from easy to hard. {losses}" in _round_status(shuffled)


def test_waiting_for_a_round_in_order_is_waiting_for_both(launch: Any) -> None:
    ordered = launch(**ORDERED)
    shuffled = ordered.baselines.get()
    finished(ordered, eval_loss=1.5)
    TrainingRound.objects.filter(pk=shuffled.pk).update(status=Status.FAILED, failure_message="It diverged.")
    command = BaseCommand(stdout=StringIO(), stderr=(told := StringIO()))
    with pytest.raises(CommandError, match="Round 2 · SFT has failed"):
        report_round(command, {"wait": True, "json": False}, ordered)
    assert told.getvalue().splitlines()[1:] == ["Now its shuffled baseline, Round 2 · SFT.", "It diverged."]
    finished(shuffled, eval_loss=1.25)
    command = BaseCommand(stdout=(out := StringIO()), stderr=StringIO())
    report_round(command, {"wait": True, "json": False}, ordered)
    assert "Round 2 is its shuffled baseline." in out.getvalue()


def _round_status(round: TrainingRound) -> str:
    out = StringIO()
    call_command("round_status", "--project", str(round.project_id), "--round", str(round.number), stdout=out)
    return out.getvalue()


def test_the_check_shows_the_mix_and_the_stages(
    dataset: DatasetVersion, base_model: BaseModel, sign_in: Any, ada: Any, rung: Any
) -> None:
    project = dataset.project
    preflight = actions.start_preflight(project=project, method="sft", dataset_version=dataset, params={}, by=ada)
    report = {"train": {}, "validation": {}, "reasons": [], "mixture": MIXTURE, "ordered_by": "length"}
    Preflight.objects.update(status=Status.SUCCEEDED, report={**report, "stages": STAGES})
    page = sign_in(ada).get(reverse("preflight", args=[project.pk, preflight.pk])).content.decode()
    assert (
        '<th scope="row">letter</th><td class="num">6</td><td class="num">75 %</td><td class="num">50 %</td>'
        '<td class="num">4</td><td class="num">2</td>'
    ) in page
    assert "the length of the answer in tokens" in page
    Preflight.objects.update(report={**report, "mixture": MIXTURE[:1], "stages": None})
    page = sign_in(ada).get(reverse("preflight", args=[project.pk, preflight.pk])).content.decode()
    assert "Share of the round" not in page
    assert "Easiest to hardest" not in page


def test_the_command_says_what_the_page_shows() -> None:
    said = findings({"mixture": MIXTURE, "ordered_by": "mark", "stages": [{**STAGES[0], "easiest": 1, "hardest": 2}]})
    assert said[:4] == [
        "letter: 6 rows, 75 % of the data; 50 % of the round, 4 rows in each pass.",
        "without a task type: 2 rows, 25 % of the data; 50 % of the round, 4.5 rows in each pass.",
        "From easy to hard by the mark that experts gave.",
        "Stage 1: 4 rows (easy to usual); 10 read in it, 0 % of these from earlier stages.",
    ]
    assert arrangement_words.lines({}) == []


def test_the_form_launches_an_order_by_its_names(
    dataset: DatasetVersion, base_model: BaseModel, sign_in: Any, ada: Any, rung: Any
) -> None:
    client, page = sign_in(ada), reverse("round_create", args=[dataset.project_id])
    shown = client.get(page).content.decode()
    assert "Short answers first" in shown
    assert "In between, by temperature" in shown
    sent = {"method": "sft", "dataset_version": dataset.pk, "preset": "standard", "finetuning_type": "lora"}
    sent |= {"curriculum": "length", "curriculum_stages": 4, "shuffled_baseline": "no", "task_mixing": "temperature"}
    assert client.post(page, sent).status_code == 302
    params = Preflight.objects.get().params
    assert (params["curriculum"], params["curriculum_stages"], params["shuffled_baseline"]) == ("length", 4, False)
    assert (params["task_mixing"], params["replay_share"]) == ("temperature", 0.2)


def test_settings_that_change_nothing_are_not_shown(launch: Any, sign_in: Any, ada: Any) -> None:
    client = sign_in(ada)
    plain = launch(shuffled_baseline=True)
    page = client.get(reverse("round", args=[plain.project_id, plain.pk])).content.decode()
    assert "Repeated share" not in page
    assert "Temperature of the mix" not in page
    ordered = launch(**ORDERED, task_mixing="temperature")
    page = client.get(reverse("round", args=[plain.project_id, ordered.pk])).content.decode()
    assert "Repeated share" in page
    assert "Temperature of the mix" in page


def test_command_and_api_name_the_baseline(dataset: DatasetVersion, base_model: BaseModel, ada: Any, rung: Any) -> None:
    out = StringIO()
    arguments = ["--project", str(dataset.project_id), "--by", "ada", "--method", "sft", "--param", "curriculum=length"]
    call_command("launch_round", *arguments, stdout=out, stderr=StringIO())
    assert "Round 2 is its shuffled baseline." in out.getvalue()
    call_command("launch_round", *arguments, "--json", stdout=(out := StringIO()), stderr=StringIO())
    assert json.loads(out.getvalue())["baseline"] == 4
    client = APIClient()
    client.force_authenticate(ada)
    first = TrainingRound.objects.get(number=1)
    listed = client.get(f"/api/v1/projects/{dataset.project_id}/rounds/?baseline_of={first.pk}").json()
    assert [found["number"] for found in listed["results"]] == [2]
    assert listed["results"][0]["baseline_of"] == str(first.pk)


# --- Losses by task type --------------------------------------------------------------------------------------


def test_it_takes_the_last_measurement_or_the_one_that_was_kept() -> None:
    events = [
        {"event": "eval", "step": 2, "tasks": {"a": 2.0, "b": 4.0}},
        {"event": "eval", "step": 0, "tasks": {"a": 3.0, "b": 5.0}},
        {"event": "log", "step": 3, "loss": 1.0},
        {"event": "eval", "step": 4, "tasks": {"a": 2.5, "b": 4.5}},
    ]
    assert by_task.losses(events) == {"a": {"before": 3.0, "now": 2.5}, "b": {"before": 5.0, "now": 4.5}}
    assert by_task.losses(events, best_step=2)["a"] == {"before": 3.0, "now": 2.0}
    assert by_task.losses(events[:1])["a"] == {"before": None, "now": 2.0}
    assert by_task.losses(events[1:2])["a"] == {"before": 3.0, "now": None}
    assert by_task.losses([{"event": "eval", "step": 0, "eval_loss": 1.0}]) == {}


def test_it_lists_the_type_with_the_most_held_out_rows_first() -> None:
    found = {"a": {"before": 1.0, "now": None}, "b": {"before": 2.0, "now": 1.0}, "": {"before": 3.0, "now": 2.0}}
    listed = by_task.lines(found, {"b": 4, "a": 1})
    assert [(line.name, line.rows) for line in listed] == [("b", 4), ("a", 1), ("without a task type", None)]
