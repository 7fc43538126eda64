from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.apps import apps
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from annotation.access import MemberRequest, project_for
from annotation.actions import Refused
from training.actions import erasing
from training.actions.freezing import asked_again, start_freezing
from training.forms import attach
from training.models import DatasetVersion, Erasure
from training.views.freezings import after


class LookForm(forms.Form):
    kind = forms.ChoiceField(
        label="Whose texts",
        choices=Erasure.Kind.choices,
        widget=forms.RadioSelect,
        initial=Erasure.Kind.GROUP,
        help_text="By a name, every prompt and text goes in which it stands, and all that people made of them.",
    )
    name = forms.CharField(
        label="Name",
        max_length=200,
        help_text="The group as prompts carry it, the name as texts write it, or the user name of somebody who worked "
        "here.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def erasures(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    form = LookForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = erasing.look_for(project=project, by=request.user, **form.cleaned_data)
        except ValidationError as refused:
            attach(form, refused)
        else:
            return redirect("erasure", project.pk, made.pk)
    rows = project.erasures.select_related("created_by", "person")
    page = Paginator(rows, 50).get_page(request.GET.get("page"))
    context = {"project": project, "form": form, "page": page}
    return render(request, "training/erasures.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def erasure(request: MemberRequest, pk: UUID, erasure_pk: UUID) -> HttpResponse:
    """What it would concern, before; how far it is; what is left to do, after."""
    project = project_for(request, pk, "manage")
    found = get_object_or_404(project.erasures.select_related("project", "created_by", "person"), pk=erasure_pk)
    refusal = ""
    if request.method == "POST":
        try:
            return _act(request, found)
        except ValidationError as refused:
            refusal = " ".join(refused.messages)
        except Refused as refused:
            refusal = str(refused)
    context = {"project": project, "erasure": found, "refusal": refusal, **_concerned(found)}
    return render(request, "training/erasure.html", context, status=422 if refusal else 200)


def _act(request: MemberRequest, found: Erasure) -> HttpResponse:
    match request.POST.get("action"):
        case "erase":
            erasing.erase(erasure=found, typed=request.POST.get("typed", ""), by=request.user)
        case "resume":
            erasing.resume_erasing(erasure=found, by=request.user)
        case "forget":
            erasing.forget_search(erasure=found, by=request.user)
            return redirect("erasures", found.project_id)
        case _:
            raise ValidationError("Choose what to do.")
    return redirect("erasure", found.project_id, found.pk)


def _concerned(found: Erasure) -> dict[str, Any]:
    project, told = found.project, found.found
    every = list(project.dataset_versions.order_by("-created_at"))
    versions = [version for version in every if str(version.pk) in told.get("versions", {})]
    anew = {version.pk: _rebuilt(version, every) for version in versions}
    rounds = project.rounds.filter(pk__in=told.get("rounds", ())).order_by("number")
    evaluations = apps.get_model("evaluation.Evaluation")._default_manager
    return {
        "versions": [(version, told["versions"][str(version.pk)], anew[version.pk]) for version in versions],
        "rounds": [(round, anew.get(round.dataset_version_id)) for round in rounds],
        "adapters": project.adapters.filter(pk__in=told.get("adapters", ())).select_related("round"),
        "evaluations": evaluations.filter(pk__in=told.get("evaluations", ())).order_by("number"),
    }


def _rebuilt(version: DatasetVersion, every: list[DatasetVersion]) -> DatasetVersion | None:
    """The newest that holds what this one asked for, and nothing erased."""
    asked = (version.kind, version.filter, version.consensus)
    whole = (each for each in every if not each.erased_rows and each.number > version.number)
    return next((each for each in whole if (each.kind, each.filter, each.consensus) == asked), None)


@require_POST
def dataset_rebuild(request: MemberRequest, pk: UUID, dataset_pk: UUID) -> HttpResponse:
    """The same filter once more, without what was erased."""
    project = project_for(request, pk, "manage")
    version = get_object_or_404(project.dataset_versions.select_related("project"), pk=dataset_pk)
    try:
        run = start_freezing(by=request.user, **asked_again(version))
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
        return redirect("dataset", project.pk, version.pk)
    if run.version:
        messages.info(request, f"A round with it replaces those that learned from {version}.")
    return after(request, run)


@require_POST
def adapter_allow(request: MemberRequest, pk: UUID, adapter_pk: UUID) -> HttpResponse:
    """An admin's decision that it may be used although rows that it learned from were erased."""
    project = project_for(request, pk, "manage")
    adapter = get_object_or_404(project.adapters.select_related("round", "project"), pk=adapter_pk)
    try:
        erasing.allow_adapter(adapter=adapter, because=request.POST.get("because", ""), by=request.user)
    except (ValidationError, Refused) as refused:
        messages.error(request, " ".join(getattr(refused, "messages", [str(refused)])))
    else:
        messages.success(request, f"The {adapter} may be used again.")
    return redirect("adapter", project.pk, adapter.pk)
