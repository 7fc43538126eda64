"""Of which type and how hard prompts are: said by people, proposed by the machine and accepted by people."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db.models import Avg, Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from annotation import queues
from annotation.access import MemberRequest, project_for
from annotation.actions import Refused, sorting
from annotation.forms.prompts import PromptFilterForm
from annotation.forms.sorting import KindForm
from annotation.models import Chore, Project, Prompt
from annotation.sorted_prompts import CERTAIN
from annotation.texts import counted

MOST_COUNTED = 10_000
MOST_TYPES = 50


@require_http_methods(["GET", "HEAD", "POST"])
def prompt_kinds(request: MemberRequest, pk: UUID) -> HttpResponse:
    """`action` is set, propose or accept."""
    project = project_for(request, pk, "manage")
    chosen = PromptFilterForm(request.GET, project=project)
    one = _one(project, request.GET.get("prompt", ""))
    action = request.POST.get("action")
    if action == "propose":
        sorting.propose(project=project, by=request.user)
        messages.success(request, "The worker estimates it now; reload this page to see what it proposes.")
        return redirect(request.get_full_path())
    if action == "accept":
        return _accept(request, project)
    form = KindForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        which: dict[str, Any] = {"only": [one.pk]} if one else {"filter": chosen.chosen()}
        return _told(request, sorting.set_kind(project=project, by=request.user, **which, **form.chosen()))
    return _show(request, project, chosen, one, form)


def _one(project: Project, pk: str) -> Prompt | None:
    try:
        return project.prompts.filter(pk=UUID(pk)).first()
    except ValueError:
        return None


def _accept(request: MemberRequest, project: Project) -> HttpResponse:
    kind = request.POST.get("task_type", "")
    try:
        accepted = sorting.accept(project=project, by=request.user, task_type=kind)
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, f"{counted(accepted, 'prompt')} of the type {kind}.")
    return redirect(request.get_full_path())


def _told(request: MemberRequest, chore: Chore) -> HttpResponse:
    if chore.status == Chore.Status.DONE:
        changed = f"{counted(chore.changed, 'change')} made." if chore.changed else "All were so already."
        messages.success(request, changed)
    elif chore.status == Chore.Status.FAILED:
        messages.error(request, f"It stopped: {chore.problem}")
    else:
        messages.success(request, "These are many. The worker changes them part by part.")
    return redirect(request.get_full_path())


def _show(
    request: MemberRequest, project: Project, chosen: PromptFilterForm, one: Prompt | None, form: KindForm
) -> HttpResponse:
    query = urlencode({name: value for name, value in chosen.chosen().items() if value})
    proposed = project.prompts.filter(task_type="").exclude(proposed_task_type="").order_by()
    by_type = proposed.values("proposed_task_type").annotate(prompts=Count("pk"), certainty=Avg("type_certainty"))
    context = {
        "project": project,
        "filter": chosen,
        "query": query,
        "one": one,
        "found": 1 if one else queues.up_to(chosen.matching(), MOST_COUNTED),
        "most_counted": MOST_COUNTED,
        "form": form,
        "proposed": by_type.order_by("-prompts", "proposed_task_type")[:MOST_TYPES],
        "last": project.chores.filter(kind=Chore.Kind.SORT).first(),
        "certain": f"{CERTAIN:.0%}",
    }
    return render(request, "annotation/prompt_kinds.html", context, status=422 if form.errors else 200)
