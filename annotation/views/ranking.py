"""Ranking. Nothing that leaves here tells which candidate came from where: letters go out, letters come back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Q
from django.forms import BoundField
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation import differences, marks, queues
from annotation.access import MemberRequest, project_for
from annotation.actions import Refused, ranking
from annotation.forms.ranking import PairForm, PlacesForm, filled_in, ranking_form
from annotation.models import Candidate, Comparison, Lease, Project, Ranking, Split
from annotation.ranking import Said, in_words
from annotation.views import admitting, work_page

KIND = Lease.Kind.RANK
MOST_COUNTED = 100
JUST_NOW = timedelta(minutes=15)  # how long the last judgement stays in sight, to be taken back


@dataclass(frozen=True)
class Shown:
    """A candidate as the ranker sees it."""

    letter: str
    text: str
    place: BoundField | None = None  # none where one choice judges both
    quotes: str = ""


@dataclass(frozen=True)
class Last:
    """A judgement given just now; `acted` where it can no longer be taken back."""

    ranking: Ranking
    acted: bool


@require_safe
def rank_next(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "rank")
    lease = queues.next_to_rank(project, request.user)
    if other := admitting.instead_of_work(request, project, lease):
        return other
    return work_page.enter(request, project, KIND, lease, _show_lent)


@require_http_methods(["GET", "HEAD", "POST"])
def rank(request: MemberRequest, pk: UUID, comparison_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "rank")
    comparison = comparison_of(project, comparison_pk)
    if request.method != "POST":
        return _show(request, project, comparison)
    action = request.POST.get("action")
    if action == "skip":
        return work_page.skip(request, project, KIND, comparison.pk, _show_lent)
    if action == "again":
        return _take_up_again(request, project, comparison)
    if action == "decline":
        ranking.decline(comparison=comparison, by=request.user)
        lease = work_page.take_next(request, project, KIND)
        return work_page.show_next(request, project, KIND, lease, _show_lent)
    return _submit(request, project, comparison)


@require_POST
def rank_take_back(request: MemberRequest, pk: UUID, comparison_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "rank")
    comparison = comparison_of(project, comparison_pk)
    given = get_object_or_404(comparison.rankings.select_related("comparison__prompt__project"), ranker=request.user)
    said, found = in_letters(given, ranking.shown_order(comparison, request.user, ranking=given))
    try:
        ranking.take_back(ranking=given, by=request.user, draft=filled_in(said, found, project.ranking_reasons))
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, "Taken back. What you had chosen is still here.")
    return redirect("rank", project.pk, comparison.pk)


@require_safe
def rank_differences(request: MemberRequest, pk: UUID, comparison_pk: UUID) -> JsonResponse:
    """Where each answer's words differ from those of one of them, by letter and places in the shown texts."""
    project = project_for(request, pk, "rank")
    comparison = comparison_of(project, comparison_pk)
    if not _reads(comparison, request.user):
        raise Http404("Not yours to judge")
    texts = {letter: marks.shown(each.text) for letter, each in ranking.order_for(comparison, request.user).items()}
    letter = request.GET.get("from", "A")
    return JsonResponse(differences.between(texts, letter if letter in texts else "A"))


def _take_up_again(request: MemberRequest, project: Project, comparison: Comparison) -> HttpResponse:
    """What somebody gave back, unless others have taken it over."""
    lease = queues.hold_comparison(comparison, request.user, again=True)
    if lease is None:
        return _show(request, project, comparison, refusal=ranking.NO_LONGER_NEEDED, status=409)
    if not work_page.wants_part(request):
        return redirect("rank", project.pk, comparison.pk)
    return _show(request, project, comparison, lease=lease)


def _reads(comparison: Comparison, user: User) -> bool:
    """Whether the page shows this person the answers; nothing is lent that was not."""
    if comparison.rankings.filter(ranker=user).exists():
        return True
    mine = Lease.objects.filter(kind=KIND, item_id=comparison.pk, user=user)
    return mine.exists() and queues.hold_comparison(comparison, user) is not None


def _submit(request: MemberRequest, project: Project, comparison: Comparison) -> HttpResponse:
    shown = ranking.order_for(comparison, request.user)
    form = ranking_form(request.POST, texts=texts_of(shown), project=project)
    if not form.is_valid():
        return _show(request, project, comparison, form=form, status=422)
    try:
        with transaction.atomic():  # one commit for what is handed in and what is handed out
            outcome = ranking.rank(
                comparison=comparison,
                by=request.user,
                said=form.said().renamed({letter: str(candidate.pk) for letter, candidate in shown.items()}),
                marked=form.cleaned_data["marks"],
                shown=shown,
                guidelines=form.guidelines_seen(project),
                timed_by_page=True,
            )
            explained = outcome.ranking.in_training
            lease = None if explained else work_page.take_next(request, project, KIND)
    except Refused as refusal:
        return _show(request, project, comparison, form=form, refusal=str(refusal), status=409)
    if explained:
        return work_page.leave_for(request, reverse("rank_explained", args=[project.pk, comparison.pk]))
    if not outcome.fresh:
        messages.info(request, "You had already ranked that one; your first judgement stands. Here is the next.")
    if outcome.fresh and lease:
        last = Last(outcome.ranking, acted=False)
        return _show(request, project, comparison_of(project, lease.item_id), lease=lease, last=last)
    return work_page.show_next(request, project, KIND, lease, _show_lent)


