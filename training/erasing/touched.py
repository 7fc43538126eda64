"""What of a project belongs to whom: found before anything happens, from the database and from every frozen row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import QuerySet

from annotation.models import Adjudication, Demonstration, Event, Gold, InParts, Project, Ranking, SwappedCopy
from training.erasing.holders import HOLDERS, Holder
from training.erasing.scrubbing import Scrubber, pattern_of
from training.freezing import index
from training.jobs import Job, Status
from training.models import Adapter, DatasetVersion, Erasure, TrainingRound, VersionRow

CHUNK = 500
UNFINISHED = (InParts.Status.QUEUED, InParts.Status.RUNNING)
TAKEN_OUT = ("exported", "exported data", "downloaded")


ITEMS = ("prompts", "documents", "demonstrations", "comparisons")


@dataclass
class Touched:
    """Ids, as text. `rows`: of each version, by its id, the rows that go."""

    prompts: set[str] = field(default_factory=set)
    documents: set[str] = field(default_factory=set)
    demonstrations: set[str] = field(default_factory=set)
    comparisons: set[str] = field(default_factory=set)
    rows: dict[str, set[str]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        plain = {
            name: sorted(getattr(self, name)) for name in ("prompts", "documents", "demonstrations", "comparisons")
        }
        return {**plain, "rows": {version: sorted(rows) for version, rows in sorted(self.rows.items())}}

    @property
    def ids(self) -> frozenset[str]:
        """What names something that goes, wherever it stands."""
        return frozenset(self.prompts | self.documents | self.demonstrations).union(*self.rows.values())


def of_json(told: dict[str, Any]) -> Touched:
    plain = {name: set(told.get(name, ())) for name in ITEMS}
    return Touched(**plain, rows={version: set(rows) for version, rows in told.get("rows", {}).items()})


def scrubber_of(erasure: Erasure, touched: Touched) -> Scrubber:
    by_name = erasure.kind == Erasure.Kind.PERSON
    return Scrubber(
        ids=touched.ids,
        name=pattern_of(erasure.name) if by_name and erasure.name.strip() else None,
        group=erasure.name if erasure.kind == Erasure.Kind.GROUP else "",
    )


def in_chunks(ids: Iterable[str]) -> Iterator[list[UUID]]:
    """As many as a database takes in one question, in a fixed order."""
    keys = [UUID(pk) for pk in sorted(ids)]
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


def find(erasure: Erasure) -> Touched:
    touched = FINDERS[Erasure.Kind(erasure.kind)](erasure)
    touched.prompts |= _copies_of(touched)
    scrubber = scrubber_of(erasure, touched)
    for version in erasure.project.dataset_versions.all():
        if version.directory.is_dir():
            rows = {row.row for row, content in index.read(version) if _goes(erasure, touched, scrubber, row, content)}
            if rows:
                touched.rows[str(version.pk)] = rows
    return touched


def _copies_of(touched: Touched) -> set[str]:
    """Swapped copies say of others what their original says, so they go with it though they name nobody of it."""
    found: set[str] = set()
    for items, path in ((touched.prompts, "original__prompt"), (touched.demonstrations, "original")):
        for some in in_chunks(items):
            copies = SwappedCopy.objects.filter(prompt__isnull=False, **{f"{path}__in": some})
            found.update(map(str, copies.values_list("prompt_id", flat=True)))
    return found


def _goes(erasure: Erasure, touched: Touched, scrubber: Scrubber, row: VersionRow, content: dict[str, Any]) -> bool:
    if row.erased:
        return False
    return (
        str(row.prompt) in touched.prompts
        or str(row.document) in touched.documents
        or str(row.demonstration) in touched.demonstrations
        or str(row.comparison) in touched.comparisons
        or (erasure.person_id is not None and erasure.person_id in row.people)
        or scrubber.touches(content)
    )


def _of_group(erasure: Erasure) -> Touched:
    prompts = erasure.project.prompts.filter(group=erasure.name).values_list("pk", flat=True)
    documents = erasure.project.documents.filter(group=erasure.name).values_list("pk", flat=True)
    return Touched(prompts=set(map(str, prompts)), documents=set(map(str, documents)))


def _of_annotator(erasure: Erasure) -> Touched:
    project, person = erasure.project, erasure.person_id
    wrote = Demonstration.objects.filter(project=project, author=person).values_list("pk", flat=True)
    ranked = Ranking.objects.filter(project=project, ranker=person)
    decided = Adjudication.objects.filter(comparison__project=project, decided_by=person)
    known = Gold.objects.filter(comparison__project=project, created_by=person)
    judged = {str(pk) for rows in (ranked, decided, known) for pk in rows.values_list("comparison_id", flat=True)}
    return Touched(demonstrations=set(map(str, wrote)), comparisons=judged)


def _of_person(erasure: Erasure) -> Touched:
    """Every prompt and document in whose texts the name stands, or in what people made of them."""
    touched, scrubber = Touched(), Scrubber(frozenset(), pattern_of(erasure.name))
    for holder in HOLDERS:
        if holder.fields and (holder.prompt or holder.document) and holder.prompt != "item_id":
            found = touched.prompts if holder.prompt else touched.documents
            found.update(str(pk) for pk, texts in _texts(holder, erasure.project) if scrubber.touches(texts))
    return touched


def _texts(holder: Holder, project: Project) -> Iterator[tuple[UUID, list[Any]]]:
    owner = holder.prompt or holder.document
    rows = rows_of(holder, project).filter(**{f"{owner}__isnull": False}).order_by().values_list(owner, *holder.fields)
    for pk, *texts in rows.iterator(CHUNK):
        yield pk, texts


def rows_of(holder: Holder, project: Project) -> QuerySet[Any]:
    return apps.get_model(holder.model)._default_manager.filter(**{holder.project: project.pk})


FINDERS = {
    Erasure.Kind.PERSON: _of_person,
    Erasure.Kind.GROUP: _of_group,
    Erasure.Kind.ANNOTATOR: _of_annotator,
}


# --- What was made of it --------------------------------------------------------------------------------------


def affected(project: Project, touched: Touched) -> dict[str, Any]:
    """Ids of everything that learned from it or was judged by it, for the page that asks."""
    versions = project.dataset_versions.filter(pk__in=list(touched.rows))
    rounds = TrainingRound.objects.filter(dataset_version__in=versions).order_by("number")
    adapters = descended(Adapter.objects.filter(round__in=rounds))
    in_order = [str(pk) for pk in versions.order_by("created_at").values_list("pk", flat=True)]
    return {
        "prompts": len(touched.prompts),
        "documents": len(touched.documents),
        "responses": len(touched.demonstrations),
        "comparisons": len(touched.comparisons),
        "versions": {version: len(touched.rows[version]) for version in in_order},
        "rounds": [str(pk) for pk in rounds.values_list("pk", flat=True)],
        "adapters": [str(adapter.pk) for adapter in adapters],
        "evaluations": _evaluations(project, touched, adapters),
        "exports": _exports(project, versions),
    }


def descended(adapters: QuerySet[Adapter]) -> list[Adapter]:
    """These, and all that were built on them or trained by their marks."""
    found: dict[Any, Adapter] = {}
    waiting = list(adapters)
    while waiting:
        new = [adapter for adapter in waiting if adapter.pk not in found]
        found.update((adapter.pk, adapter) for adapter in new)
        rows = Adapter.objects.select_related("round")
        keys = [adapter.pk for adapter in new]
        waiting = [*rows.filter(round__parent_adapter__in=keys), *rows.filter(round__reward_adapter__in=keys)]
    return list(found.values())


def _evaluations(project: Project, touched: Touched, adapters: list[Adapter]) -> list[str]:
    """Those that asked an erased prompt, or judged an adapter that learned from one."""
    outputs, contestants = apps.get_model("evaluation.Output"), apps.get_model("evaluation.Contestant")
    found: set[str] = set()
    for some in in_chunks(touched.prompts):
        asked = outputs._default_manager.filter(prompt__in=some)
        found.update(str(pk) for pk in asked.values_list("contestant__evaluation", flat=True).distinct())
    judged = contestants._default_manager.filter(adapter__in=[adapter.pk for adapter in adapters])
    found.update(str(pk) for pk in judged.values_list("evaluation", flat=True).distinct())
    return sorted(found)


def _exports(project: Project, versions: QuerySet[DatasetVersion]) -> int:
    """How often somebody has taken data out of the project: those files are out of reach."""
    return Event.objects.filter(project=project, verb__in=TAKEN_OUT).count()


def jobs_of(project: Project) -> Iterator[Job]:
    """Everything that has a run directory."""
    for kind in Job.__subclasses__():
        for job in kind._default_manager.iterator(CHUNK):
            if getattr(job, "project_id", None) == project.pk:
                yield job


def at_work(project: Project) -> Job | InParts | None:
    """A job that reads or writes texts at this moment."""
    jobs = (job for job in jobs_of(project) if job.status in (Status.QUEUED, Status.RUNNING))
    return next(jobs, None) or next(works_of(project), None)


def works_of(project: Project) -> Iterator[InParts]:
    """What is done part by part and not at its end; erasures may follow each other."""
    for kind in InParts.__subclasses__():
        if kind is not Erasure:
            yield from kind._default_manager.filter(project=project, status__in=UNFINISHED)
