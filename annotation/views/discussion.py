"""The talk about a prompt: its thread, one's own note, one's own flag; on the work screens and as a page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from annotation import threads
from annotation.access import MemberRequest, project_for
from annotation.actions import Refused, discussing
from annotation.forms.discussion import FlagForm, NoteForm, RemarkForm
from annotation.models import Comment, Prompt
from annotation.views import work_page

MOST_REMARKS = 200
MOST_THREADS = 50


@require_http_methods(["GET", "HEAD", "POST"])
def discussion(request: MemberRequest, pk: UUID, prompt_pk: UUID) -> HttpResponse:
    """A part of a work screen where htmx asks, else a page of its own."""
    project = project_for(request, pk, "open project")
    prompt = get_object_or_404(project.prompts.all(), pk=prompt_pk)
    reads = threads.may_read(prompt, request.user, request.role)
    if not reads and not threads.may_flag(prompt, request.user, request.role):
        raise PermissionDenied("This thread is between those who write for the prompt and its reviewers.")
    if request.method != "POST":
        return _show(request, prompt, {}, reads=reads, part=request.GET.get("part", "remarks"))
    return _act(request, prompt, reads)


def _act(request: MemberRequest, prompt: Prompt, reads: bool) -> HttpResponse:
    action = request.POST.get("action", "")
    forms: dict[str, Any] = {"remark": RemarkForm, "note": NoteForm, "flag": FlagForm}
    form = forms[action](request.POST) if action in forms else None
    part = {"remark": "remarks", "note": "note"}.get(action, "flag")
    if action == "remark" and not reads:
        raise PermissionDenied("This thread is between those who write for the prompt and its reviewers.")
    if form is not None and not form.is_valid():
        return _show(request, prompt, {action: form}, reads=reads, part=part, status=422)
    try:
        said = _do(request, prompt, action, form)
    except Refused as refusal:
        return _show(request, prompt, {}, reads=reads, part=part, said=str(refusal), status=409)
    if not work_page.wants_part(request):
        return redirect("discussion", prompt.project_id, prompt.pk)
    return _show(request, prompt, {}, reads=reads, part=part, said=said)


def _do(request: MemberRequest, prompt: Prompt, action: str, form: Any) -> str:
    if action == "remark":
        discussing.remark(prompt=prompt, by=request.user, text=form.cleaned_data["text"])
        return "Said. Whoever works on this prompt sees it."
    if action == "note":
        discussing.keep_note(prompt=prompt, by=request.user, text=form.cleaned_data["note"])
        return "Your note is kept." if form.cleaned_data["note"] else "Your note is gone."
    if action == "flag":
        discussing.raise_flag(prompt=prompt, by=request.user, reason=form.cleaned_data["reason"])
        return "Flagged. A reviewer looks at it."
    if action == "unflag":
        discussing.lower_flag(prompt=prompt, by=request.user)
        return "Your flag is taken back."
    raise Refused("Choose what to do.")


def _show(
    request: MemberRequest,
    prompt: Prompt,
    forms: dict[str, Any],
    *,
    reads: bool,
    part: str,
    said: str = "",
    status: int = 200,
) -> HttpResponse:
    """`part` is the one of the three that stands open."""
    remarks = _remarks(request, prompt) if reads and (part == "remarks" or not work_page.wants_part(request)) else None
    talk = threads.talk_of(prompt, request.user)
    if remarks and talk.unread:
        discussing.mark_read(prompt=prompt, by=request.user)
    context = {
        "project": prompt.project,
        "prompt": prompt,
        "talk": talk,
        "thread": remarks,
        "loaded": remarks is not None,
        "closed_flags": prompt.flags.filter(raised_by=request.user).exclude(closed_at=None).order_by("-closed_at")[:3],
        "screen": "approve" if request.GET.get("on") == "approve" else "write",  # "f" means something else there
        "quiet": request.GET.get("quiet") == "1",
        "reads": reads,
        "waits": remarks is not None and threads.waits(prompt, request.user),
        "part": part,
        "said": said,
        "remark_form": forms.get("remark") or RemarkForm(),
        "note_form": forms.get("note") or NoteForm(initial={"note": talk.note}),
        "flag_form": forms.get("flag") or FlagForm(),
    }
    template = "annotation/talk.html" if work_page.wants_part(request) else "annotation/discussion.html"
    return render(request, template, context, status=status)


def _remarks(request: MemberRequest, prompt: Prompt) -> list[Comment]:
    """The latest, in order."""
    found = threads.remarks_for(request.user).filter(prompt=prompt).order_by("-created_at", "-pk")
    return list(found.select_related("author")[:MOST_REMARKS])[::-1]


@require_safe
def remarks(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Threads with something new for this person first; then those they took part in."""
    project = project_for(request, pk, "open project")
    new = threads.new_to(request.user).alias(of=threads.OF_PROMPT).filter(of=project.pk).order_by()
    unread = dict(new.values_list("prompt_id").annotate(number=Count("pk")))
    said = Comment.objects.alias(of=threads.OF_PROMPT).filter(of=project.pk, author=request.user, private=False)
    own = said.order_by().values("prompt_id").annotate(last=Max("created_at")).order_by("-last")[:MOST_THREADS]
    last = threads.remarks_for(request.user).filter(prompt_id=OuterRef("pk")).order_by("-created_at")
    keys = [*list(unread)[:MOST_THREADS], *(row["prompt_id"] for row in own)]
    prompts = project.prompts.filter(pk__in=keys).annotate(
        last_text=Subquery(last.values("text")[:1]), last_at=Subquery(last.values("created_at")[:1])
    )
    rows = [{"prompt": each, "unread": unread.get(each.pk, 0)} for each in prompts.order_by("-last_at")]
    rows.sort(key=lambda row: not row["unread"])
    return render(request, "annotation/remarks.html", {"project": project, "rows": rows, "new": sum(unread.values())})
