"""The outputs behind a number: prompts in order, the worst first, and every contestant's text side by side."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from annotation.access import MemberRequest, project_for
from annotation.models import Project
from evaluation import measures
from evaluation.comparison import Column, Comparison, compare
from evaluation.measures import Facts, Measure
from evaluation.models import Evaluation, Output, Review
from evaluation.progress import Progress, scores_the_same_prompts, visible_to


@dataclass(frozen=True)
class Listed:
    """A prompt in the list, with the chosen contestant's value."""

    id: str
    name: str
    task_type: str
    value: str
    present: bool


@dataclass(frozen=True)
class Side:
    column: Column
    output: Output | None
    values: list[tuple[str, str, bool]]
    reviews: list[Review]


@require_safe
def evaluation_outputs(request: MemberRequest, pk: UUID, evaluation_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "read results")
    evaluation = get_object_or_404(project.evaluations, pk=evaluation_pk)
    evaluation.project = project
    comparison = compare(evaluation)
    contestants = [column.contestant for column in comparison.columns]
    progress = Progress(contestants, comparison.reviews_wanted, comparison.reviews_in)
    if not progress.answered or not visible_to(evaluation, request.user, progress):
        return render(request, "evaluation/outputs.html", {"evaluation": evaluation, "closed": True})
    if scores_the_same_prompts(evaluation, request.user):
        return render(request, "evaluation/outputs.html", {"evaluation": evaluation, "closed": True, "elsewhere": True})
    column = _column(comparison, request.GET.get("contestant", ""))
    measure = _measure(comparison, request.GET.get("measure", ""))
    ordered = measures.worst_first(measure, column.outputs)
    present = _present([facts.prompt_id for facts, _ in ordered], request.GET.get("prompt", ""))
    sides = _sides(comparison, measure, present)
    context = {
        "evaluation": evaluation,
        "comparison": comparison,
        "columns": comparison.answered,
        "column": column,
        "measure": measure,
        "measures": comparison.measures,
        "listed": [_listed(facts, measure, value, present) for facts, value in ordered],
        "prompt": next(side.output.prompt for side in sides if side.output),
        "sides": sides,
        **_neighbours(project, evaluation, column, measure, [facts.prompt_id for facts, _ in ordered], present),
    }
    return render(request, "evaluation/outputs.html", context)


def _column(comparison: Comparison, wanted: str) -> Column:
    """The chosen contestant, or the last one: what is new interests most."""
    found = (each for each in comparison.answered if str(each.contestant.pk) == wanted)
    return next(found, comparison.answered[-1])


def _measure(comparison: Comparison, wanted: str) -> Measure:
    default = measures.UTILITY.key if comparison.reviews_in else "rouge_l"
    by_key = {each.key: each for each in comparison.measures}
    return by_key.get(wanted) or by_key[default]


def _present(ordered: list[str], wanted: str) -> str:
    return wanted if wanted in ordered else ordered[0]


def _listed(facts: Facts, measure: Measure, value: float | None, present: str) -> Listed:
    return Listed(facts.prompt_id, facts.prompt, facts.task_type, _shown(measure, value), facts.prompt_id == present)


def _sides(comparison: Comparison, measure: Measure, prompt_id: str) -> list[Side]:
    evaluation = comparison.evaluation
    found = Output.objects.filter(contestant__evaluation=evaluation, prompt_id=prompt_id).select_related("prompt")
    outputs = {output.contestant_id: output for output in found}
    reviews = defaultdict(list)
    for review in Review.objects.filter(output__in=list(outputs.values())).select_related("reviewer"):
        reviews[review.output_id].append(review)
    sides = []
    for column in comparison.answered:
        output = outputs.get(column.contestant.pk)
        facts = next((each for each in column.outputs if each.prompt_id == prompt_id), None)
        values = _values(comparison, facts, measure) if facts else []
        sides.append(Side(column, output, values, reviews[output.pk] if output else []))
    return sides


def _values(comparison: Comparison, facts: Facts, chosen: Measure) -> list[tuple[str, str, bool]]:
    return [(each.label, _shown(each, each.value(facts)), each.key == chosen.key) for each in comparison.measures]


def _shown(measure: Measure, value: float | None) -> str:
    if measure.yes_or_no and value is not None:
        return "yes" if value else "no"
    return measure.show(value)


def _neighbours(
    project: Project, evaluation: Evaluation, column: Column, measure: Measure, ordered: list[str], present: str
) -> dict[str, Any]:
    base = reverse("evaluation_outputs", args=[project.pk, evaluation.pk])
    query = f"?contestant={column.contestant.pk}&measure={measure.key}&prompt="
    at = ordered.index(present)
    before, after = ordered[at - 1] if at else "", ordered[at + 1] if at + 1 < len(ordered) else ""
    return {
        "here": base + query,
        "previous": base + query + before if before else "",
        "next": base + query + after if after else "",
        "at": at + 1,
    }
