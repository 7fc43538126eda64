from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation import diff, headings, hints, queues, threads
from annotation.access import MemberRequest, project_for
from annotation.actions import Refused, drafting, writing
from annotation.forms.work import LONGEST
from annotation.forms.writing import DraftForm, ResponseForm
from annotation.models import Demonstration, Lease, Project, Prompt
from annotation.queues import Conflict, Saved
from annotation.views import conflicts, work_page

Status = Demonstration.Status
KIND = Lease.Kind.WRITE
REPLACE = {"take draft": drafting.take_over, "put back": drafting.put_back}
JUST_NOW = timedelta(minutes=15)  # how long a submitted response stays in sight, to be taken back


@require_safe
def write_next(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "write")
    return work_page.enter(request, project, KIND, queues.next_to_write(project, request.user), _show_lent)


@require_http_methods(["GET", "HEAD", "POST"])
def write(request: MemberRequest, pk: UUID, prompt_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "write")
    prompt = _prompt(project, prompt_pk)
    if request.method != "POST":
        return _show(request, prompt)
    action = request.POST.get("action")
    if work_page.skips(request):
        return _skip(request, prompt)
    if action == "headings":
        return _insert_headings(request, prompt)
    if action in REPLACE:
        return _replace(request, prompt, action)
    return _submit(request, prompt)


@require_POST
def write_save(request: MemberRequest, pk: UUID, prompt_pk: UUID) -> JsonResponse:
    project = project_for(request, pk, "write")
    prompt = _prompt(project, prompt_pk)
    form = DraftForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"message": _first_error(form)}, status=400)
    outcome = _save(request, prompt, form)
    if isinstance(outcome, Conflict):
        return conflicts.answer(request, outcome, {"text": form.cleaned_data["text"]})
    return JsonResponse({"saved_at": outcome.saved_at.isoformat(), "version": outcome.version, "held": outcome.held})


@require_POST
def write_hints(request: MemberRequest, pk: UUID, prompt_pk: UUID) -> HttpResponse:
    """What the checks say of what is being typed, all in one answer. Saves nothing."""
    project = project_for(request, pk, "write")
    prompt = _prompt(project, prompt_pk)
    text = request.POST.get("text", "")[:LONGEST]
    said = hints.all_of(prompt, text, request.user, request.role)
    return render(request, "annotation/write_hints.html", {"hints": said, "prompt": prompt})


@require_http_methods(["GET", "HEAD", "POST"])
def write_draft(request: MemberRequest, pk: UUID, prompt_pk: UUID) -> HttpResponse:
    """Ask the model for a draft; looking again shows it as soon as it is there, beside one's own words."""
    project = project_for(request, pk, "write")
    prompt = _prompt(project, prompt_pk)
    mine = prompt.demonstrations.filter(author=request.user).first()
    text = request.POST.get("text") if request.method == "POST" else None
    text = (mine.text if mine else "") if text is None else text.replace("\r\n", "\n")
    refusal = ""
    if request.method == "POST" and request.POST.get("action", "ask") == "ask":
        try:
            drafting.ask(prompt=prompt, by=request.user, text=text)
        except Refused as refused:
            refusal = str(refused)
    if not work_page.wants_part(request):
        if refusal:
            messages.warning(request, refusal)
        return redirect("write", project.pk, prompt.pk)
    context = {"prompt": prompt, "by_model": _drafts(prompt, request.user, text, refusal)}
    return render(request, "annotation/write_draft.html", context)


@require_POST
def write_reopen(request: MemberRequest, pk: UUID, prompt_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "write")
    prompt = _prompt(project, prompt_pk)
    demonstration = get_object_or_404(prompt.demonstrations, author=request.user)
    try:
        writing.reopen(demonstration=demonstration, by=request.user)
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, "Taken back. Submit it again when it is ready.")
    return redirect("write", project.pk, prompt.pk)


# --- The three things one does with a response ---------------------------------------------------------------


