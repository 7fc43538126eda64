"""Writing a better answer than the candidates, or making one of them usable."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from annotation import active_time, diff
from annotation.access import MemberRequest, project_for
from annotation.actions import Refused, correcting
from annotation.actions.ranking import order_for
from annotation.actions.writing import CLOSED
from annotation.forms.correcting import CorrectionForm
from annotation.forms.work import LONGEST
from annotation.models import Candidate, Comparison, Demonstration, Project
from annotation.queues import Conflict
from annotation.views.ranking import comparison_of

SENT = "Handed in. A reviewer reads it next; once it is approved, the model learns to prefer it."
LINKED = "Noted: your own answer counts as the better one, once it is approved."


@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: MemberRequest, pk: UUID, comparison_pk: UUID, letter: str = "") -> HttpResponse:
    """The editor: empty, or with the answer of this letter in it."""
    project = project_for(request, pk, "write")
    comparison = comparison_of(project, comparison_pk)
    shown = order_for(comparison, request.user)
    edited = _edited(shown, letter)
    if not correcting.may_correct(comparison, request.user):
        return _refused(request, comparison)
    if request.method != "POST":
        return _show(request, comparison, shown, letter)
    try:
        if request.POST.get("action") == "use":
            correcting.use_own_answer(comparison=comparison, by=request.user, edited=edited)
            messages.success(request, LINKED)
            return _onwards(request, comparison)
        return _submit(request, comparison, shown, letter)
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return _onwards(request, comparison)


@require_POST
def correct_save(request: MemberRequest, pk: UUID, comparison_pk: UUID, letter: str = "") -> JsonResponse:
    project = project_for(request, pk, "write")
    comparison = comparison_of(project, comparison_pk)
    edited = _edited(order_for(comparison, request.user), letter)
    text = request.POST.get("text", "").replace("\r\n", "\n")
    version = request.POST.get("version", "")
    if not (version.isascii() and version.isdigit()) or int(version) >= 2**31 or len(text) > LONGEST or "\0" in text:
        return JsonResponse({"message": "Not saved: this page is out of date, or the text too long."}, status=400)
    try:
        outcome = correcting.save_draft(
            comparison=comparison, by=request.user, text=text, version=int(version), edited=edited
        )
    except Refused as refusal:
        return JsonResponse({"message": f"Not saved: {refusal}"}, status=403)
    if isinstance(outcome, Conflict):
        return JsonResponse({"message": outcome.message, "version": outcome.version, **outcome.draft}, status=409)
    return JsonResponse({"saved_at": outcome.saved_at.isoformat(), "version": outcome.version, "held": True})


def _submit(request: MemberRequest, comparison: Comparison, shown: dict[str, Candidate], letter: str) -> HttpResponse:
    form = CorrectionForm(request.POST, texts=[candidate.text.strip() for candidate in shown.values()])
    if not form.is_valid():
        return _show(request, comparison, shown, letter, form=form, status=422)
    outcome = correcting.correct(
        comparison=comparison,
        by=request.user,
        text=form.cleaned_data["text"],
        version=form.cleaned_data["version"],
        edited=_edited(shown, letter),
        guidelines=form.guidelines_seen(comparison.prompt.project),
        active_seconds=active_time.seconds(request.POST.get("active_seconds")),
    )
    if isinstance(outcome, Conflict):
        return _show(request, comparison, shown, letter, form=form, conflict=outcome, status=409)
    messages.success(request, SENT)
    return _onwards(request, comparison)


def _edited(shown: dict[str, Candidate], letter: str) -> Candidate | None:
    if letter and letter not in shown:
        raise Http404("No such answer")
    return shown.get(letter)


def _onwards(request: MemberRequest, comparison: Comparison) -> HttpResponse:
    """Back to what is not judged yet, else to the next."""
    project: Project = comparison.prompt.project
    if comparison.rankings.filter(ranker=request.user).exists():
        return redirect("rank_next", project.pk)
    return redirect("rank", project.pk, comparison.pk)


def _refused(request: MemberRequest, comparison: Comparison) -> HttpResponse:
    messages.warning(request, correcting.why_not(comparison))
    return redirect("rank", comparison.prompt.project_id, comparison.pk)


# --- The page ------------------------------------------------------------------------------------------------


def _show(
    request: MemberRequest,
    comparison: Comparison,
    shown: dict[str, Candidate],
    letter: str,
    *,
    form: CorrectionForm | None = None,
    conflict: Conflict | None = None,
    status: int = 200,
) -> HttpResponse:
    prompt, project = comparison.prompt, comparison.prompt.project
    mine = correcting.own_answer(prompt, request.user)
    guidelines = project.current_guidelines()
    texts = {each: candidate.text for each, candidate in shown.items()}
    begun = _begun(mine, letter) if "again" not in request.GET else ""
    values = {
        "text": form.data.get("text", "") if form else begun or texts.get(letter, ""),
        "version": conflict.version if conflict else mine.version if mine else 0,
        "guidelines": guidelines.version if guidelines else None,
    }
    arguments = [project.pk, comparison.pk, *([letter] if letter else [])]
    names = ("correct_one", "correct_one_save") if letter else ("correct", "correct_save")
    context = {
        "comparison": comparison,
        "prompt": prompt,
        "letter": letter,
        "others": [(each, text) for each, text in texts.items() if each != letter],
        "own": [(letter, texts[letter])] if letter else [],
        "form": CorrectionForm(values, texts=[text.strip() for text in texts.values()])
        if form
        else CorrectionForm(initial=values, texts=[]),
        "mine": mine,
        "closed": mine is not None and mine.status in CLOSED,
        "begun": bool(begun) and begun != texts.get(letter),
        "conflict": conflict,
        "changes": diff.words(conflict.draft["text"], form.data.get("text", "")) if conflict and form else None,
        "guidelines": guidelines,
        "here": reverse(names[0], args=arguments),
        "save": reverse(names[1], args=arguments),
        "back": reverse("rank", args=[project.pk, comparison.pk]),
        "frame": "base.html",
    }
    return render(request, "annotation/correct.html", context, status=status)


def _begun(mine: Demonstration | None, letter: str) -> str:
    """An answer begun before is gone on with, unless it is an answer of one's own and another is to be edited."""
    if mine is None or mine.status in CLOSED:
        return ""
    edited = mine.origin == Demonstration.Origin.EDITED
    return mine.text if edited == bool(letter) else ""
