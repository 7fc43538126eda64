"""From a text to what was made of it, and from an adapter back to its rows and people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from annotation.models import Project, name_of
from training.models import Adapter, DatasetVersion, TrainingRound, VersionPerson, VersionRow

KINDS = ("prompt", "demonstration", "comparison", "document")


@dataclass(frozen=True)
class Use:
    """One version that holds a text, and what learned from it: adapters also by way of others."""

    version: DatasetVersion
    rows: int
    erased: int
    rounds: list[TrainingRound]
    adapters: list[Adapter]

    def as_json(self) -> dict[str, Any]:
        return {
            "version": str(self.version.pk),
            "name": str(self.version),
            "rows": self.rows,
            "erased": self.erased,
            "rounds": [round.number for round in self.rounds],
            "adapters": [{"id": str(adapter.pk), "name": str(adapter)} for adapter in self.adapters],
        }


@dataclass(frozen=True)
class Source:
    """One version that an adapter learned from, itself or by way of what it was built on."""

    adapter: Adapter
    version: DatasetVersion
    people: list[tuple[str, int]]

    def as_json(self) -> dict[str, Any]:
        return {
            "adapter": str(self.adapter.pk),
            "adapter_name": str(self.adapter),
            "round": self.adapter.round.number,
            "version": str(self.version.pk),
            "name": str(self.version),
            "train_rows": self.version.train_rows,
            "validation_rows": self.version.validation_rows,
            "erased_rows": self.version.erased_rows,
            "people": [{"name": name, "rows": rows} for name, rows in self.people],
        }


def of_text(project: Project, kind: str, pk: UUID) -> list[Use]:
    """Everything that a text went into, the newest version first."""
    rows = VersionRow.objects.filter(version__project=project, **{kind: pk}).order_by()
    held = {
        each["version"]: each
        for each in rows.values("version").annotate(number=Count("pk"), gone=Count("pk", filter=Q(erased=True)))
    }
    versions = project.dataset_versions.filter(pk__in=held).order_by("-created_at")
    rounds = list(TrainingRound.objects.filter(dataset_version__in=held).order_by("number"))
    every = _adapters(project)
    return [
        Use(
            version=version,
            rows=held[version.pk]["number"],
            erased=held[version.pk]["gone"],
            rounds=[round for round in rounds if round.dataset_version_id == version.pk],
            adapters=[adapter for adapter in every if any(each.version == version for each in chain(adapter, every))],
        )
        for version in versions
    ]


@dataclass(frozen=True)
class Link:
    adapter: Adapter
    version: DatasetVersion


def chain(adapter: Adapter, every: list[Adapter]) -> list[Link]:
    """An adapter, what it was built on, and what gave it marks: each with what it learned from."""
    by_pk = {each.pk: each for each in every}
    found: dict[UUID, Link] = {}
    waiting = [adapter.pk]
    while waiting:
        pk = waiting.pop(0)
        if pk in found or pk not in by_pk:
            continue
        round = by_pk[pk].round
        found[pk] = Link(by_pk[pk], round.dataset_version)
        waiting += [key for key in (round.parent_adapter_id, round.reward_adapter_id) if key]
    return list(found.values())


def of_adapter(adapter: Adapter) -> list[Source]:
    """Its own rows first, then those of what it was built on."""
    links = chain(adapter, _adapters(adapter.project))
    counts: dict[UUID, list[tuple[str, int]]] = {}
    rows = VersionPerson.objects.filter(version__in=[link.version.pk for link in links]).select_related("person")
    for each in rows:
        counts.setdefault(each.version_id, []).append((name_of(each.person), each.count))
    return [Source(link.adapter, link.version, counts.get(link.version.pk, [])) for link in links]


def _adapters(project: Project) -> list[Adapter]:
    return list(project.adapters.select_related("round__dataset_version").order_by("created_at"))