def _submit(request: MemberRequest, prompt: Prompt) -> HttpResponse:
    form = ResponseForm(request.POST)
    if not form.is_valid():
        return _show(request, prompt, form=form, status=422)
    data = form.cleaned_data
    try:
        with transaction.atomic():  # one commit for what is handed in and what is handed out
            outcome = writing.submit(
                prompt=prompt,
                by=request.user,
                text=data["text"],
                version=data["version"],
                guidelines=form.guidelines_seen(prompt.project),
                difficulty=data["difficulty"],
                active_seconds=data["active_seconds"],
            )
            lease = None if isinstance(outcome, Conflict) else work_page.take_next(request, prompt.project, KIND)
    except Refused as refusal:
        return _show(request, prompt, form=form, refusal=str(refusal), status=409)
    if isinstance(outcome, Conflict):
        return _show(request, prompt, form=form, conflict=outcome, status=409)
    if not outcome.fresh:
        messages.info(request, "You had already submitted this one. Here is the next.")
    if lease:
        return _show(request, _prompt(prompt.project, lease.item_id), lease=lease, last=outcome.demonstration)
    return work_page.to_next(request, prompt.project, KIND)


def _skip(request: MemberRequest, prompt: Prompt) -> HttpResponse:
    form = DraftForm(request.POST)
    if form.is_valid() and form.cleaned_data["text"].strip():
        outcome = _save(request, prompt, form)
        if isinstance(outcome, Conflict):
            return _show(request, prompt, form=form, conflict=outcome, status=409)
    return work_page.skip(request, prompt.project, KIND, prompt.pk, _show_lent)


def _save(request: MemberRequest, prompt: Prompt, form: DraftForm) -> Saved | Conflict:
    names = ("text", "version", "difficulty", "active_seconds")
    return writing.save_draft(prompt=prompt, by=request.user, **{name: form.cleaned_data[name] for name in names})


def _insert_headings(request: MemberRequest, prompt: Prompt) -> HttpResponse:
    form = DraftForm(request.POST)
    if not form.is_valid():
        return _show(request, prompt, form=form, status=422)
    text = headings.with_skeleton(form.cleaned_data["text"], prompt.project.sections)
    form.cleaned_data["text"] = text
    outcome = _save(request, prompt, form)
    if isinstance(outcome, Conflict):
        return _show(request, prompt, form=form, conflict=outcome, status=409)
    if work_page.wants_part(request):
        return _show(request, prompt)
    return redirect("write", prompt.project_id, prompt.pk)


def _replace(request: MemberRequest, prompt: Prompt, action: str) -> HttpResponse:
    """The model's draft in place of what stands there, or what stood there in place of the draft."""
    form = DraftForm(request.POST)
    if not form.is_valid():
        return _show(request, prompt, form=form, status=422)
    data = form.cleaned_data
    try:
        outcome = REPLACE[action](prompt=prompt, by=request.user, text=data["text"], version=data["version"])
    except Refused as refusal:
        return _show(request, prompt, form=form, refusal=str(refusal), status=409)
    if isinstance(outcome, Conflict):
        return _show(request, prompt, form=form, conflict=outcome, status=409)
    if work_page.wants_part(request):
        return _show(request, prompt)
    return redirect("write", prompt.project_id, prompt.pk)


def _show_lent(request: MemberRequest, project: Project, lease: Lease) -> HttpResponse:
    return _show(request, _prompt(project, lease.item_id), lease=lease)


# --- The page ------------------------------------------------------------------------------------------------


