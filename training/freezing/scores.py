"""Which responses a version learns from where their quality decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from uuid import UUID

from annotation import scored
from annotation.models import Project
from training.freezing import index
from training.freezing.row import Row
from training.models import DatasetVersion, VersionRow

AT_ONCE = 500


def scored_rows(project: Project, rows: Iterable[Row]) -> Iterator[Row]:
    """Each with the score that its response has now."""
    scorer, waiting = scored.Scorer(project), iter(rows)
    while some := list(islice(waiting, AT_ONCE)):
        found = scorer.of_keys([UUID(row.id) for row in some])
        yield from (replace(row, score=known.score if (known := found.get(UUID(row.id))) else None) for row in some)


def of_responses(project: Project, ids: list[str]) -> dict[str, int]:
    return {str(pk): found.score for pk, found in scored.of_many(project, [UUID(pk) for pk in ids])}


def of_version(version: DatasetVersion) -> dict[str, int]:
    """As they were when it was frozen. Versions from before there were scores take those of now, and keep them."""
    index.of_version(version)
    rows = VersionRow.objects.filter(version=version)
    unknown = list(rows.filter(score=None).values_list("row", flat=True))
    if unknown:
        _keep(version, of_responses(version.project, unknown))
    return {row: score for row, score in rows.values_list("row", "score") if score is not None}


def best(rows: list[Row], share: float | None) -> list[Row]:
    """The best share of them, in their order. Of those with one score the hash of the content decides, so that the
    same rows are taken on any machine."""
    if share is None:
        return rows
    by_score = sorted(rows, key=lambda row: (-(row.score or 0), row.content_sha256, row.id))
    taken = {row.id for row in by_score[: max(1, round(share * len(rows)))]}
    return [row for row in rows if row.id in taken]


def _keep(version: DatasetVersion, scores: Mapping[str, int]) -> None:
    rows = VersionRow.objects.filter(version=version, score=None).only("pk", "row")
    waiting = [row for row in rows if row.row in scores]
    for row in waiting:
        row.score = scores[row.row]
    VersionRow.objects.bulk_update(waiting, ["score"], batch_size=AT_ONCE)
