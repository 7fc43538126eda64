from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import OuterRef, Prefetch, Q, Subquery, UUIDField
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from annotation import alike, diff, informative, queues
from annotation.access import MemberRequest, project_for
from annotation.forms.prompts import PromptFilterForm
from annotation.models import (
    Assignment,
    Demonstration,
    Guidelines,
    Project,
    Prompt,
    PromptQuerySet,
    Ranking,
    Revision,
    Role,
    SwappedCopy,
    name_of,
)
from annotation.ranking import LETTERS
from annotation.scored import Scorer
from annotation.templating import render as rendered

PAGE = 50
LOOKED_THROUGH = 100_000  # prompts that one page of a filter looks through
ORDER_OF_STATUS = ("approved", "submitted", "returned", "draft")


@require_safe
def prompts(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Keyset pages by position: the last page of a hundred thousand costs what the first does."""
    project = project_for(request, pk, "read results")
    form = PromptFilterForm(request.GET, project=project)
    query = urlencode({name: value for name, value in form.chosen().items() if value})
    window = LOOKED_THROUGH if query else None
    page = _page(project, form.matching(), request.GET.get("after", ""), request.GET.get("before", ""), window)
    context = {
        "project": project,
        "form": form,
        "filtered": bool(query),
        "rows": [(prompt, _status(prompt)) for prompt in page.prompts],
        "total": None if query else _total(project),
        "previous": page.earlier is not None and f"?before={page.earlier}&{query}".rstrip("&"),
        "whole": page.whole,
        "next": page.later is not None and f"?after={page.later}&{query}".rstrip("&"),
        "looked_to": page.looked_to,
        "informative": informative.IN_ONE_LINE if project.informative_first else "",
    }
    return render(request, "annotation/prompts.html", context)


@require_safe
def prompt_similar(request: MemberRequest, pk: UUID, prompt_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "read results")
    prompt = get_object_or_404(project.prompts, pk=prompt_pk)
    context = {"project": project, "prompt": prompt, "alike": alike.to(prompt)}
    return render(request, "annotation/prompt_similar.html", context)


@require_safe
def prompt(request: MemberRequest, pk: UUID, prompt_pk: UUID) -> HttpResponse:
    """One prompt with everything that came of it, but for other people's drafts.

    Rankings are for admins: reviewers still rank themselves.
    """
    project = project_for(request, pk, "read results")
    original = SwappedCopy.objects.filter(prompt=OuterRef("pk")).values("original__prompt")[:1]
    newest = Guidelines.objects.filter(project=OuterRef("project")).order_by("-version").values("version")[:1]
    prompts = project.prompts.select_related("assignment", "approval_assignment").annotate(
        copy_of=Subquery(original, output_field=UUIDField()), newest_guidelines=Coalesce(Subquery(newest), 0)
    )
    prompt = get_object_or_404(prompts, pk=prompt_pk)
    revisions = Prefetch("revisions", Revision.objects.select_related("created_by"))
    told = prompt.demonstrations.exclude(~Q(author=request.user), status=Demonstration.Status.DRAFT)
    demonstrations = list(told.select_related("author", "reviewed_by", "guidelines").prefetch_related(revisions))
    is_admin = request.role == Role.ADMIN
    scorer = Scorer(project, prompt.newest_guidelines)  # type: ignore[attr-defined]  # annotated above
    scores = scorer.of_prompt(prompt, demonstrations) if is_admin else {}
    return render(
        request,
        "annotation/prompt.html",
        {
            "project": project,
            "prompt": prompt,
            "asked": rendered(project.instruction_template, prompt.instruction, prompt.input),
            "demonstrations": [(one, _history(one), scores.get(one.pk)) for one in demonstrations],
            "comparisons": _comparisons(prompt) if is_admin else [],
            "copies": SwappedCopy.objects.filter(original__prompt=prompt).only("kind", "state", "prompt_id"),
            "is_admin": is_admin,
            "kept_for": _kept_for(prompt.assignment),
            "approved_by": _kept_for(prompt.approval_assignment),
        },
    )


@dataclass(frozen=True)
class Page:
    """`earlier` and `later` are positions from which the pages before and after begin; None: there are none.

    `looked_to` is the position up to which prompts were looked at, where a filter found less than a page in a stretch
    as long as one request may take.
    """

    prompts: list[Prompt]
    earlier: int | None
    later: int | None
    looked_to: int | None = None

    @property
    def whole(self) -> bool:
        return self.earlier is None and self.later is None


def _page(project: Project, found: PromptQuerySet, after: str, before: str, window: int | None) -> Page:
    """One row more than is shown tells whether there are others; where one came from there are."""
    if _is_position(before):
        return _page_before(project, found, int(before), window)
    start = int(after) if _is_position(after) else -1
    end = None if window is None else start + window
    part = found.filter(position__gt=start)
    rows = _rows((part if end is None else part.filter(position__lte=end)).order_by("position"))
    shown = rows[:PAGE]
    going_on = None
    if len(rows) <= PAGE and end is not None and project.prompts.filter(position__gt=end).exists():
        going_on = end
    earlier = None if start < 0 else shown[0].position if shown else start + 1 if window else None
    return Page(shown, earlier, shown[-1].position if len(rows) > PAGE else going_on, going_on)


def _page_before(project: Project, found: PromptQuerySet, start: int, window: int | None) -> Page:
    end = 0 if window is None else max(start - window, 0)
    rows = _rows(found.filter(position__lt=start, position__gte=end).order_by("-position"))
    shown = rows[:PAGE][::-1]
    going_on = None
    if len(rows) <= PAGE and end and project.prompts.filter(position__lt=end).exists():
        going_on = end
    later = shown[-1].position if shown else start - 1 if window else None
    return Page(shown, shown[0].position if len(rows) > PAGE else going_on, later, going_on)


def _total(project: Project) -> int:
    return queues.seldom(f"prompts-{project.pk}", lambda: {"prompts": project.prompts.count()})["prompts"]


def _is_position(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _rows(found: PromptQuerySet) -> list[Prompt]:
    """Chosen by an index without their texts, which are then read for these only."""
    demonstrations = Demonstration.objects.select_related("author").defer("text")
    chosen = Prompt.objects.filter(pk__in=found.values("pk")[: PAGE + 1]).order_by(*found.query.order_by)
    chosen = chosen.select_related("assignment")
    return list(chosen.prefetch_related(Prefetch("demonstrations", demonstrations)))


def _status(prompt: Prompt) -> Demonstration | None:
    """The demonstration that got furthest."""
    return min(prompt.demonstrations.all(), key=lambda one: ORDER_OF_STATUS.index(one.status), default=None)


def _kept_for(assignment: Assignment | None) -> str:
    """“Erin Expert, every reviewer”, or nothing where it is for everybody."""
    if assignment is None:
        return ""
    people = [name_of(user) for user in User.objects.filter(pk__in=assignment.people)]
    return ", ".join([*people, *(f"every {Role(role).label.lower()}" for role in assignment.roles)])


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
