from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from annotation.access import MemberRequest, project_for
from annotation.actions.projects import change_project, create_project
from annotation.forms.projects import NewProjectForm, ProjectForm


@require_http_methods(["GET", "HEAD", "POST"])
def project_create(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    if not request.user.is_staff:
        raise PermissionDenied("Only people who run this installation make projects.")
    form = NewProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        project = create_project(by=request.user, guidelines=form.cleaned_data["guidelines"], **form.values())
        messages.success(request, "The project is made. Import prompts and invite its people next.")
        return redirect("project", project.pk)
    return render(request, "annotation/project_form.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def project_settings(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    form = ProjectForm(request.POST or None, instance=project)
    if request.method == "POST" and form.is_valid():
        changed = change_project(project=project, by=request.user, **form.values())
        messages.success(request, "The settings are saved." if changed else "Nothing was changed.")
        if {"answers_per_prompt", "rankings_per_comparison"} & set(changed):
            messages.info(
                request, "What is open already keeps its number of people. Prompts → Who gets what applies the new one."
            )
        return redirect("project_settings", project.pk)
    context = {"form": form, "project": project}
    return render(request, "annotation/project_form.html", context, status=422 if form.errors else 200)
