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
from annotation.agreement import SOURCE, Agreement
from annotation.models import Comparison, Project, Prompt, name_of
from annotation.quality import agreements
from annotation.quality.agreements import PAIRS_SHOWN, Section
from evaluation.agreement import sections as sections_of_scores


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
    pairs_left: int
    unknown: int
    why: str  # of the first pair of people that has none
    worst: list[Worst]


@require_safe
def agreement(request: MemberRequest, pk: UUID) -> HttpResponse:
    """For every kind of label: the figure, what it means, who differs from whom, and on what."""
    project = project_for(request, pk, "read results")
    every = [*agreements.sections(project), *sections_of_scores(project)]
    names = {user.pk: name_of(user) for user in User.objects.filter(pk__in=set().union(*(e.people for e in every)))}
    pages = _pages(project, every)
    context = {
        "project": project,
        "sections": [_shown(each, names, pages) for each in every if each.report.overall.units],
        "without": [each for each in every if not each.report.overall.units],
        "source": SOURCE,
        "most": agreements.MOST,
    }
    return render(request, "evaluation/agreement.html", context)


def _shown(section: Section, names: dict[int, str], pages: dict[str, tuple[str, str]]) -> Shown:
    pairs = [
        (names.get(int(str(pair.one)), "?"), names.get(int(str(pair.other)), "?"), pair.agreement)
        for pair in section.report.pairs
        if pair.agreement.value is not None
    ]
    without = [pair.agreement.reason for pair in section.report.pairs if pair.agreement.value is None]
    worst = [
        Worst(*pages[str(each.pk)], each.judgements, round(100 * each.disagreement), round(100 * each.impact))
        for each in _worst(section)
        if str(each.pk) in pages
    ]
    return Shown(
        section, pairs[:PAIRS_SHOWN], max(0, len(pairs) - PAIRS_SHOWN), len(without), next(iter(without), ""), worst
    )


def _worst(section: Section) -> list[agreements.Item]:
    return [each for each in section.items[: agreements.WORST] if each.disagreement]


def _pages(project: Project, every: list[Section]) -> dict[str, tuple[str, str]]:
    """By item: its prompt's name and where the item can be looked at."""
    wanted: dict[str, list[str]] = {"comparison": [], "prompt": []}
    for each in every:
        if each.page:
            wanted[each.page] += [str(item.pk) for item in _worst(each)]
    found: dict[str, Any] = {}
    compared = Comparison.objects.filter(project=project, pk__in=wanted["comparison"]).select_related("prompt")
    for one in compared.defer("prompt__input"):
        found[str(one.pk)] = (str(one.prompt), reverse("disagreement", args=[project.pk, one.pk]))
    by_prompt = {name.partition(":")[0]: name for name in wanted["prompt"]}
    for prompt in Prompt.objects.filter(project=project, pk__in=list(by_prompt)).only("external_id", "position"):
        found[by_prompt[str(prompt.pk)]] = (str(prompt), reverse("prompt", args=[project.pk, prompt.pk]))
    return found
