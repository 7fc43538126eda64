from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from annotation import informative, queues
from annotation.access import MemberRequest, project_for
from annotation.actions import Refused, assigning
from annotation.arranging import RANK, WRITE
from annotation.forms.assigning import ArrangeForm
from annotation.forms.prompts import PromptFilterForm
from annotation.models import Chore, Project, Prompt
from annotation.texts import counted

MOST_COUNTED = 10_000
NUMBERS = {"apply_answers": (WRITE, "answers_per_prompt"), "apply_rankings": (RANK, "rankings_per_comparison")}


@require_http_methods(["GET", "HEAD", "POST"])
def who_gets_what(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The address says which prompts: the filter of their list, or `prompt`, the id of one."""
    project = project_for(request, pk, "manage")
    chosen = PromptFilterForm(request.GET, project=project)
    one = _one(project, request.GET.get("prompt", ""))
    if request.method != "POST":
        return _show(request, project, chosen, one, ArrangeForm(project=project))
    action = request.POST.get("action", "")
    if action in NUMBERS:
        work, number = NUMBERS[action]
        chore = assigning.arrange(
            project=project, by=request.user, work=work, people=getattr(project, number), of_open=True
        )
        return _told(request, chore)
    if action == "estimate":
        assigning.estimate(project=project, by=request.user)
        messages.success(request, "The worker estimates it now. The order changes while it does.")
        return redirect(request.get_full_path())
    form = ArrangeForm(request.POST, project=project)
    if form.is_valid():
        which: dict[str, Any] = {"only": [one.pk]} if one else {"filter": chosen.chosen()}
        try:
            return _told(request, assigning.arrange(project=project, by=request.user, **which, **form.changes()))
        except Refused as refusal:
            form.add_error(None, str(refusal))
    return _show(request, project, chosen, one, form)


def _told(request: MemberRequest, chore: Chore) -> HttpResponse:
    if chore.status == Chore.Status.DONE:
        messages.success(
            request, f"{counted(chore.changed, 'change')} made." if chore.changed else "All were so already."
        )
    elif chore.status == Chore.Status.FAILED:
        messages.error(request, f"It stopped: {chore.problem}")
    else:
        messages.success(request, "These are many. The worker changes them part by part; this page says how far it is.")
    return redirect(request.get_full_path())


def _one(project: Project, pk: str) -> Prompt | None:
    try:
        return project.prompts.filter(pk=UUID(pk)).first()
    except ValueError:
        return None


def _show(
    request: MemberRequest, project: Project, chosen: PromptFilterForm, one: Prompt | None, form: ArrangeForm
) -> HttpResponse:
    query = urlencode({name: value for name, value in chosen.chosen().items() if value})
    context = {
        "project": project,
        "filter": chosen,
        "query": query,
        "one": one,
        "found": 1 if one else queues.up_to(chosen.matching(), MOST_COUNTED),
        "most_counted": MOST_COUNTED,
        "form": form,
        "chores": project.chores.select_related("created_by")[:5],
        "informative": informative.IN_ONE_LINE if project.informative_first else "",
    }
    return render(request, "annotation/who_gets_what.html", context, status=422 if form.errors else 200)
