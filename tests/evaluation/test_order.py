"""Whether an order of rows helped, and results by task type."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from annotation.models import Project, Split
from evaluation import order, results, verdicts
from evaluation.comparison import Difference, compare
from evaluation.measures import AUTOMATIC
from evaluation.models import Evaluation, Output
from evaluation.slices import by_task_type
from evaluation.statistics import Estimate
from tests import factories as texts
from tests.evaluation import factories
from training.models import TrainingRound


@pytest.fixture
def two(project: Project) -> list[Any]:
    """An adapter of a round in order and that of its shuffled baseline."""
    ordered, shuffled = factories.adapter(project), factories.adapter(project)
    same = {"baseline_of": ordered.round, "dataset_version": ordered.round.dataset_version}
    TrainingRound.objects.filter(pk=shuffled.round_id).update(**same)
    shuffled.round.refresh_from_db()
    return [ordered, shuffled]


@pytest.fixture
def halved(project: Project) -> list[Any]:
    """An adapter of a round on all rows and that of the round on the best half."""
    whole, half = factories.adapter(project), factories.adapter(project)
    TrainingRound.objects.filter(pk=half.round_id).update(baseline_of=whole.round)
    half.round.refresh_from_db()
    return [whole, half]


def difference(key: str, low: float, high: float, n: int = 20) -> Difference:
    measure = next(each for each in AUTOMATIC if each.key == key)
    return Difference(measure, 0.5, 0.4, Estimate((low + high) / 2, low, high, n))


@pytest.mark.parametrize(
    ("key", "low", "high", "shown"),
    [
        ("validation_loss", 0.0031, 0.29, "0.003 to 0.29"),
        ("rouge_l", -0.2, -0.00004, "−0.20 to −0.00004"),
        ("complete", 0.0041, 0.2, "0.4 to 20 points"),
    ],
)
def test_an_interval_that_leaves_out_zero_does_not_seem_to_begin_there(
    key: str, low: float, high: float, shown: str
) -> None:
    assert verdicts.interval_text(difference(key, low, high)) == shown


@pytest.mark.parametrize(
    ("differences", "side", "begins"),
    [
        ([], 0, "No difference shown: 0 prompts"),
        ([difference("rouge_l", 0.1, 0.2, n=5)], 0, "No difference shown: 5 prompts that both answered are too few"),
        ([difference("rouge_l", -0.1, 0.2)], 0, "No difference shown: on none of 1 measure does"),
        ([difference("rouge_l", 0.1, 0.2)], 1, "The order helped: from easy to hard is clearly better than shuffled"),
        ([difference("validation_loss", -0.2, -0.1)], 1, "The order helped"),
        ([difference("validation_loss", 0.1, 0.2), difference("rouge_l", -0.1, 0.1)], -1, "The order did harm"),
        ([difference("rouge_l", 0.1, 0.2), difference("bleu", -3, -1)], 0, "The order did both"),
    ],
)
def test_overlap_is_no_difference_and_only_clear_ones_count(
    differences: list[Difference], side: int, begins: str
) -> None:
    found, words = order.sentence(differences, str.lower)
    assert found == side
    assert words.startswith(begins)
    if differences and differences[0].estimate.n >= 6:
        assert words.endswith("another seed could say otherwise.")


def test_it_holds_a_round_against_its_baseline_and_not_the_other_way_round(project: Project, two: list[Any]) -> None:
    evaluation = factories.evaluation(project, [None, *two], texts=(factories.POOR, factories.GOOD, factories.FAIR))
    pairs = [(pair.first.label, pair.second.label, pair.asks_for_order) for pair in compare(evaluation).pairs]
    ordered, shuffled = (f"SFT adapter of round {number}" for number in (1, 2))
    base = "Base model SmolLM2-135M-Instruct"
    assert pairs == [(ordered, base, False), (ordered, shuffled, True), (shuffled, base, False)]


def test_its_first_finding_says_whether_the_order_helped(project: Project, two: list[Any]) -> None:
    evaluation = factories.evaluation(project, two, texts=(factories.GOOD, factories.FAIR))
    (verdict,) = verdicts.verdicts(compare(evaluation))
    assert verdict.second == "SFT adapter of round 2, its shuffled baseline"
    assert verdict.findings[0].text.startswith("The order did both: from easy to hard is clearly better on")
    same = factories.evaluation(project, [two[0], two[1]], texts=(factories.GOOD, factories.GOOD))
    Output.objects.filter(contestant__evaluation=same).update(reference_nll=1.5)
    (verdict,) = verdicts.verdicts(compare(same))
    assert verdict.findings[0].tone == verdicts.UNCLEAR
    assert verdict.findings[0].text.startswith("No difference shown: on none of")


@pytest.fixture
def typed(project: Project) -> Evaluation:
    """Eight held-out letters and seven summaries, answered by the base model and an adapter."""
    for number in range(15):
        kind = "letter" if number < 8 else "summary"
        fields = {"external_id": f"held-{number}", "task_type": kind, "reference": factories.GOOD}
        texts.prompt(project, split=Split.EVALUATION, **fields)
    return factories.evaluation(project, [None, factories.adapter(project)], reviewed_prompts=0)


def test_it_measures_each_task_type_alone(typed: Evaluation) -> None:
    comparison = compare(typed)
    letter, summary = by_task_type(comparison)
    assert [(each.name, each.prompts) for each in (letter, summary)] == [("letter", 8), ("summary", 7)]
    for position, column in enumerate(comparison.columns):
        whole = column.rows["rouge_l"]
        parts = [each.columns[position].rows["rouge_l"] for each in (letter, summary)]
        assert {**parts[0], **parts[1]} == whole
        assert len(parts[0]) == letter.columns[position].estimates["rouge_l"].n == 8
    assert letter.columns[1].estimates["validation_loss"].low is not None


def test_of_one_type_there_is_nothing_to_tell_apart(project: Project) -> None:
    assert by_task_type(compare(factories.evaluation(project))) == []


def test_page_command_and_json_show_the_task_types(typed: Evaluation, sign_in: Any, ada: Any) -> None:
    page = sign_in(ada).get(reverse("evaluation", args=[typed.project_id, typed.pk])).content.decode()
    assert "letter: 8 prompts" in page
    assert page.count("<table") >= 3
    said = results.results_table(typed)
    assert "Task type summary: 7 prompts" in said
    assert "Overall utility" not in said.split("Task type letter")[1]  # nobody has judged
    told = results.as_json(compare(typed))["task_types"]
    assert [(each["task_type"], each["prompts"]) for each in told] == [("letter", 8), ("summary", 7)]
    assert told[0]["contestants"][1]["measures"]["rouge_l"]["n"] == 8
    out = StringIO()
    call_command(
        "show_evaluation",
        "--project",
        str(typed.project_id),
        "--by",
        "ada",
        "--evaluation",
        str(typed.number),
        "--json",
        stdout=out,
    )
    assert "task_types" in json.dumps(json.loads(out.getvalue()))


def test_it_says_whether_the_best_half_taught_more(project: Project, halved: list[Any], sign_in: Any, ada: Any) -> None:
    whole, half = halved
    every, best = whole.round.dataset_version, half.round.dataset_version
    assert every != best
    evaluation = factories.evaluation(project, halved, texts=(factories.FAIR, factories.GOOD))
    (pair,) = compare(evaluation).pairs
    assert (pair.asks_for_half, pair.asks_for_order) == (True, False)
    (verdict,) = verdicts.verdicts(compare(evaluation))
    assert verdict.second == "SFT adapter of round 2, the best half of the rows"
    told = verdict.findings[0].text
    assert told.endswith(f"All the rows are {every.train_rows}, the best half is {best.train_rows}.")
    found, words = order.sentence([difference("rouge_l", -0.2, -0.1)], str.lower, order.HALF)
    assert (found, words.startswith("The best half taught more: the round on the best half is clearly")) == (-1, True)
    measured = factories.evaluation(project, halved, reviewed_prompts=0)
    page = sign_in(ada).get(reverse("evaluation", args=[project.pk, measured.pk])).content.decode()
    assert f"learned from {every.train_rows} row" in page
