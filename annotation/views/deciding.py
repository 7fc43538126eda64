"""Where people differ: all judgements side by side, without names unless they are opened, and a decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods

from annotation import marks, queues, rubric
from annotation.access import MemberRequest, project_for
from annotation.actions import Refused, deciding, standing
from annotation.forms.deciding import DecisionForm, KnownAnswerForm, filled
from annotation.models import Adjudication, Comparison, Doubt, Gold, Mark, Project, Ranking, name_of
from annotation.ranking import LETTERS
from annotation.texts import counted
from annotation.views.disagreements import next_to_decide
from annotation.views.wording import in_words


@dataclass(frozen=True)
class Said:
    """One person's judgement as the one who decides reads it."""

    number: int
    who: str
    verdict: str
    criteria: list[tuple[str, str]]
    chips: list[str]
    reason: str
    marks: list[tuple[str, str, str]]
    since: bool = False


# --- One comparison ------------------------------------------------------------------------------------------


def _comparison(project: Project, pk: UUID) -> Comparison:
    found = Comparison.objects.filter(project=project)
    beside = ["prompt__project", "gold__created_by", "adjudication__decided_by"]
    doubts = Doubt.objects.open().filter(comparison_id=OuterRef("pk"))
    return get_object_or_404(found.select_related(*beside).annotate(in_doubt=Exists(doubts)), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def disagreement(request: MemberRequest, pk: UUID, comparison_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "decide")
    comparison = _comparison(project, comparison_pk)
    if queues.is_to_judge(comparison, request.user):
        return _rank_first(request, comparison)
    texts = _texts(comparison)
    names = dict(zip(texts, LETTERS, strict=False))
    decided: Adjudication | None = getattr(comparison, "adjudication", None)
    action = request.POST.get("action", "")
    if action == "names" and deciding.why_not(comparison, request.user) != deciding.NOT_YET:
        deciding.open_names(comparison=comparison, by=request.user)
        if not any(_begun(request).values()):
            return redirect("disagreement", project.pk, comparison.pk)
    form = DecisionForm(
        request.POST if action == "decide" else None,
        letters=list(names.values()),
        initial={**_as_decided(decided, names), **_begun(request)},
    )
    if action == "decide" and form.is_valid():
        order, strength, all_bad = form.verdict()
        by_letter = {letter: each for each, letter in names.items()}
        try:
            deciding.decide(
                comparison=comparison,
                by=request.user,
                order=[[by_letter[letter] for letter in group] for group in order],
                strength=strength,
                all_bad=all_bad,
                reason=form.cleaned_data["reason"],
                seen=_seen(request),
            )
        except Refused as refused:
            comparison = _comparison(project, comparison_pk)  # with what somebody else has made of it
            return _show(request, project, comparison, texts, form, not_taken=str(refused))
        return _on(request, project, comparison)
    return _show(request, project, comparison, texts, form)


def _seen(request: MemberRequest) -> str:
    return request.POST.get("seen", standing.NOTHING)


def _stands(comparison: Comparison) -> str:
    return standing.token(getattr(comparison, "gold", None), getattr(comparison, "adjudication", None))


def _begun(request: MemberRequest) -> dict[str, Any]:
    """What was entered before the names were opened: it stays."""
    ours = ("action", "csrfmiddlewaretoken", "seen")
    return {key: value for key, value in request.POST.items() if key not in ours}


def _rank_first(request: MemberRequest, comparison: Comparison) -> HttpResponse:
    messages.warning(request, "You have this one to rank. Judge it first, or say that you cannot.")
    return redirect("rank", comparison.project_id, comparison.pk)


def _on(request: MemberRequest, project: Project, comparison: Comparison) -> HttpResponse:
    """To the next one that this person may decide."""
    messages.success(request, "Decided. It stands in place of the rankings when pairs are frozen.")
    onward = next_to_decide(project, request.user, str(comparison.pk))
    return redirect(onward or reverse("disagreements", args=[project.pk]))


def _texts(comparison: Comparison) -> dict[str, str]:
    """Ordered by their ids, which are drawn and tell nothing."""
    return dict(sorted((str(pk), text) for pk, text in comparison.candidates.values_list("pk", "text")))


def _as_decided(decided: Any, names: dict[str, str]) -> dict[str, Any]:
    if decided is None:
        return {}
    order = [sorted(names.get(each, "?") for each in group) for group in decided.order]
    why = {"reason": getattr(decided, "reason", "")}
    return {**filled(order, getattr(decided, "strength", None), decided.all_bad), **why}


def _show(
    request: MemberRequest,
    project: Project,
    comparison: Comparison,
    texts: dict[str, str],
    form: DecisionForm,
    *,
    not_taken: str = "",
) -> HttpResponse:
    """`not_taken`: why what was sent does not stand; it is shown beside what does."""
    decided: Adjudication | None = getattr(comparison, "adjudication", None)
    names = dict(zip(texts, LETTERS, strict=False))
    refusal, alone = deciding.may_decide(comparison, request.user)
    hidden = refusal == deciding.NOT_YET
    opened = deciding.names_opened(comparison, request.user)
    rankings = [] if hidden else _judged(comparison)
    said = _said(rankings, project, names, texts, opened, decided)
    context = {
        "project": project,
        "comparison": comparison,
        "prompt": comparison.prompt,
        "candidates": [(letter, _with_marks(texts[each], each, rankings)) for each, letter in names.items()],
        "refusal": refusal,
        "alone": deciding.ALONE if alone else "",
        "said": said,
        "opened": opened,
        "decided": decided,
        "decided_words": in_words(decided, names) if decided else "",
        "changed": _changed(comparison, said) if decided else "",
        "in_doubt": getattr(comparison, "in_doubt", False),
        "form": form,
        "not_taken": not_taken,
        **_kept(request, comparison, not_taken),
        "guidelines": project.current_guidelines(),
        "frame": "base.html",
    }
    status = 409 if not_taken else 422 if form.errors else 200
    return render(request, "annotation/disagreement.html", context, status=status)


def _kept(request: MemberRequest, comparison: Comparison, not_taken: str) -> dict[str, Any]:
    """What the page saw stays what it saw until a conflict shows what stands now. `unsaved`: the fields hold what was
    sent and stands nowhere."""
    sent = request.method == "POST"
    return {"seen": _seen(request) if sent and not not_taken else _stands(comparison), "unsaved": sent}


def _changed(comparison: Comparison, said: list[Said]) -> str:
    """What has become of the judgements after the decision, in words."""
    newer = sum(each.since for each in said)
    away = comparison.rankings_needed - comparison.rankings_done
    parts = [
        newer and f"{counted(newer, 'judgement')} came in after this decision",
        away > 0 and f"{counted(away, 'judgement')} {'is' if away == 1 else 'are'} being given anew",
    ]
    return ", and ".join(part for part in parts if part)


def _judged(comparison: Comparison) -> list[Ranking]:
    given = comparison.rankings.filter(in_training=False).select_related("ranker").order_by("pk")
    return list(given.prefetch_related("marks"))


def _with_marks(text: str, candidate: str, rankings: list[Ranking]) -> SafeString:
    """What people marked in an answer, as the page for ranking shows it, each with its author's number below."""
    found = [
        (
            marks.shown_place(mark.start, text),
            marks.shown_place(mark.end, text),
            f"{number} {Mark.Kind(mark.kind).label}",
        )
        for number, ranking in enumerate(rankings, start=1)
        for mark in ranking.marks.all()
        if str(mark.candidate_id) == candidate
    ]
    return format_html_join("", "{}", ((_drawn(piece),) for piece in marks.pieces(marks.shown(text), found)))


def _drawn(piece: marks.Piece) -> str:
    if not piece.marked:
        return piece.words
    if not piece.labels:
        return format_html('<mark class="error">{}</mark>', piece.words)
    return format_html('<mark class="error" data-kinds="{}">{}</mark>', ", ".join(piece.labels), piece.words)


def _said(
    rankings: list[Ranking],
    project: Project,
    names: dict[str, str],
    texts: dict[str, str],
    opened: bool,
    decided: Adjudication | None,
) -> list[Said]:
    labels = {each.key: each.label for each in rubric.criteria(project.rubric)}
    found = []
    for number, each in enumerate(rankings, start=1):
        criteria = [
            (labels.get(key, key), in_words(_Part(said["order"], said.get("strength")), names))
            for key, said in each.criteria.items()
        ]
        marked = [
            (
                names.get(str(mark.candidate_id), "?"),
                Mark.Kind(mark.kind).label,
                texts.get(str(mark.candidate_id), "")[mark.start : mark.end],
            )
            for mark in each.marks.all()
        ]
        who = name_of(each.ranker) if opened else f"Person {number}"
        since = decided is not None and each.created_at > decided.decided_at
        found.append(Said(number, who, in_words(each, names), criteria, each.chips, each.reason, marked, since))
    return found


@dataclass(frozen=True)
class _Part:
    order: list[list[str]]
    strength: int | None
    all_bad: bool = False


# --- Known answers -------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def known_answer(request: MemberRequest, pk: UUID, comparison_pk: UUID) -> HttpResponse:
    """Mark a comparison as one whose answer is known, by what was decided or what one ranked oneself."""
    project = project_for(request, pk, "decide")
    comparison = _comparison(project, comparison_pk)
    if queues.is_to_judge(comparison, request.user):
        return _rank_first(request, comparison)
    texts = _texts(comparison)
    names = dict(zip(texts, LETTERS, strict=False))
    gold: Gold | None = getattr(comparison, "gold", None)
    action = request.POST.get("action", "")
    form = KnownAnswerForm(
        request.POST if action == "mark" else None,
        letters=list(names.values()),
        initial={**_suggested(request, comparison, gold, names), **_begun(request)},
    )
    not_taken = ""
    if action == "unmark" or (action == "mark" and form.is_valid()):
        try:
            done = _unmark(request, comparison) if action == "unmark" else _mark(request, comparison, names, form)
        except Refused as refused:
            not_taken = str(refused)
            comparison = _comparison(project, comparison_pk)  # with what somebody else has made of it
        else:
            messages.success(request, done)
            return redirect(reverse("disagreements", args=[project.pk]) + "?show=known")
    return _show_known(request, project, comparison, texts, form, not_taken)


def _unmark(request: MemberRequest, comparison: Comparison) -> str:
    deciding.unmark_known(comparison=comparison, by=request.user, seen=_seen(request))
    return "It is a usual comparison again."


def _mark(request: MemberRequest, comparison: Comparison, names: dict[str, str], form: KnownAnswerForm) -> str:
    order, _, all_bad = form.verdict()
    by_letter = {letter: each for each, letter in names.items()}
    deciding.mark_known(
        comparison=comparison,
        by=request.user,
        order=[[by_letter[letter] for letter in group] for group in order],
        all_bad=all_bad,
        explanation=form.cleaned_data["explanation"],
        for_training=form.cleaned_data["for_training"],
        seen=_seen(request),
    )
    return "People are checked by this answer from now on."


def _show_known(
    request: MemberRequest,
    project: Project,
    comparison: Comparison,
    texts: dict[str, str],
    form: KnownAnswerForm,
    not_taken: str,
) -> HttpResponse:
    names = dict(zip(texts, LETTERS, strict=False))
    gold: Gold | None = getattr(comparison, "gold", None)
    decided: Adjudication | None = getattr(comparison, "adjudication", None)
    stands = gold or decided
    context = {
        "project": project,
        "comparison": comparison,
        "prompt": comparison.prompt,
        "candidates": [(letter, texts[each]) for each, letter in names.items()],
        "gold": gold,
        "form": form,
        "not_taken": not_taken,
        "stands_words": in_words(stands, names) if stands else "",
        "stands_why": gold.explanation if gold else decided.reason if decided else "",
        **_kept(request, comparison, not_taken),
        "guidelines": project.current_guidelines(),
        "waiting": queues.is_counted(comparison) and comparison.rankings_done < comparison.rankings_needed,
        "frame": "base.html",
    }
    status = 409 if not_taken else 422 if form.errors else 200
    return render(request, "annotation/known_answer.html", context, status=status)


def _suggested(
    request: MemberRequest, comparison: Comparison, gold: Gold | None, names: dict[str, str]
) -> dict[str, Any]:
    """What is known; else what was decided; else what one ranked oneself."""
    if gold:
        return {**_as_decided(gold, names), "explanation": gold.explanation, "for_training": gold.for_training}
    decided: Adjudication | None = getattr(comparison, "adjudication", None)
    if decided:
        return {**_as_decided(decided, names), "explanation": decided.reason}
    own = Ranking.objects.filter(comparison=comparison, ranker=request.user).first()
    return {**_as_decided(own, names), "explanation": own.reason} if own else {}
