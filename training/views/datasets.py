from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Manager, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from annotation.access import MemberRequest, project_for
from annotation.actions import Refused
from annotation.forms.exporting import FrozenExportForm
from annotation.ids import as_uuid
from annotation.models import Project, name_of
from training.actions.freezing import is_much, record_manifest, start_freezing, take_out
from training.forms import attach
from training.freezing import choosing, comparing, filters, index
from training.freezing import datasets as frozen
from training.freezing_form import FreezeForm
from training.leaks import gate
from training.methods import METHODS
from training.models import DatasetVersion, FreezeRun, Leak, LeftOut, VersionRow
from training.views.freezings import after

ROWS_SHOWN = 5
EXPORTS_SHOWN = 50
LEAKING_ROWS = Count("leaks__row_id", distinct=True)


@require_http_methods(["GET", "HEAD", "POST"])
def datasets(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    like = _like(project, request.GET.get("like", ""))
    given = request.POST if request.method == "POST" else None
    form = FreezeForm(given, project=project, initial=FreezeForm.as_asked(like) if like else None)
    found = None
    if request.method == "POST" and form.is_valid():
        try:
            if "look" not in request.POST:
                return after(request, start_freezing(project=project, by=request.user, **form.what()))
            if is_much(project, form.cleaned_data["kind"]):
                run = start_freezing(project=project, by=request.user, only_look=True, **form.what())
                return after(request, run)
            found = _found(project, form)
        except ValidationError as refused:
            attach(form, refused)
    rows = project.dataset_versions.annotate(round_count=Count("rounds", distinct=True), leak_count=LEAKING_ROWS)
    versions = rows.select_related("created_by").order_by("-created_at")
    page = Paginator(versions, 50).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "form": form,
        "page": page,
        "ready": choosing.how_many(project),
        "found": found,
        "run": project.freezeruns.unfinished().first(),
        "unfold": bool(found or form.errors or like),
    }
    return render(request, "training/datasets.html", context, status=422 if form.errors else 200)


def _like(project: Project, key: str) -> FreezeRun | None:
    """What was asked for before, to begin with."""
    pk = as_uuid(key)
    return project.freezeruns.select_related("project").filter(pk=pk).first() if pk else None


def _found(project: Project, form: FreezeForm) -> dict[str, Any]:
    """How many rows it would take, and in which words it will say so."""
    given = form.what()
    train, validation = choosing.rows_to_freeze(project, given["kind"], given["consensus"], given["chosen"])
    said = filters.sentence(given["chosen"], form.names)
    return {"train": len(train), "validation": len(validation), "said": said}


@require_safe
def dataset(request: MemberRequest, pk: UUID, dataset_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    part = "validation" if request.GET.get("part") == "validation" else "train"
    shown = VersionRow.objects.filter(part=part, erased=False)
    versions: QuerySet[Any] = project.dataset_versions.select_related("created_by").annotate(
        left=_number(LeftOut.objects), leak_count=_number(Leak.objects, "row_id"), shown=_number(shown)
    )
    version = get_object_or_404(versions, pk=dataset_pk)
    here = frozen.intact(version)
    paginator = Paginator(shown.filter(version=version).order_by("pk"), ROWS_SHOWN)
    paginator.count = version.shown if here else 0
    page = paginator.get_page(request.GET.get("page"))
    context = {
        "audits": version.bias_audits.defer("report", "state", "lists").order_by("-created_at"),
        "project": project,
        "version": version,
        "part": part,
        "page": page,
        "rows": index.contents(version, page) if here else [],
        "query": f"part={part}",
        "intact": here,
        "said": comparing.in_words(version),
        "before": project.dataset_versions.filter(kind=version.kind, number__lt=version.number)
        .order_by("-number")
        .first(),
        "figures": version.statistics,
        "leak_count": version.leak_count,
        "compared": not gate.waits_for(version),
        "quality": _quality(version),
        "rounds": version.rounds.all()[:20],
        "method": next((method.key for method in METHODS.values() if method.learns_from == version.kind), ""),
    }
    return render(request, "training/dataset.html", context)


def _number(rows: QuerySet[Any] | Manager[Any], of: str = "pk") -> Coalesce:
    """How many of a version's there are: asked in one question with it."""
    its = rows.filter(version=OuterRef("pk")).order_by().values("version")
    return Coalesce(Subquery(its.annotate(number=Count(of, distinct=of != "pk")).values("number")), 0)


def _quality(version: DatasetVersion) -> dict[str, Any]:
    """With the names of people, who are kept by their ids."""
    told = version.statistics.get("quality", {})
    people = User.objects.in_bulk([each["person"] for each in told.get("by_person", []) if "person" in each])
    named = [
        {"name": name_of(people.get(each.get("person"))), "rows": each["rows"]}
        for each in told.get("by_person", [])
        if "rows" in each
    ]
    return {**told, "people": named}


@require_http_methods(["GET", "HEAD", "POST"])
def dataset_export(request: MemberRequest, pk: UUID, dataset_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    version = get_object_or_404(project.dataset_versions.select_related("project"), pk=dataset_pk)
    form = FrozenExportForm(request.POST if request.method == "POST" else None, kind=version.kind)
    if request.method == "POST" and form.is_valid():
        try:
            take_out(version=version, by=request.user, **form.cleaned_data)
        except Refused as refused:
            messages.error(request, str(refused))
        return redirect("dataset_export", project.pk, version.pk)
    works = list(project.exports.filter(frozen=version.pk).select_related("created_by", "project")[:EXPORTS_SHOWN])
    context = {
        "project": project,
        "version": version,
        "form": form,
        "works": works,
        "unfinished": any(each.is_unfinished for each in works),
        "intact": frozen.intact(version),
        "days": settings.EXPORTS_KEPT_DAYS,
    }
    return render(request, "training/dataset_export.html", context, status=422 if form.errors else 200)


@require_safe
def dataset_manifest(request: MemberRequest, pk: UUID, dataset_pk: UUID) -> FileResponse:
    """Where each row came from."""
    project = project_for(request, pk, "manage")
    version = get_object_or_404(project.dataset_versions, pk=dataset_pk)
    path = frozen.file_of(version, "manifest")
    if path is None:
        raise Http404("No such file")
    record_manifest(version=version, by=request.user)
    name = f"{version.kind}-v{version.number}-{path.name}"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type="application/json")
