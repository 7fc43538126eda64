"""The outputs behind a number: prompts in order, the worst first, and every contestant's text side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from annotation.access import project_for
from annotation.models import Project, Prompt
from evaluation import measures
from evaluation.comparison import Column, Comparison, compare
from evaluation.measures import Measure
from evaluation.models import Evaluation, Output
from evaluation.progress import progress_of, visible_to


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
    unsupported: list[str]


@require_safe
def evaluation_outputs(request: HttpRequest, pk: UUID, evaluation_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "read results")
    evaluation = get_object_or_404(project.evaluations, pk=evaluation_pk)
    evaluation.project = project
    progress = progress_of(evaluation)
    if not progress.answered or not visible_to(evaluation, request.user, progress):
        return render(request, "evaluation/outputs.html", {"evaluation": evaluation, "closed": True})
    comparison = compare(evaluation, progress.contestants)
    column = _column(comparison, request.GET.get("contestant", ""))
    measure = _measure(comparison, request.GET.get("measure", ""))
    ordered = measures.worst_first(measure, column.outputs)
    present = _present([facts.prompt_id for facts, _ in ordered], request.GET.get("prompt", ""))
    prompts = {str(each.pk): each for each in evaluation.evaluation_set.prompts.all()}
    context = {
        "evaluation": evaluation,
        "comparison": comparison,
        "columns": comparison.answered,
        "column": column,
        "measure": measure,
        "measures": comparison.measures,
        "listed": [_listed(prompts[f.prompt_id], measure, value, present) for f, value in ordered],
        "prompt": prompts[present],
        "sides": _sides(comparison, measure, present),
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


def _listed(prompt: Prompt, measure: Measure, value: float | None, present: str) -> Listed:
    shown = measure.show(value)
    if measure.yes_or_no and value is not None:
        shown = "yes" if value else "no"
    return Listed(str(prompt.pk), str(prompt), prompt.task_type, shown, str(prompt.pk) == present)


def _sides(comparison: Comparison, measure: Measure, prompt_id: str) -> list[Side]:
    found = Output.objects.filter(contestant__evaluation=comparison.evaluation, prompt_id=prompt_id)
    outputs = {output.contestant_id: output for output in found.prefetch_related("reviews__reviewer")}
    return [
        _side(comparison, column, outputs.get(column.contestant.pk), measure, prompt_id)
        for column in comparison.answered
    ]


def _side(comparison: Comparison, column: Column, output: Output | None, measure: Measure, prompt_id: str) -> Side:
    facts = next((each for each in column.outputs if each.prompt_id == prompt_id), None)
    values = [
        (each.label, _shown(each, each.value(facts)), each.key == measure.key) for each in comparison.measures
    ] if facts else []  # fmt: skip
    return Side(column, output, values, output.metrics.get("unsupported", []) if output else [])


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
