"""Ranking. Nothing that leaves here tells which candidate came from where: letters go out, letters come back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Q
from django.forms import BoundField
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from annotation import queues
from annotation.access import MemberRequest, project_for
from annotation.actions import Refused, ranking
from annotation.forms.ranking import PairForm, PlacesForm, ranking_form
from annotation.models import Comparison, ComparisonQuerySet, Lease, Project, Ranking
from annotation.ranking import LETTERS
from annotation.views import admitting, work_page

KIND = Lease.Kind.RANK
MOST_COUNTED = 100


@dataclass(frozen=True)
class Shown:
    """A candidate as the ranker sees it."""

    letter: str
    text: str
    place: BoundField | None  # none where one choice judges both


@require_safe
def rank_next(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "rank")
    lease = queues.next_to_rank(project, request.user)
    if other := admitting.instead_of_work(request, project, lease):
        return other
    return work_page.lead_to(request, project, KIND, lease)


@require_http_methods(["GET", "HEAD", "POST"])
def rank(request: MemberRequest, pk: UUID, comparison_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "rank")
    comparison = get_object_or_404(_comparisons(project), pk=comparison_pk)
    if request.method != "POST":
        return _show(request, project, comparison)
    action = request.POST.get("action")
    if action == "skip":
        return work_page.skip(request, project, KIND, comparison.pk, _show_lent)
    if action == "decline":
        ranking.decline(comparison=comparison, by=request.user)
        lease = work_page.take_next(request, project, KIND)
        return work_page.show_next(request, project, KIND, lease, _show_lent)
    return _submit(request, project, comparison)


def _submit(request: MemberRequest, project: Project, comparison: Comparison) -> HttpResponse:
    by_letter = _by_letter(comparison, request.user)
    form = ranking_form(request.POST, candidates=len(by_letter))
    if not form.is_valid():
        return _show(request, project, comparison, form=form, status=422)
    groups, all_bad = form.judgement()
    try:
        with transaction.atomic():  # one commit for what is handed in and what is handed out
            outcome = ranking.rank(
                comparison=comparison,
                by=request.user,
                order=[[by_letter[letter][0] for letter in group] for group in groups],
                all_bad=all_bad,
                reason=form.cleaned_data["reason"],
                guidelines=form.guidelines_seen(project),
            )
            explained = outcome.ranking.in_training
            lease = None if explained else work_page.take_next(request, project, KIND)
    except Refused as refusal:
        return _show(request, project, comparison, form=form, refusal=str(refusal), status=409)
    if explained:
        return work_page.leave_for(request, reverse("rank_explained", args=[project.pk, comparison.pk]))
    if not outcome.fresh:
        messages.info(request, "You had already ranked that one; your first judgement stands. Here is the next.")
    return work_page.show_next(request, project, KIND, lease, _show_lent)


def _show_lent(request: MemberRequest, project: Project, lease: Lease) -> HttpResponse:
    return _show(request, project, _comparisons(project).get(pk=lease.item_id), lease=lease)


# --- The page ------------------------------------------------------------------------------------------------


def _comparisons(project: Project) -> ComparisonQuerySet:
    return Comparison.objects.filter(prompt__project=project).select_related("prompt__project")


def _by_letter(comparison: Comparison, user: User) -> dict[str, tuple[str, str]]:
    """Letter -> (id, text). The ids stay here."""
    texts = {str(pk): text for pk, text in comparison.candidates.values_list("pk", "text")}
    order = queues.order_for(comparison, user)
    return {letter: (pk, texts[pk]) for letter, pk in zip(LETTERS, order, strict=False)}


def _show(
    request: MemberRequest,
    project: Project,
    comparison: Comparison,
    *,
    form: PairForm | PlacesForm | None = None,
    refusal: str = "",
    lease: Lease | None = None,
    status: int = 200,
) -> HttpResponse:
    user = request.user
    ranked = Ranking.objects.filter(ranker=user, comparison__prompt__project=project).aggregate(
        all=Count("pk"), this=Count("pk", filter=Q(comparison=comparison))
    )
    mine = ranked["this"] > 0
    if lease is None and not mine:
        lease = queues.hold_comparison(comparison, user)
    by_letter = _by_letter(comparison, user)  # in the order that the lease has by now
    guidelines = project.current_guidelines()
    if form is None:
        draft = lease.draft if lease else {}
        version = {"version": lease.draft_version if lease else 0, "guidelines": guidelines and guidelines.version}
        form = ranking_form(initial={**draft, **version}, candidates=len(by_letter))
    places = form.place_fields() if isinstance(form, PlacesForm) else [None] * len(by_letter)
    context = {
        "comparison": comparison,
        "prompt": comparison.prompt,
        "state": "ranked" if mine else "open" if lease else "taken",
        "lease": lease,
        "form": form,
        "candidates": [
            Shown(letter, text, place) for (letter, (_, text)), place in zip(by_letter.items(), places, strict=True)
        ],
        "refusal": refusal,
        "guidelines": guidelines,
        **_progress(project, user, ranked["all"]),
    }
    url = reverse("rank", args=[project.pk, comparison.pk])
    return work_page.show(request, "annotation/rank.html", context, url, status)


def _progress(project: Project, user: User, ranked: int) -> dict[str, int]:
    counted = not (project.gold_percent or project.repeat_percent)
    # otherwise a number that stands still would tell which comparison came unannounced
    items = queues.rankable(project, user).unfinished()
    waiting = queues.up_to(items, MOST_COUNTED) if counted else MOST_COUNTED
    return {
        "ranked": ranked,
        "waiting": waiting,
        "most_counted": MOST_COUNTED,
        "both": ranked + waiting,
        "counted": counted,
    }
