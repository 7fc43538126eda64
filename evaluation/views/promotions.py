from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from annotation.access import MemberRequest, project_for
from annotation.models import Project, Role
from evaluation import actions
from evaluation.actions.promoting import NeedsConfirmation, before
from evaluation.evidence import Evidence, evidence
from evaluation.forms import PromoteForm, RollbackForm
from evaluation.models import Promotion
from evaluation.progress import progress_of, visible_to

HISTORY = 50


@require_safe
def promotions(request: MemberRequest, pk: UUID) -> HttpResponse:
    """What is in use, since when and why; `adapter` and `evaluation` choose what is weighed below."""
    project = project_for(request, pk, "read results")
    initial = {"adapter": request.GET.get("adapter", ""), "evaluation": request.GET.get("evaluation", "")}
    if not any(initial.values()):
        return _show(request, project)
    return _show(request, project, chosen=PromoteForm(initial, project=project))


@require_POST
def promote(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    form = PromoteForm(request.POST, project=project)
    if not form.is_valid():
        return _show(request, project, form=form, chosen=form, status=422)
    try:
        actions.promote(by=request.user, **form.cleaned_data)
    except NeedsConfirmation as asked:
        return _show(request, project, form=form, chosen=form, asked=asked.evidence, status=422)
    except ValidationError as error:
        form.add_error(None, error)
        return _show(request, project, form=form, chosen=form, status=422)
    messages.success(request, "The adapter is promoted: it is in use from now on.")
    return redirect("promotions", project.pk)


@require_POST
def rollback(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    form = RollbackForm(request.POST)
    if not form.is_valid():
        return _show(request, project, rollback_form=form, status=422)
    try:
        seen = form.cleaned_data["seen"] or None
        restored = actions.rollback(project=project, by=request.user, reason=form.cleaned_data["reason"], seen=seen)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("promotions", project.pk)
    messages.success(
        request,
        f"Rolled back: the {restored.adapter} is in use again."
        if restored
        else "Rolled back: the base model is in use again.",
    )
    return redirect("promotions", project.pk)


def _show(
    request: MemberRequest,
    project: Project,
    *,
    form: PromoteForm | None = None,
    chosen: PromoteForm | None = None,
    rollback_form: RollbackForm | None = None,
    asked: Evidence | None = None,
    status: int = 200,
) -> HttpResponse:
    history = list(
        project.promotions.select_related("adapter__round", "evaluation", "promoted_by", "ended_by", "restores")[
            :HISTORY
        ]
    )
    current = next((each for each in history if each.ended_at is None), None)
    seen = str(current.pk) if current else ""
    picked = _picked(request, chosen, current)
    newest = None if chosen else project.evaluations.answered().first()
    initial = {"seen": seen, "adapter": picked["adapter"], "evaluation": picked["evaluation"] or newest}
    context = {
        "current": current,
        "previous": before(current) if current else None,
        "history": history,
        "is_admin": request.role == Role.ADMIN,
        "form": form or PromoteForm(initial=initial, project=project),
        "rollback_form": rollback_form or RollbackForm(initial={"seen": seen}, auto_id="rollback_%s"),
        "has_adapters": project.adapters.writing().exists(),
        **picked,
        "asked": _blinded(asked) if asked and picked["blind"] else asked,
    }
    return render(request, "evaluation/promotions.html", context, status=status)


def _blinded(asked: Evidence) -> Evidence:
    """What somebody who may still score can be told: that reviews are missing, not what they say."""
    told = [doubt for doubt in asked.doubts if "reviews are in" in doubt]
    return Evidence(doubts=[*told, "What is known so far stays closed to you until the last review is in."])


def _picked(request: MemberRequest, chosen: PromoteForm | None, current: Promotion | None) -> dict[str, Any]:
    """The adapter and evaluation being weighed, and the evidence if this person may see it already."""
    nothing: dict[str, Any] = {"adapter": None, "evaluation": None, "evidence": None, "blind": False}
    if chosen is None:
        return nothing
    chosen.is_valid()
    adapter, evaluation = chosen.cleaned_data.get("adapter"), chosen.cleaned_data.get("evaluation")
    picked = {**nothing, "adapter": adapter, "evaluation": evaluation}
    if adapter is None or evaluation is None:
        return picked
    if not visible_to(evaluation, request.user, progress_of(evaluation)):
        return {**picked, "blind": True}
    return {**picked, "evidence": evidence(adapter, evaluation, current.adapter if current else None)}
