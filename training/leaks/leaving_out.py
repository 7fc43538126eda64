"""Freezing again without the rows that give something away; which they were, and why, stays with the version."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError

from annotation.models import Project
from training.models import DatasetVersion, Leak, LeftOut

PART = 500
REASON = {
    Leak.Kind.EXACT: "The same as held-out {name}",
    Leak.Kind.NEAR: "Nearly the same as held-out {name}",
    Leak.Kind.PASSAGE: "Has a passage in common with held-out {name}",
}


def refuse(project: Project, kind: str, version: DatasetVersion) -> None:
    if version.project_id != project.pk or version.kind != kind:
        raise ValidationError({"without_leaks_of": ["This is not a version of the same kind in this project."]})


def rows_of(version: DatasetVersion | None) -> dict[str, LeftOut]:
    """By the id of the row."""
    if version is None:
        return {}
    before = {each.row_id: LeftOut(row_id=each.row_id, name=each.name, reason=each.reason) for each in _before(version)}
    leaks = version.leaks.select_related("held_out").order_by("similarity", "pk")
    return before | {leak.row_id: _because_of(leak) for leak in leaks.iterator(PART)}


def _before(version: DatasetVersion) -> Iterable[LeftOut]:
    return version.left_out.iterator(PART)


def _because_of(leak: Leak) -> LeftOut:
    reason = REASON[Leak.Kind(leak.kind)].format(name=leak.held_out)
    return LeftOut(row_id=leak.row_id, name=leak.name, reason=reason[:300])


def record(version: DatasetVersion, rows: list[LeftOut]) -> None:
    for row in rows:
        row.version = version
    LeftOut.objects.bulk_create(rows, batch_size=PART)
