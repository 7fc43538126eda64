from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from annotation.access import MemberRequest, project_for
from annotation.models import Project
from training.actions import ask
from training.answers import answers
from training.forms import PlaygroundForm, attach
from training.models import Sampling
from training.wording import sentence


@require_http_methods(["GET", "HEAD", "POST"])
def playground(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Ask the base model and an adapter the same thing."""
    project = project_for(request, pk, "manage")
    form = PlaygroundForm(
        request.POST if request.method == "POST" else None, project=project, initial=_initial(request, project)
    )
    if request.method == "POST" and form.is_valid():
        asked = dict(form.cleaned_data)
        try:
            sampling = ask(project=project, sources=[None, asked.pop("adapter")], by=request.user, **asked)
            return redirect("playground_result", project.pk, sampling.pk)
        except ValidationError as refused:
            attach(form, refused)
    context = {"project": project, "form": form, "has_adapters": project.adapters.writing().exists()}
    return render(request, "training/playground.html", context, status=422 if form.errors else 200)


def _initial(request: MemberRequest, project: Project) -> dict[str, Any]:
    """The texts of an earlier question, or the instruction that prompts here usually have."""
    try:
        earlier = project.samplings.filter(pk=UUID(request.GET.get("like", ""))).first()
    except ValueError:
        earlier = None
    adapter = request.GET.get("adapter", "")
    if earlier and earlier.prompts and "instruction" in earlier.prompts[0]:
        asked = {name: earlier.prompts[0][name] for name in ("instruction", "input")}
        return {**asked, "adapter": earlier.sources[-1]["adapter_id"], "temperature": earlier.params["temperature"]}
    usual = project.prompts.values_list("instruction", flat=True).first()
    return {"instruction": usual or "", "adapter": adapter, "temperature": 0}


@require_safe
def playground_result(request: MemberRequest, pk: UUID, sampling_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    rows = project.samplings.filter(purpose=Sampling.Purpose.PLAYGROUND).select_related("base_model")
    found = get_object_or_404(rows, pk=sampling_pk)
    context = {
        "project": project,
        "sampling": found,
        "question": found.prompts[0]["prompt"][0]["content"],
        "answers": answers(found),
        "sentence": sentence(found),
    }
    template = "training/playground_result.html" + ("#state" if request.htmx else "")
    return render(request, template, context)