def _show_lent(request: MemberRequest, project: Project, lease: Lease) -> HttpResponse:
    return _show(request, project, comparison_of(project, lease.item_id), lease=lease)


# --- What both sides of the letters are ----------------------------------------------------------------------


def comparison_of(project: Project, pk: UUID) -> Comparison:
    """With its prompt; the project that is there already is not read again."""
    found = get_object_or_404(Comparison.objects.filter(project=project).select_related("prompt"), pk=pk)
    found.project = found.prompt.project = project
    return found


def texts_of(shown: dict[str, Candidate]) -> dict[str, str]:
    return {letter: candidate.text for letter, candidate in shown.items()}


def in_letters(given: Ranking, shown: dict[str, Candidate]) -> tuple[Said, list[marks.Mark]]:
    """A stored judgement as its author gave it."""
    letters = {str(candidate.pk): letter for letter, candidate in shown.items()}
    said = Said(
        order=given.order,
        all_bad=given.all_bad,
        strength=given.strength,
        acceptable=given.acceptable,
        criteria=given.criteria,
        chips=given.chips,
        reason=given.reason,
    )
    found = [
        marks.Mark(
            letters[str(one.candidate_id)],
            start=marks.shown_place(one.start, one.candidate.text),
            end=marks.shown_place(one.end, one.candidate.text),
            kind=one.kind,
        )
        for one in given.marks.select_related("candidate")
    ]
    return said.renamed(letters), found


# --- The page ------------------------------------------------------------------------------------------------


def _show(
    request: MemberRequest,
    project: Project,
    comparison: Comparison,
    *,
    form: PairForm | PlacesForm | None = None,
    refusal: str = "",
    lease: Lease | None = None,
    last: Last | None = None,
    status: int = 200,
) -> HttpResponse:
    """`last` is what this person judged a moment ago."""
    user = request.user
    last = last or _last(project, user)
    ranked = Ranking.objects.filter(ranker=user, project=project).aggregate(
        all=Count("pk"), this=Count("pk", filter=Q(comparison=comparison))
    )
    mine = comparison.rankings.filter(ranker=user).first() if ranked["this"] else None
    if lease is None and mine is None:
        lease = queues.hold_comparison(comparison, user)
    given_back = "" if lease or mine or refusal else _given_back(comparison, user)
    shown = ranking.shown_order(comparison, user, lease=lease, ranking=mine)
    guidelines = project.current_guidelines()
    if form is None:
        draft = lease.draft if lease else {}
        begun = {
            "version": lease.draft_version if lease else 0,
            "guidelines": guidelines and guidelines.version,
            "active_seconds": round(lease.active_seconds, 1) if lease else 0,
        }
        form = ranking_form(initial={**draft, **begun}, texts=texts_of(shown), project=project)
    context = {
        "comparison": comparison,
        "prompt": comparison.prompt,
        "state": "ranked" if mine else "open" if lease else "given back" if given_back else "taken",
        "given_back": given_back,
        "lease": lease,
        "form": form,
        "candidates": _candidates(form, shown),
        "correctable": comparison.prompt.split != Split.EVALUATION,
        "last": last if last and last.ranking.comparison_id != comparison.pk else None,
        "said": in_words(in_letters(mine, shown)[0]) if mine else "",
        "undoable": mine is not None and ranking.may_take_back(mine),
        "refusal": refusal,
        "guidelines": guidelines,
        **_progress(project, user, ranked["all"]),
    }
    url = reverse("rank", args=[project.pk, comparison.pk])
    return work_page.show(request, "annotation/rank.html", context, url, status)


def _given_back(comparison: Comparison, user: User) -> str:
    """How this person gave it back: opening the page changes nothing about that."""
    mine = Lease.objects.filter(kind=KIND, item_id=comparison.pk, user=user)
    return mine.values_list("release", flat=True).first() or ""


def _candidates(form: PairForm | PlacesForm, shown: dict[str, Candidate]) -> list[Shown]:
    places = form.place_fields() if isinstance(form, PlacesForm) else [None] * len(shown)
    return [
        Shown(letter, candidate.text, place, form.quotes(letter))
        for (letter, candidate), place in zip(shown.items(), places, strict=True)
    ]


def _last(project: Project, user: User) -> Last | None:
    """What this person judged last, if that was just now and they have not taken it back."""
    just_now = ranking.latest_of(project, user).filter(created_at__gte=timezone.now() - JUST_NOW)
    named = just_now.select_related("comparison__prompt").only(
        "all_bad", "created_at", "comparison__prompt__external_id", "comparison__prompt__position"
    )
    if (found := named.first()) is None:
        return None
    frozen = project.rankings_frozen_at
    return Last(found, acted=frozen is not None and frozen >= found.created_at)


def _progress(project: Project, user: User, ranked: int) -> dict[str, int]:
    counted = not project.checks_unannounced

    def count() -> int:
        return queues.up_to(queues.rankable(project, user).unfinished(), MOST_COUNTED)

    waiting = queues.enough(f"to-rank-{project.pk}-{user.pk}", MOST_COUNTED, count) if counted else MOST_COUNTED
    return {
        "ranked": ranked,
        "waiting": waiting,
        "most_counted": MOST_COUNTED,
        "both": ranked + waiting,
        "counted": counted,
    }
