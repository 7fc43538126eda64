"""A version's rows for those who take them out: read from its files, one at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from annotation.exports.frozen import Frozen
from training.freezing import datasets, filters
from training.models import DatasetVersion
from training.run_dir import each_row

PARTS = {"train": datasets.TRAIN, "validation": datasets.VALIDATION}


def found(pk: UUID) -> Frozen | None:
    version = DatasetVersion.objects.filter(pk=pk).first()
    if version is None or not datasets.intact(version):
        return None

    def total(part: str) -> int:
        counts = {"train": version.train_rows, "validation": version.validation_rows}
        return counts[part] if part else sum(counts.values())

    def rows(part: str) -> Iterator[dict[str, Any]]:
        for name in [part] if part else PARTS:
            for row in each_row(version.directory / PARTS[name]):
                yield {**row, "split": name}

    def people() -> Collection[int]:
        return list(version.people.values_list("person", flat=True))

    return Frozen(total, rows, people, lambda: told(version))


def told(version: DatasetVersion) -> list[str]:
    """For the card: which version it is, and what was known of its quality when it was frozen."""
    return [
        f"{version}, frozen on {version.created_at.date().isoformat()}"
        + (f": {version.description}" if version.description else "."),
        f"Rows taken: {filters.sentence(filters.of_json(version.filter))}",
        f"sha256 of the files: {version.sha256}",
        *([f"sha256 of the content, the same on any machine: {version.content_sha256}"] * bool(version.content_sha256)),
        *_quality(version.statistics.get("quality", {})),
        f"Rows too close to held-out prompts: {version.leaks.values('row_id').distinct().count():,}",
        *([f"Rows erased since: {version.erased_rows:,}"] if version.erased_rows else []),
    ]


def _quality(report: dict[str, Any]) -> Iterator[str]:
    if not report:
        return
    yield f"Findings open in the project when it was frozen: {report.get('findings_open', 0):,}"
    yield f"Rows that say exactly what another one says: {report.get('repeated', 0):,}"
    yield f"Rows whose prompt another one has too: {report.get('asked_again', 0):,}"
    if copies := report.get("swapped_copies"):
        yield f"Swapped copies, which people approved: {copies:,}"
    if report.get("judged"):
        yield f"Agreement: {report['agreement']:.0%} on average, n = {report['judged']:,} rows that people judged"
    if tokens := report.get("tokens"):
        yield (
            f"Tokens, as the default base model counts: {tokens['all']:,}; median {tokens['median']:,}, longest "
            f"{tokens['longest']:,}; rows longer than the limit of {tokens['limit']:,}: {tokens['too_long']:,}"
        )
