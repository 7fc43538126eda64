from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.access import MemberRequest, project_for
from training import choosing, progress
from training.actions import cancel_sampling, start_sampling
from training.answers import writers
from training.forms import SamplingForm, attach
from training.jobs import Status
from training.models import Sampling
from training.wording import sentence


@require_http_methods(["GET", "HEAD", "POST"])
def sampling_create(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    form = SamplingForm(request.POST if request.method == "POST" else None, project=project)
    if request.method == "POST" and form.is_valid():
        try:
            sampling = start_sampling(
                project=project,
                sources=form.cleaned_data["sources"],
                prompts=choosing.prompts_to_sample(project, form.cleaned_data["prompts"]),
                params=form.params(),
                by=request.user,
            )
            return redirect("sampling", project.pk, sampling.pk)
        except ValidationError as refused:
            attach(form, refused)
    earlier = project.samplings.filter(purpose=Sampling.Purpose.RANKING).select_related("created_by")[:10]
    context = {"project": project, "form": form, "earlier": earlier}
    return render(request, "training/sampling_create.html", context, status=422 if form.errors else 200)


@require_safe
def sampling(request: MemberRequest, pk: UUID, sampling_pk: UUID) -> HttpResponse:
    """Asks again every few seconds until it is over; then it says what to do with the candidates."""
    project = project_for(request, pk, "manage")
    rows = project.samplings.filter(purpose=Sampling.Purpose.RANKING).select_related("base_model", "created_by")
    found = get_object_or_404(rows, pk=sampling_pk)
    found.progress = (progress.summarise(found.run_dir().events()) if found.attempt else {}) or found.progress
    context = {
        "project": project,
        "sampling": found,
        "sentence": sentence(found),
        "bar": progress.bar(found.progress),
        "writers": writers(found),
        "log": found.run_dir().log_tail() if found.attempt and found.status == Status.FAILED else "",
    }
    template = "training/sampling.html" + ("#state" if request.htmx else "")
    return render(request, template, context)


@require_POST
def sampling_cancel(request: MemberRequest, pk: UUID, sampling_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    found = get_object_or_404(project.samplings, pk=sampling_pk)
    cancel_sampling(sampling=found, by=request.user)
    messages.success(request, "The sampling stops.")
    return redirect("sampling", project.pk, found.pk)
