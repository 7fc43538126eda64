from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from annotation.access import MemberRequest, project_for
from annotation.actions import Refused, uploads
from annotation.actions.importing import Counts, ImportRefused, Planned
from annotation.downloads import attachment
from annotation.forms.importing import MappingForm, UploadForm, initial_from
from annotation.models import Import, Project
from annotation.rows import Problem, Unreadable, columns_of

SHOWN = 10


@require_http_methods(["GET", "HEAD", "POST"])
def import_start(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        row = uploads.upload(
            project=project,
            file=file,
            file_name=PurePath(file.name).name[-200:],
            format=form.format,
            columns=form.columns,
            by=request.user,
        )
        return redirect("import_map", project.pk, row.pk)
    imports = project.imports.select_related("created_by")[:50]
    context = {"project": project, "form": form, "imports": imports}
    return render(request, "annotation/import_start.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def import_map(request: MemberRequest, pk: UUID, import_pk: UUID) -> HttpResponse:
    """Mapping and preview. `action` is preview, import or discard; the preview shows what Import would do."""
    project = project_for(request, pk, "manage")
    row = get_object_or_404(project.imports.select_related("created_by"), pk=import_pk)
    if row.status != Import.Status.UPLOADED:
        return render(request, "annotation/import_closed.html", {"project": project, "row": row})
    if request.POST.get("action") == "discard":
        return _discard(request, project, row)
    try:
        columns = _columns(row)
    except (OSError, Unreadable):
        return render(request, "annotation/import_closed.html", {"project": project, "row": row}, status=410)
    form = MappingForm(request.POST or None, columns=columns, initial=initial_from(row.mapping))
    if request.method == "POST" and form.is_valid():
        uploads.choose(row=row, choices=form.saved())
        if request.POST.get("action") == "import":
            return _import(request, project, row, form)
        return redirect("import_map", project.pk, row.pk)
    return _show(request, project, row, form)


@require_safe
def import_problems(request: MemberRequest, pk: UUID, import_pk: UUID) -> HttpResponseBase:
    """Every line that has a problem, as a text file."""
    project = project_for(request, pk, "manage")
    row = get_object_or_404(project.imports, pk=import_pk, status=Import.Status.UPLOADED)
    name = f"problems in {PurePath(row.file_name).stem}.txt"
    return attachment(StreamingHttpResponse(_problem_lines(row), content_type="text/plain; charset=utf-8"), name)


def _columns(row: Import) -> list[str]:
    with row.file.open("rb") as file:
        return columns_of(file, row.format)


def _discard(request: MemberRequest, project: Project, row: Import) -> HttpResponse:
    try:
        uploads.discard(row=row, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("import_map", project.pk, row.pk)
    messages.success(request, f"{row.file_name} is discarded; nothing of it was imported.")
    return redirect("import_start", project.pk)


def _import(request: MemberRequest, project: Project, row: Import, form: MappingForm) -> HttpResponse:
    try:
        counts = uploads.run(row=row, by=request.user, skip_problems=form.cleaned_data["skip_problems"])
    except ImportRefused as refused:
        form.add_error(None, str(refused))
        return _show(request, project, row, form)
    except (Refused, Unreadable) as refused:
        messages.error(request, str(refused))
        return redirect("import_map", project.pk, row.pk)
    noun = "prompt" if counts.new == 1 else "prompts"
    messages.success(request, f"{counts.new:,} {noun} imported from {row.file_name}.")
    return redirect("prompts", project.pk)


def _show(request: MemberRequest, project: Project, row: Import, form: MappingForm) -> HttpResponse:
    """The first records as they would arrive, and the counts of the whole file."""
    unreadable = ""
    first: list[Planned] = []
    counts = Counts()
    try:
        if uploads.is_mapped(row):
            first, counts = uploads.preview(row=row, show=SHOWN)
    except Unreadable as error:
        unreadable = str(error)
    return render(
        request,
        "annotation/import_map.html",
        {
            "project": project,
            "row": row,
            "form": form,
            "first": first,
            "counts": counts,
            "mapped": uploads.is_mapped(row),
            "passed_over": [each for each in form.columns if each not in row.mapping["columns"].values()],
            "unreadable": unreadable,
        },
        status=422 if form.errors else 200,
    )


def _problem_lines(row: Import) -> Iterator[str]:
    try:
        for item in uploads.planned(row):
            if isinstance(item, Problem):
                yield f"line {item.line}: {item.reason}\n"
    except Unreadable as error:
        yield f"{error}\n"
