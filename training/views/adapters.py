from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from annotation.access import MemberRequest, project_for
from training.models import Adapter
from training.views.rounds import settings_of

MEASURED = {
    "eval_loss_before": "Loss on held-out rows before",
    "eval_loss": "Loss on held-out rows after",
    "train_loss": "Loss on training rows",
    "eval_reward_accuracy": "Held-out pairs it gets right",
    "eval_reward_margin": "Reward margin on held-out pairs",
}


@require_safe
def adapters(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    rows = project.adapters.select_related("round__parent_adapter__round", "round__dataset_version", "base_model")
    return render(request, "training/adapters.html", {"project": project, "adapters": rows[:200]})


@require_safe
def adapter(request: MemberRequest, pk: UUID, adapter_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    rows = project.adapters.select_related("round__dataset_version", "round__parent_adapter__round", "base_model")
    found = get_object_or_404(rows, pk=adapter_pk)
    context = {
        "project": project,
        "adapter": found,
        "round": found.round,
        "measured": _measured(found),
        "lineage": _lineage(found),
        "children": found.children.all()[:20],
        "is_here": found.directory.is_dir(),
        "settings": settings_of(found.round.params),
    }
    return render(request, "training/adapter.html", context)


def _measured(adapter: Adapter) -> list[dict[str, Any]]:
    result, version = adapter.round.result, adapter.round.dataset_version
    found = [(label, result.get(name), name) for name, label in MEASURED.items()]
    return [
        {
            "label": label,
            "value": f"{100 * value:.0f} %" if name == "eval_reward_accuracy" else f"{value:.3f}",
            "n": version.train_rows if name == "train_loss" else version.validation_rows,
        }
        for label, value, name in found
        if value is not None
    ]


def _lineage(adapter: Adapter) -> list[Adapter]:
    """The adapters it stands on, the first one first. At most a handful of rounds deep in practice."""
    chain: list[Adapter] = []
    parent = adapter.round.parent_adapter
    while parent and len(chain) < 5:
        chain.append(parent)
        parent = parent.round.parent_adapter
    return chain[::-1]
