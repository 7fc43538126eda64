from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from annotation import diff, queues, threads
from annotation.access import MemberRequest, project_for
from annotation.actions import Refused, approving
from annotation.forms.approving import ApproveForm, FixForm, ReturnForm
from annotation.models import Demonstration, DemonstrationQuerySet, Lease, Project, Revision
from annotation.views import work_page

Status = Demonstration.Status
KIND = Lease.Kind.APPROVE
MOST_COUNTED = 100
# what the reviewer is about to do -> the fields it takes
FORMS: dict[str, type[ApproveForm]] = {"read": ApproveForm, "fix": FixForm, "return": ReturnForm}
ASKED_FOR = {"approve": "read", "fix": "fix", "return": "return"}
DONE = {"approve": "Approved.", "fix": "Fixed and approved.", "return": "Returned to its author."}


@require_safe
def approve_next(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "approve")
    return work_page.enter(request, project, KIND, queues.next_to_approve(project, request.user), _show_lent)


@require_http_methods(["GET", "HEAD", "POST"])
def approve(request: MemberRequest, pk: UUID, demonstration_pk: UUID) -> HttpResponse:
    """`?do=fix` opens the editor, `?do=return` the note; without it the response is there to be read."""
    project = project_for(request, pk, "approve")
    demonstration = get_object_or_404(_readable(project), pk=demonstration_pk)
    if request.method != "POST":
        asked = request.GET.get("do", "read")
        return _show(request, project, demonstration, mode=asked if asked in FORMS else "read")
    action = request.POST.get("action", "")
    if work_page.skips(request):
        return work_page.skip(request, project, KIND, demonstration.pk, _show_lent)
    if action not in ASKED_FOR:
        return _show(request, project, demonstration, refusal="Choose what to do with this response.", status=422)
    return _decide(request, project, demonstration, action)


def _decide(request: MemberRequest, project: Project, demonstration: Demonstration, action: str) -> HttpResponse:
    mode = ASKED_FOR[action]
    form = FORMS[mode](request.POST)
    if not form.is_valid():
        return _show(request, project, demonstration, mode=mode, form=form, status=422)
    data = form.cleaned_data
    who: dict[str, Any] = {"demonstration": demonstration, "by": request.user, "version": data["response"]}
    who["active_seconds"] = data["active_seconds"]
    try:
        with transaction.atomic():  # one commit for what is decided and what is handed out
            if action == "return":
                approving.send_back(**who, note=data["note"])
            else:
                approving.approve(**who, text=data.get("text"))
            lease = work_page.take_next(request, project, KIND)
    except Refused as refusal:
        now = _readable(project).filter(pk=demonstration.pk).first()
        if now is None:  # its author has taken it back: a draft is theirs alone
            messages.warning(request, str(refusal))
            return work_page.to_next(request, project, KIND)
        return _show(request, project, now, mode=mode, form=_reread(form, now), refusal=str(refusal), status=409)
    messages.success(request, DONE[action])
    return work_page.show_next(request, project, KIND, lease, _show_lent)


def _show_lent(request: MemberRequest, project: Project, lease: Lease) -> HttpResponse:
    return _show(request, project, _readable(project).get(pk=lease.item_id), lease=lease)


def _reread(form: ApproveForm, demonstration: Demonstration) -> ApproveForm:
    """The form as it was sent, for the text as it is now."""
    return type(form)({**{name: form.data[name] for name in form.data}, "response": demonstration.version})


# --- The page ------------------------------------------------------------------------------------------------


def _readable(project: Project) -> DemonstrationQuerySet:
    """Drafts are their author's own business until they are submitted."""
    submitted = Demonstration.objects.filter(project=project).exclude(status=Status.DRAFT)
    return submitted.select_related("prompt__project", "author", "reviewed_by", "guidelines")


def _show(
    request: MemberRequest,
    project: Project,
    demonstration: Demonstration,
    *,
    mode: str = "read",
    form: ApproveForm | None = None,
    refusal: str = "",
    lease: Lease | None = None,
    status: int = 200,
) -> HttpResponse:
    state, lease = ("open", lease) if lease else _state(demonstration, request.user)
    guidelines = project.current_guidelines()
    draft = lease.draft if lease else {}
    context = {
        "demonstration": demonstration,
        "prompt": demonstration.prompt,
        "talk": threads.talk_of(demonstration.prompt, request.user),
        "state": state,
        "lease": lease,
        "mode": mode if state == "open" else "read",
        "form": form or FORMS[mode](initial=_initial(demonstration, draft, lease)),
        "has_changes": bool(draft.get("text")) and draft["text"] != demonstration.text,
        "refusal": refusal,
        "overtaken": _overtaken(demonstration, form) if refusal and state == "open" else None,
        "from_draft": _difference_to_draft(demonstration),
        "guidelines": guidelines,
        "waiting": queues.up_to(queues.approvable(project, request.user), MOST_COUNTED),
        "most_counted": MOST_COUNTED,
        **_history(demonstration),
    }
    url = reverse("approve", args=[project.pk, demonstration.pk])
    return work_page.show(request, "annotation/approve.html", context, url, status)


def _state(demonstration: Demonstration, user: User) -> tuple[str, Lease | None]:
    if demonstration.status != Status.SUBMITTED:
        return "settled", None
    if demonstration.author_id == user.pk:
        return "own", None
    if queues.kept_from(demonstration, user):
        return "kept", None
    lease = queues.hold_demonstration(demonstration, user)
    return ("open", lease) if lease else ("taken", None)


def _initial(demonstration: Demonstration, draft: dict[str, Any], lease: Lease | None) -> dict[str, Any]:
    return {
        "text": draft.get("text") or demonstration.text,
        "note": draft.get("note", ""),
        "response": demonstration.version,
        "active_seconds": round(lease.active_seconds, 1) if lease else 0,
    }


def _overtaken(demonstration: Demonstration, form: ApproveForm | None) -> list[diff.Piece] | None:
    """The author's text as it is now beside the reviewer's own, typed over the earlier one."""
    typed = form.data.get("text", "") if form else ""
    return diff.words(demonstration.text, typed) if typed else None


def _difference_to_draft(demonstration: Demonstration) -> list[diff.Piece] | None:
    """What its author made of the model's draft."""
    if not demonstration.draft_text:
        return None
    return diff.words(demonstration.draft_text, demonstration.text)


def _history(demonstration: Demonstration) -> dict[str, Any]:
    """What changed since the response was last returned, or by whoever approved it."""
    revisions = list(demonstration.revisions.all())
    if demonstration.status == Status.APPROVED:
        return {"fixed": _difference(_last(revisions, Status.SUBMITTED), demonstration)}
    returned = _last(revisions, Status.RETURNED)
    if demonstration.status != Status.SUBMITTED or returned is None:
        return {}
    return {"returned": returned, "reworked": _difference(returned, demonstration)}


def _last(revisions: list[Revision], status: str) -> Revision | None:
    return next((revision for revision in reversed(revisions) if revision.status == status), None)


def _difference(before: Revision | None, after: Demonstration) -> list[diff.Piece] | None:
    if before is None or before.text == after.text:
        return None
    return diff.words(before.text, after.text)
