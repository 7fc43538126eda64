"""What the calls of training share: the fields of a job, and the rows that ids stand for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers

from annotation.models import Project
from training.models import Adapter, BaseModel

JOB_FIELDS = [
    "id",
    "status",
    "attempt",
    "progress",
    "result",
    "failure_code",
    "failure_message",
    "created_at",
    "started_at",
    "finished_at",
]


def found_in(project: Project, given: dict[str, Any]) -> dict[str, Any]:
    """Ids replaced by the rows they name; an id of another project names nothing."""
    rows = {
        "dataset_version": project.dataset_versions.all(),
        "parent_adapter": project.adapters.select_related("base_model", "round"),
        "reward_adapter": project.adapters.select_related("base_model", "round"),
        "base_model": BaseModel.objects.all(),
    }
    found = dict(given)
    for name, queryset in rows.items():
        if name not in given or given[name] is None:
            continue
        row = queryset.filter(pk=given[name]).first()
        if row is None:
            raise serializers.ValidationError({name: ["There is none with this id."]})
        found[name] = row
    return found


def adapters_named(project: Project, wanted: list[UUID]) -> list[Adapter]:
    """In the order in which they are named; one of another project names nothing."""
    found = project.adapters.select_related("base_model", "round").in_bulk(wanted)
    if len(found) < len(set(wanted)):
        raise serializers.ValidationError({"adapters": ["One of these adapters is not in this project."]})
    return [found[each] for each in wanted]