def _show(
    request: MemberRequest,
    prompt: Prompt,
    *,
    form: ResponseForm | DraftForm | None = None,
    conflict: Conflict | None = None,
    refusal: str = "",
    lease: Lease | None = None,
    last: Demonstration | None = None,
    status: int = 200,
) -> HttpResponse:
    """`form` carries what was sent when it could not be taken; without it the saved draft is shown. `last` is what this
    person submitted a moment ago."""
    project = prompt.project
    mine = prompt.demonstrations.filter(author=request.user).select_related("reviewed_by").order_by().first()
    guidelines = project.current_guidelines()
    closed = mine is not None and mine.status in writing.CLOSED
    lease = None if closed else lease or queues.hold_prompt(prompt, request.user)
    held = lease is not None
    version = conflict.version if conflict else mine.version if mine else 0
    shown = form.data.get("text", "") if form else mine.text if mine else ""
    values = {
        "text": shown,
        "version": version,
        "guidelines": guidelines.version if guidelines else None,
        "difficulty": form.data.get("difficulty", "") if form else mine.difficulty if mine else None,
        "active_seconds": round(lease.active_seconds, 1) if lease else 0,
    }
    context = {
        "prompt": prompt,
        "mine": mine,
        "state": "closed" if closed else "open" if lease else "taken",
        "lease": lease,
        "form": ResponseForm(values) if form else ResponseForm(initial=values),
        "conflict": conflict,
        "refusal": refusal,
        "sections": project.sections,
        "hints": hints.at_once(prompt, shown),
        "guidelines": guidelines,
        "difference": diff.words(conflict.draft["text"], shown) if conflict else None,
        "by_model": _drafts(prompt, request.user, shown) if held else None,
        "talk": threads.talk_of(prompt, request.user),
        "changes": _changes_by_reviewer(mine) if closed and mine else None,
        "last": last or _last(prompt, request.user),
        **_progress(project, request.user),
        **queues.answered(project),
    }
    url = reverse("write", args=[project.pk, prompt.pk])
    return work_page.show(request, "annotation/write.html", context, url, status)


def _prompt(project: Project, pk: UUID) -> Prompt:
    """Nobody writes for a held-out prompt: its answers would teach what it is there to test."""
    return get_object_or_404(project.prompts.for_teaching(), pk=pk)


def _drafts(prompt: Prompt, user: User, text: str, refusal: str = "") -> dict[str, Any] | None:
    """What the page says of drafts by the model; None where the project has none."""
    if not drafting.offered(prompt):
        return None
    draft = drafting.of(prompt, user)
    ready = draft is not None and draft.ready_at is not None
    return {
        "asked": draft,
        "waiting": draft is not None and not ready and not draft.refusal,
        "ready": ready,
        "refusal": refusal or (draft.refusal if draft else ""),
        "changes": diff.words(draft.text, text) if draft and ready and text.strip() else None,
    }


def _last(prompt: Prompt, user: User) -> Demonstration | None:
    """What this person has only just submitted, elsewhere and by hand."""
    by_hand = ~Q(origin=Demonstration.Origin.IMPORTED)
    since = timezone.now() - JUST_NOW
    submitted = Demonstration.objects.filter(
        by_hand,
        ~Q(prompt=prompt),
        author=user,
        project=prompt.project_id,
        status=Status.SUBMITTED,
        submitted_at__gte=since,
    )
    named = submitted.select_related("prompt").only("prompt__external_id", "prompt__position")
    return named.order_by("-submitted_at").first()


def _changes_by_reviewer(mine: Demonstration) -> list[diff.Piece] | None:
    """Word by word, what the reviewer changed before approving."""
    if mine.status != Status.APPROVED:
        return None
    submitted = mine.revisions.filter(status=Status.SUBMITTED).last()
    if submitted is None or submitted.text == mine.text:
        return None
    return diff.words(submitted.text, mine.text)


def _progress(project: Project, user: User) -> dict[str, int]:
    own = Demonstration.objects.filter(author=user, project=project).order_by()
    counts = dict(own.values_list("status").annotate(number=Count("*")))
    return {
        "approved": counts.get(Status.APPROVED, 0),
        "waiting": counts.get(Status.SUBMITTED, 0),
        "returned": counts.get(Status.RETURNED, 0),
        "drafts": counts.get(Status.DRAFT, 0),
    }


def _first_error(form: DraftForm) -> str:
    errors = [str(error) for field in form.errors.values() for error in field]
    return f"Not saved: {errors[0]}" if errors else "Not saved."
