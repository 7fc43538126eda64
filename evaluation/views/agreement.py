from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from annotation.access import MemberRequest, project_for
from annotation.actions import reporting
from annotation.agreement import SOURCE, Agreement
from annotation.models import Comparison, Project, Prompt, name_of
from annotation.quality.agreements import Section
from evaluation.agreement import sections as sections_of_scores
from training.tasks import worker_is_running


@dataclass(frozen=True)
class Worst:
    name: str
    url: str
    judgements: int
    apart: int
    impact: int


@dataclass(frozen=True)
class Shown:
    section: Section
    pairs: list[tuple[str, str, Agreement]]
    worst: list[Worst]


@require_safe
def agreement(request: MemberRequest, pk: UUID) -> HttpResponse:
    """For every kind of label: the figure, what it means, who differs from whom, and on what.

    `waiting`: the page asks by itself whether the worker is done.
    """
    project = project_for(request, pk, "read results")
    kept = reporting.agreement(project=project, waiting="waiting" in request.GET)
    every = [*kept.sections, *sections_of_scores(project)]
    names = {user.pk: name_of(user) for user in User.objects.filter(pk__in=set().union(*(e.people for e in every)))}
    pages = _pages(project, every)
    context = {
        "project": project,
        "kept": kept,
        "working": kept.due and not kept.problem,
        "no_worker": kept.due and not worker_is_running(),
        "sections": [_shown(each, names, pages) for each in every if each.report.overall.units],
        "without": [each for each in every if not each.report.overall.units],
        "source": SOURCE,
    }
    return render(request, "evaluation/agreement.html", context)


def _shown(section: Section, names: dict[int, str], pages: dict[str, tuple[str, str]]) -> Shown:
    pairs = [
        (names.get(int(str(pair.one)), "?"), names.get(int(str(pair.other)), "?"), pair.agreement)
        for pair in section.report.pairs
    ]
    worst = [
        Worst(*pages[each.pk], each.judgements, round(100 * each.disagreement), round(100 * each.impact))
        for each in section.items
        if each.pk in pages
    ]
    return Shown(section, pairs, worst)


def _pages(project: Project, every: list[Section]) -> dict[str, tuple[str, str]]:
    """By item: its prompt's name and where the item can be looked at."""
    wanted: dict[str, list[str]] = {"comparison": [], "prompt": []}
    for each in every:
        if each.page:
            wanted[each.page] += [item.pk for item in each.items]
    found: dict[str, Any] = {}
    compared = Comparison.objects.filter(project=project, pk__in=wanted["comparison"]).select_related("prompt")
    for one in compared.defer("prompt__input"):
        found[str(one.pk)] = (str(one.prompt), reverse("disagreement", args=[project.pk, one.pk]))
    by_prompt = {name.partition(":")[0]: name for name in wanted["prompt"]}
    for prompt in Prompt.objects.filter(project=project, pk__in=list(by_prompt)).only("external_id", "position"):
        found[by_prompt[str(prompt.pk)]] = (str(prompt), reverse("prompt", args=[project.pk, prompt.pk]))
    return found
