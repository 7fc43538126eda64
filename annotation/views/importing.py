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
from annotation.downloads import attachment
from annotation.forms.importing import MappingForm, UploadForm, initial_from
from annotation.imports import importing
from annotation.imports.files import COUNTED, FORMATS, columns_of, samples
from annotation.imports.items import detected, says_more
from annotation.imports.rows import Problem, Row, Unreadable
from annotation.models import Import, Project

SHOWN = 10
PROBLEMS_SHOWN = 20


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
            shape=form.shape if says_more(form.shape, form.samples) else "",
            by=request.user,
        )
        return redirect("import_map", project.pk, row.pk)
    imports = project.imports.select_related("created_by")[:50]
    context = {"project": project, "form": form, "imports": imports}
    return render(request, "annotation/import_start.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def import_map(request: MemberRequest, pk: UUID, import_pk: UUID) -> HttpResponse:
    """Mapping and preview, and once it has begun how far it is. `action` is one of ACTIONS, preview or import."""
    project = project_for(request, pk, "manage")
    row = get_object_or_404(project.imports.select_related("created_by"), pk=import_pk)
    if request.POST.get("action") in ACTIONS:
        return _act(request, row, request.POST["action"])
    if not row.is_open:
        return _state(request, row)
    try:
        rows = _samples(row)
        columns, shape = columns_of(rows), detected(rows)
    except (OSError, Unreadable):
        return _state(request, row, gone=True)
    form = MappingForm(request.POST or None, columns=columns, shape=shape, initial=initial_from(row.mapping))
    if request.method == "POST" and form.is_valid():
        uploads.choose(row=row, choices=form.saved())
        if request.POST.get("action") == "import":
            return _import(request, row, form)
        return redirect("import_map", project.pk, row.pk)
    return _show(request, project, row, form)


@require_safe
def import_problems(request: MemberRequest, pk: UUID, import_pk: UUID) -> HttpResponseBase:
    """Every line that has a problem, as a text file."""
    project = project_for(request, pk, "manage")
    row = get_object_or_404(project.imports, pk=import_pk)
    lines = _planned_problems(row) if row.status == Import.Status.UPLOADED else _problems(row)
    name = f"problems in {PurePath(row.file_name).stem}.txt"
    return attachment(StreamingHttpResponse(lines, content_type="text/plain; charset=utf-8"), name)


def _samples(row: Import) -> list[Row]:
    with importing.opened(row) as file:
        return samples(file, row.format)


ACTIONS = {"discard": "is discarded.", "stop": "stops after the records it has in hand.", "resume": "goes on."}


def _act(request: MemberRequest, row: Import, action: str) -> HttpResponse:
    try:
        getattr(uploads, action)(row=row, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("import_map", row.project_id, row.pk)
    messages.success(request, f"{row.file_name} {ACTIONS[action]}")
    if action == "discard":
        return redirect("import_start", row.project_id)
    return redirect("import_map", row.project_id, row.pk)


def _import(request: MemberRequest, row: Import, form: MappingForm) -> HttpResponse:
    try:
        uploads.start(row=row, by=request.user, skip_problems=form.cleaned_data["skip_problems"])
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("import_map", row.project_id, row.pk)


def _state(request: MemberRequest, row: Import, gone: bool = False) -> HttpResponse:
    """How far it is, or how it ended."""
    context = {
        "project": row.project,
        "row": row,
        "gone": gone,
        "problems": row.problems.all()[:PROBLEMS_SHOWN],
        "problems_shown": PROBLEMS_SHOWN,
        "noun": COUNTED.get(row.format, "line"),
    }
    return render(request, "annotation/import_state.html", context, status=410 if gone else 200)


def _show(request: MemberRequest, project: Project, row: Import, form: MappingForm) -> HttpResponse:
    """The first records as they would arrive, and the counts."""
    unreadable = ""
    preview = uploads.NOTHING
    try:
        if uploads.is_mapped(row):
            preview = uploads.preview(row, SHOWN)
    except Unreadable as error:
        unreadable = str(error)
    return render(
        request,
        "annotation/import_map.html",
        {
            "project": project,
            "row": row,
            "form": form,
            "format": FORMATS[row.format],
            "noun": COUNTED.get(row.format, "line"),
            "preview": preview,
            "counts": preview.counts,
            "mapped": uploads.is_mapped(row),
            "same": uploads.same_file(row),
            "passed_over": [each for each in form.columns if each not in row.mapping["columns"].values()],
            "unreadable": unreadable,
        },
        status=422 if form.errors else 200,
    )


def _planned_problems(row: Import) -> Iterator[str]:
    try:
        for stretch in uploads.planned(row):
            for item in stretch:
                if isinstance(item, Problem):
                    yield f"{COUNTED.get(row.format, 'line')} {item.line}: {item.reason}\n"
    except Unreadable as error:
        yield f"{error}\n"


def _problems(row: Import) -> Iterator[str]:
    for problem in row.problems.iterator():
        yield f"{COUNTED.get(row.format, 'line')} {problem.line}: {problem.reason}\n"
