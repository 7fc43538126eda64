"""What a person's rankings say of them: for admins and reviewers, and in part for the person."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from annotation import queues
from annotation.access import MemberRequest, project_for
from annotation.actions import Refused, admitting
from annotation.models import Project, Ranker, Role, name_of
from annotation.quality import rankers


@require_safe
def ranker(request: MemberRequest, pk: UUID, user_pk: int) -> HttpResponse:
    project = project_for(request, pk, "decide")
    user = _member(project, user_pk)
    if user == request.user and request.role != Role.ADMIN:
        return redirect("my_ranking", project.pk)
    return _show(request, project, user, own=False)


@require_safe
def my_ranking(request: MemberRequest, pk: UUID) -> HttpResponse:
    """One's own: what one can do better by knowing it, and nothing that tells which comparison was a check."""
    return _show(request, project_for(request, pk, "rank"), request.user, own=True)


@require_POST
def ranker_act(request: MemberRequest, pk: UUID, user_pk: int) -> HttpResponse:
    """An admin lets somebody rank, asks them to train, or has looked into an alarm."""
    project = project_for(request, pk, "manage")
    user = _member(project, user_pk)
    act = request.POST.get("action")
    try:
        if act == "let":
            admitting.let_rank(project=project, user=user, by=request.user)
            messages.success(request, f"{name_of(user)} ranks for the project.")
        elif act == "train":
            admitting.ask_to_train(project=project, user=user, by=request.user)
            messages.success(request, f"{name_of(user)} goes through the training before they rank on.")
        elif act == "seen":
            admitting.see_alarm(project=project, user=user, by=request.user)
            messages.success(request, "Noted that you have looked into it.")
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("ranker", project.pk, user.pk)


def _member(project: Project, user_pk: int) -> User:
    return get_object_or_404(User.objects.filter(memberships__project=project), pk=user_pk)


def _show(request: MemberRequest, project: Project, user: User, own: bool) -> HttpResponse:
    known: Ranker | None = (
        Ranker.objects.filter(project=project, user=user).select_related("admitted_by", "alarm_seen_by").first()
    )
    found = rankers.of_person(project, user, known, own=own)
    figures = rankers.told(found, rankers.OWN) if own else rankers.told(found)
    context: dict[str, Any] = {
        "project": project,
        "who": user,
        "own": own,
        "judged": found.judged,
        "latest": rankers.LATEST,
        "figures": [each for each in figures if each.value],
        "unknown": [each for each in figures if not each.value],
        "alarm": None if own else found.alarm,
        "ranker": known,
        "training": not own and queues.training_items(project, user).exists(),
        "score": round(100 * known.score) if known and known.score is not None else None,
    }
    return render(request, "annotation/ranker.html", context)
