from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from annotation.access import MemberRequest, project_for
from annotation.models import Project
from training import lineage as lines
from training.freezing import comparing
from training.models import DatasetVersion, VersionRow

DIFFERENCES_SHOWN = 10
ROWS_SHOWN = 50
NAMES = {
    "prompt": "prompt",
    "demonstration": "response",
    "comparison": "comparison",
    "document": "text of the corpus",
}


@require_safe
def lineage(request: MemberRequest, pk: UUID, kind: str, item_pk: UUID) -> HttpResponse:
    """Where a text went: versions, rounds, adapters."""
    project = project_for(request, pk, "manage")
    if kind not in NAMES:
        raise Http404("No such kind of text")
    context = {
        "project": project,
        "uses": lines.of_text(project, kind, item_pk),
        "kind": NAMES[kind],
        "prompt": project.prompts.filter(pk=item_pk).first() if kind == "prompt" else None,
    }
    return render(request, "training/lineage.html", context)


@require_safe
def adapter_lineage(request: MemberRequest, pk: UUID, adapter_pk: UUID) -> HttpResponse:
    """From which rows and people an adapter comes."""
    project = project_for(request, pk, "manage")
    rows = project.adapters.select_related("round__dataset_version", "project")
    adapter = get_object_or_404(rows, pk=adapter_pk)
    sources = lines.of_adapter(adapter)
    found = VersionRow.objects.filter(version__in={source.version.pk for source in sources}).select_related("version")
    context = {
        "project": project,
        "adapter": adapter,
        "sources": sources,
        "page": Paginator(found.order_by("version", "pk"), ROWS_SHOWN).get_page(request.GET.get("page")),
    }
    return render(request, "training/adapter_lineage.html", context)


@require_safe
def dataset_comparison(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    versions = project.dataset_versions.order_by("kind", "-number")
    first, second = (_chosen(project, request.GET.get(name, "")) for name in ("first", "second"))
    if not first and not second:
        first, second = _newest_two(versions)
    kind = request.GET.get("kind", "")
    context: dict[str, Any] = {"project": project, "versions": versions, "first": first, "second": second}
    if first and second:
        counts = comparing.counts(first, second)
        kind = kind if kind in comparing.KINDS else next((name for name, found in counts.items() if found), "added")
        page = Paginator(range(counts[kind]), DIFFERENCES_SHOWN).get_page(request.GET.get("page"))
        start = max(0, page.start_index() - 1)
        context |= {
            "counts": [(name, label, counts[name]) for name, label in comparing.KINDS.items()],
            "kind": kind,
            "page": page,
            "query": f"first={first.pk}&second={second.pk}&kind={kind}",
            "differences": comparing.differences(first, second, kind, start, DIFFERENCES_SHOWN),
            "figures": comparing.figures(first, second),
        }
    return render(request, "training/dataset_comparison.html", context)


def _newest_two(versions: QuerySet[DatasetVersion]) -> tuple[DatasetVersion | None, DatasetVersion | None]:
    """The last version that has one of its kind before it, and that one."""
    for version in versions.order_by("-created_at"):
        if before := versions.filter(kind=version.kind, number=version.number - 1).first():
            return before, version
    return None, None


def _chosen(project: Project, given: str) -> DatasetVersion | None:
    try:
        return project.dataset_versions.filter(pk=UUID(given)).first()
    except ValueError:
        return None
