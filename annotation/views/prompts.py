from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Prefetch, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from annotation import diff
from annotation.access import MemberRequest, project_for
from annotation.forms.prompts import PromptFilterForm
from annotation.models import Demonstration, Prompt, PromptQuerySet, Ranking, Revision, Role
from annotation.ranking import LETTERS
from annotation.templating import render as rendered

PAGE = 50
ORDER_OF_STATUS = ("approved", "submitted", "returned", "draft")


@require_safe
def prompts(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Keyset pages by position: the last page of a hundred thousand costs what the first does."""
    project = project_for(request, pk, "read results")
    form = PromptFilterForm(request.GET, project=project)
    found = form.matching(project.prompts.all())
    page = _page(found, request.GET.get("after", ""), request.GET.get("before", ""))
    query = urlencode({name: value for name, value in form.chosen().items() if value})
    context = {
        "project": project,
        "form": form,
        "filtered": bool(query),
        "rows": [(prompt, _status(prompt)) for prompt in page.prompts],
        "total": found.count(),
        "previous": page.earlier and f"?before={page.prompts[0].position}&{query}".rstrip("&"),
        "next": page.later and f"?after={page.prompts[-1].position}&{query}".rstrip("&"),
    }
    return render(request, "annotation/prompts.html", context)


@require_safe
def prompt(request: MemberRequest, pk: UUID, prompt_pk: UUID) -> HttpResponse:
    """One prompt with everything that came of it, but for other people's drafts.

    Rankings are for admins: reviewers still rank themselves.
    """
    project = project_for(request, pk, "read results")
    prompt = get_object_or_404(project.prompts, pk=prompt_pk)
    revisions = Prefetch("revisions", Revision.objects.select_related("created_by"))
    told = prompt.demonstrations.exclude(~Q(author=request.user), status=Demonstration.Status.DRAFT)
    demonstrations = told.select_related("author", "reviewed_by").prefetch_related(revisions)
    is_admin = request.role == Role.ADMIN
    return render(
        request,
        "annotation/prompt.html",
        {
            "project": project,
            "prompt": prompt,
            "asked": rendered(project.instruction_template, prompt.instruction, prompt.input),
            "demonstrations": [(one, _history(one)) for one in demonstrations],
            "comparisons": _comparisons(prompt) if is_admin else [],
            "is_admin": is_admin,
        },
    )


@dataclass(frozen=True)
class Page:
    prompts: list[Prompt]
    earlier: bool
    later: bool


def _page(found: PromptQuerySet, after: str, before: str) -> Page:
    """One row more than is shown tells whether there are others; where one came from there are."""
    if _is_position(before):
        rows = _rows(found.filter(position__lt=int(before)).order_by("-position"))
        return Page(rows[:PAGE][::-1], earlier=len(rows) > PAGE, later=bool(rows))
    if _is_position(after):
        rows = _rows(found.filter(position__gt=int(after)).order_by("position"))
        return Page(rows[:PAGE], earlier=bool(rows), later=len(rows) > PAGE)
    rows = _rows(found.order_by("position"))
    return Page(rows[:PAGE], earlier=False, later=len(rows) > PAGE)


def _is_position(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _rows(found: PromptQuerySet) -> list[Prompt]:
    """Chosen by an index without their texts, which are then read for these only."""
    demonstrations = Demonstration.objects.select_related("author").defer("text")
    chosen = Prompt.objects.filter(pk__in=found.values("pk")[: PAGE + 1]).order_by(*found.query.order_by)
    return list(chosen.prefetch_related(Prefetch("demonstrations", demonstrations)))


def _status(prompt: Prompt) -> Demonstration | None:
    """The demonstration that got furthest."""
    return min(prompt.demonstrations.all(), key=lambda one: ORDER_OF_STATUS.index(one.status), default=None)


def _history(demonstration: Demonstration) -> list[tuple[Revision, list[diff.Piece] | None]]:
    """Newest first; each revision with what it changed in the one before, if it changed anything."""
    revisions = list(demonstration.revisions.all())
    earlier = [None, *revisions][: len(revisions)]
    return [
        (now, diff.words(before.text, now.text) if before and before.text != now.text else None)
        for before, now in zip(earlier, revisions, strict=True)
    ][::-1]


def _comparisons(prompt: Prompt) -> list[dict[str, Any]]:
    """Comparisons with their candidates by letter, and each ranking in those letters."""
    rankings = Prefetch("rankings", Ranking.objects.select_related("ranker"))
    found = []
    asked = prompt.comparisons.filter(repeat_of=None).select_related("gold", "adjudication")
    for comparison in asked.prefetch_related("candidates", rankings):
        candidates = list(zip(LETTERS, comparison.candidates.all(), strict=False))
        names = {str(candidate.pk): letter for letter, candidate in candidates}
        found.append(
            {
                "comparison": comparison,
                "candidates": candidates,
                "rankings": [(ranking, _in_letters(ranking, names)) for ranking in comparison.rankings.all()],
            }
        )
    return found


def _in_letters(ranking: Ranking, names: dict[str, str]) -> str:
    """“B, then A and C”."""
    groups = (" and ".join(sorted(names.get(candidate, "?") for candidate in group)) for group in ranking.order)
    return ", then ".join(groups)
