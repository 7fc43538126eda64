from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from annotation.access import MemberRequest, project_for
from annotation.downloads import attachment
from annotation.models import Project, Prompt
from training import progress
from training.actions import cancel_package, start_package
from training.actions.packaging import record_download
from training.adapters import packaging
from training.adapters.model_card import MEASURED, shown
from training.adapters.side_by_side import IDS_LISTED, Rows, compare
from training.models import Adapter, Package
from training.params import told
from training.wording import sentence

GOOD_FOR = {
    Package.Format.ADAPTER: "Small. For programs that put adapters on the base model themselves: PEFT, TRL, vLLM.",
    Package.Format.MERGED: "The base model with the adapter worked into it. For transformers, vLLM and most servers.",
    Package.Format.GGUF: "The whole model in one file. For Ollama, llama.cpp and desktop programs built on it.",
}
GOOD_FOR_FULL = "What the round left, with its tokenizer. For transformers, vLLM and most servers."


@require_safe
def adapters(request: HttpRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    rows = project.adapters.select_related("round__parent_adapter__round", "round__dataset_version", "base_model")
    return render(request, "training/adapters.html", {"project": project, "adapters": rows[:200]})


@require_safe
def adapter(request: MemberRequest, pk: UUID, adapter_pk: UUID) -> HttpResponse:
    """Its downloads ask again every few seconds while one is being packed."""
    project = project_for(request, pk, "manage")
    rows = project.adapters.select_related("round__dataset_version", "round__parent_adapter__round", "base_model")
    found = get_object_or_404(rows, pk=adapter_pk)
    downloads = _downloads(found)
    context = {
        "project": project,
        "adapter": found,
        "round": found.round,
        "measured": _measured(found),
        "lineage": _lineage(found),
        "children": found.children.all()[:20],
        "is_here": found.directory.is_dir(),
        "settings": told(found.round.params),
        "downloads": downloads,
        "packing": any(download["package"] and not download["package"].is_final for download in downloads),
        "others": project.adapters.exclude(pk=found.pk).exists(),
    }
    template = "training/adapter.html" + ("#downloads" if request.htmx else "")
    return render(request, template, context)


def _measured(adapter: Adapter) -> list[dict[str, Any]]:
    result, version = adapter.round.result, adapter.round.dataset_version
    names = {**MEASURED, "train_loss": "Loss on training rows"}
    rows = {"train_loss": version.train_rows, "general_perplexity_before": None, "general_perplexity": None}
    return [
        {
            "label": label,
            "value": shown(name, result[name]),
            "n": rows.get(name, version.validation_rows),
        }
        for name, label in names.items()
        if result.get(name) is not None
    ]


def _lineage(adapter: Adapter) -> list[Adapter]:
    """The adapters it stands on, the first one first. At most a handful of rounds deep in practice."""
    chain: list[Adapter] = []
    parent = adapter.round.parent_adapter
    while parent and len(chain) < 5:
        chain.append(parent)
        parent = parent.round.parent_adapter
    return chain[::-1]


# --- Downloads ------------------------------------------------------------------------------------------------------


def _downloads(adapter: Adapter) -> list[dict[str, Any]]:
    newest: dict[str, Package] = {}
    for package in adapter.packages.all():
        newest.setdefault(package.format, package)
    formats = [format for format in Package.Format if not (adapter.is_full and format == Package.Format.ADAPTER)]
    return [_download(adapter, format, newest.get(format)) for format in formats]


def _download(adapter: Adapter, format: Package.Format, package: Package | None) -> dict[str, Any]:
    if package and not package.is_final and package.attempt:
        package.progress = progress.summarise(package.run_dir().events()) or package.progress
    return {
        "format": format.value,
        "title": "Whole model" if adapter.is_full and format == Package.Format.MERGED else format.label,
        "good_for": GOOD_FOR_FULL if adapter.is_full and format == Package.Format.MERGED else GOOD_FOR[format],
        "package": package,
        "file": package.file if package else None,
        "sentence": sentence(package) if package and package.status != "succeeded" else "",
        "bar": progress.bar(package.progress) if package else None,
        "refusal": packaging.refusal(adapter, format),
    }


def _to_downloads(project: Project, adapter_pk: UUID) -> HttpResponse:
    return redirect(f"{reverse('adapter', args=[project.pk, adapter_pk])}#downloads")


@require_POST
def package_create(request: MemberRequest, pk: UUID, adapter_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    found = get_object_or_404(project.adapters.select_related("base_model", "project", "round"), pk=adapter_pk)
    try:
        start_package(adapter=found, format=request.POST.get("format", ""), by=request.user)
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
    return _to_downloads(project, found.pk)


@require_POST
def package_cancel(request: MemberRequest, pk: UUID, package_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    found = get_object_or_404(project.packages.select_related("project"), pk=package_pk)
    cancel_package(package=found, by=request.user)
    return _to_downloads(project, found.adapter_id)


@require_safe
def package_file(request: MemberRequest, pk: UUID, package_pk: UUID) -> FileResponse:
    project = project_for(request, pk, "manage")
    found = get_object_or_404(project.packages.select_related("project"), pk=package_pk)
    if found.file is None:
        raise Http404("No such file")
    record_download(package=found, by=request.user)
    return attachment(FileResponse(found.file.open("rb")), found.file.name)


# --- Side by side ---------------------------------------------------------------------------------------------------


@require_safe
def adapter_comparison(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Two adapters, named in the address; the newest two where they are not."""
    project = project_for(request, pk, "manage")
    rows = project.adapters.select_related("round__parent_adapter__round", "round__dataset_version", "base_model")
    listed = list(rows[:200])
    first, second = _chosen(listed, request.GET.get("first", ""), request.GET.get("second", ""))
    seen = compare(first, second) if first and second and first != second else None
    context = {
        "project": project,
        "adapters": listed,
        "first": first,
        "second": second,
        "seen": seen,
        "ids": _listed(project, seen.rows) if seen and seen.rows else [],
        "most": IDS_LISTED,
    }
    return render(request, "training/adapter_comparison.html", context)


def _chosen(listed: list[Adapter], first: str, second: str) -> tuple[Adapter | None, Adapter | None]:
    """What is not named is filled in with the newest there is."""
    by_id = {str(adapter.pk): adapter for adapter in listed}
    one, other = by_id.get(first), by_id.get(second)
    if other is None:
        other = next((adapter for adapter in listed if adapter != one), None)
    if one is None:
        one = next((adapter for adapter in listed if adapter != other), None)
    return one, other


def _listed(project: Project, rows: Rows) -> list[dict[str, Any]]:
    """The rows that differ, by the prompts they answer."""
    groups = (
        ("Only the second learned from", rows.added),
        ("Only the first learned from", rows.removed),
        ("Both learned from, with different texts", rows.changed),
    )
    return [
        {"title": title, "count": len(ids), "prompts": _prompts(project, rows, ids)} for title, ids in groups if ids
    ]


def _prompts(project: Project, rows: Rows, ids: list[str]) -> list[Prompt]:
    wanted = {rows.prompts[name] for name in ids[:IDS_LISTED] if name in rows.prompts}
    return list(project.prompts.filter(pk__in=wanted).order_by("position"))
