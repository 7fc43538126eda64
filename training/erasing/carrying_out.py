"""Looks for somebody's texts, and takes them out when an admin has said so: as a job, step by step.

Every step may be done again: one that was cut off changes nothing that it had changed already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, models
from django.db.models import F, Q
from django.utils import timezone

from annotation import search_tables
from annotation.exports.job import delete_file
from annotation.models import (
    Adjudication,
    Comparison,
    Correction,
    Event,
    Export,
    Gold,
    Import,
    LineProblem,
    Prompt,
    Ranking,
)
from annotation.parts import Unable
from annotation.quality import disputes
from annotation.texts import fingerprint
from training.erasing import folders
from training.erasing.holders import HOLDERS, Holder
from training.erasing.scrubbing import ERASED, Scrubber, scrub_folder
from training.erasing.touched import (
    CHUNK,
    ITEMS,
    Touched,
    affected,
    at_work,
    descended,
    find,
    in_chunks,
    jobs_of,
    of_json,
    rows_of,
    scrubber_of,
)
from training.freezing import index
from training.jobs import Job
from training.models import Adapter, DatasetVersion, Erasure
from training.run_dir import directory_sha256

Step = tuple[Callable[[], Any], Callable[[Any], None]]  # what takes long, and then the database in one transaction


def do(erasure: Erasure) -> None:
    if erasure.stage == Erasure.Stage.LOOK:
        look(erasure)
    else:
        erase(erasure)


def look(erasure: Erasure) -> None:
    touched = find(erasure)
    found = affected(erasure.project, touched)
    with erasure.part():
        Erasure.objects.filter(pk=erasure.pk).update(found=found, touched=touched.as_json())


def erase(erasure: Erasure) -> None:
    touched = _everything(erasure)
    steps = list(_steps(erasure, touched))
    for number in range(erasure.done, len(steps)):
        prepare, write = steps[number]
        prepared = prepare()
        with erasure.part():
            write(prepared)
            erasure.done, erasure.total = number + 1, len(steps)
    _forget_pages()


def _everything(erasure: Erasure) -> Touched:
    """What was found, and what has come since; looked for once, since little can be found when it is half gone."""
    if erasure.state.get("looked"):
        return of_json(erasure.touched)
    if busy := at_work(erasure.project):
        raise Unable(f"A job is at work with the project's texts ({busy}). Wait for it or cancel it, then try again.")
    touched, before = find(erasure), of_json(erasure.touched)
    for name in ITEMS:
        getattr(touched, name).update(getattr(before, name))
    for version, rows in before.rows.items():
        touched.rows.setdefault(version, set()).update(rows)
    erasure.touched, erasure.found = touched.as_json(), affected(erasure.project, touched)
    erasure.save(update_fields=["touched", "found"])
    with erasure.part():
        erasure.state = {"looked": True}
    return touched


def _steps(erasure: Erasure, touched: Touched) -> Iterator[Step]:
    """Files first, the database after them, and last what names the person."""
    scrubber = scrubber_of(erasure, touched)
    for version in erasure.project.dataset_versions.filter(pk__in=touched.rows).order_by("pk"):
        rows = touched.rows[str(version.pk)]
        yield partial(_folder, version, rows, scrubber), partial(_mark_version, version)
        yield _none, partial(_forget_leaks, version, rows)
    jobs = sorted(jobs_of(erasure.project), key=lambda job: str(job.pk))
    for job in jobs:
        yield partial(_run, job, scrubber), _nothing
    yield _none, partial(_mark_adapters, touched)
    yield _none, partial(_history, erasure, touched)
    yield from _of_items(erasure, touched)
    if erasure.person_id:
        yield _none, partial(_judgements_of, erasure)
        yield from (
            (_none, partial(_written_by, holder, erasure)) for holder in HOLDERS if holder.author and holder.fields
        )
    for holder in HOLDERS:
        yield partial(_mentions, holder, erasure, scrubber), partial(_write_mentions, holder)
    yield _none, partial(_files, erasure)
    yield _none, partial(_close, erasure)


def _none() -> None:
    """Nothing takes long here."""


def _nothing(_prepared: object) -> None:
    """The files were all."""


# --- Files ----------------------------------------------------------------------------------------------------


def _folder(version: DatasetVersion, rows: set[str], scrubber: Scrubber) -> tuple[int, str]:
    erased = folders.tombstone(version.directory, rows, scrubber)
    return erased, directory_sha256(version.directory) if version.directory.is_dir() else ""


def _mark_version(version: DatasetVersion, left: tuple[int, str]) -> None:
    erased, sha256 = left
    DatasetVersion.objects.filter(pk=version.pk).update(erased_rows=erased, erased_sha256=sha256, indexed_at=None)
    version.refresh_from_db()
    index.of_version(version)


def _forget_leaks(version: DatasetVersion, rows: set[str], _prepared: object) -> None:
    """What comparing found in the rows holds their texts."""
    keys = sorted(rows)  # of pairs they are no ids of the database's
    for start in range(0, len(keys), CHUNK):
        version.leaks.filter(row_id__in=keys[start : start + CHUNK]).delete()


def _run(job: Job, scrubber: Scrubber) -> None:
    if job.root.is_dir():
        scrub_folder(job.root, scrubber)


def _files(erasure: Erasure, _prepared: object) -> None:
    """Files on their way in or out may hold anything, and what is wrong with a line may quote it: none stays."""
    for row in Import.objects.filter(project=erasure.project).exclude(file=""):
        row.file.delete(save=False)
        Import.objects.filter(pk=row.pk).update(file="")
    LineProblem.objects.filter(work__project=erasure.project).update(reason=ERASED)
    for export in Export.objects.filter(project=erasure.project).exclude(file_name=""):
        delete_file(export)


def _forget_pages() -> None:
    """SQLite keeps deleted bytes in free pages and in its journal until they are written over."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        search_tables.let_go(connection)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


# --- What was made of it ----------------------------------------------------------------------------------------


def _mark_adapters(touched: Touched, _prepared: object) -> None:
    """Weights cannot forget single rows, so the adapters wait for somebody's decision."""
    learned = Adapter.objects.filter(round__dataset_version__in=[UUID(pk) for pk in touched.rows])
    for adapter in descended(learned):
        Adapter.objects.filter(pk=adapter.pk).update(
            erased_at=timezone.now(), allowed_at=None, allowed_by=None, allowed_because=""
        )


# --- The database ------------------------------------------------------------------------------------------------


def _of_items(erasure: Erasure, touched: Touched) -> Iterator[Step]:
    for prompts in in_chunks(touched.prompts):
        yield _none, partial(_prompts, prompts)
    for documents in in_chunks(touched.documents):
        yield _none, partial(_documents, documents)
    for written in in_chunks(touched.demonstrations):
        yield _none, partial(_uncorrect, written)


def _prompts(some: list[UUID], _prepared: object) -> None:
    """The prompts stay as places without a text; nobody is handed them any more."""
    Correction.objects.filter(comparison__prompt__in=some).delete()
    comparisons = list(Comparison.objects.filter(prompt__in=some).values_list("pk", flat=True))
    Comparison.objects.filter(pk__in=comparisons).update(rankings_needed=F("rankings_done"))
    _drafts_of(some, comparisons)
    for holder in HOLDERS:
        if holder.prompt and holder.prompt != "item_id":
            _empty(holder, Q(**{f"{holder.prompt}__in": some}))
    for pk in some:
        Prompt.objects.filter(pk=pk).update(instruction=ERASED, answers_needed=0, text_sha256=fingerprint(str(pk)))


def _drafts_of(prompts: list[UUID], comparisons: list[Any]) -> None:
    """What somebody has in hand is of an item, by its id alone."""
    lease, output = apps.get_model("annotation.Lease"), apps.get_model("evaluation.Output")
    responses = apps.get_model("annotation.Demonstration")._default_manager.filter(prompt__in=prompts)
    outputs = output._default_manager.filter(prompt__in=prompts)
    items = [*prompts, *comparisons, *responses.values_list("pk", flat=True), *outputs.values_list("pk", flat=True)]
    for start in range(0, len(items), CHUNK):
        lease._default_manager.filter(item_id__in=items[start : start + CHUNK]).delete()


def _documents(some: list[UUID], _prepared: object) -> None:
    for holder in HOLDERS:
        if holder.document:
            _empty(holder, Q(**{f"{holder.document}__in": some}))


def _uncorrect(some: list[UUID], _prepared: object) -> None:
    """A better answer that was erased wins no pair."""
    Correction.objects.filter(demonstration__in=some).delete()


def _written_by(holder: Holder, erasure: Erasure, _prepared: object) -> None:
    _empty(holder, Q(**{holder.author: erasure.person_id, holder.project: erasure.project_id}))


def _empty(holder: Holder, which: Q) -> None:
    model = apps.get_model(holder.model)
    rows = model._default_manager.filter(which)
    if holder.gone:
        rows.delete()
        return
    rows.order_by().update(**{name: _blank(model._meta.get_field(name)) for name in holder.fields})


def _blank(field: Any) -> Any:
    return field.get_default() if isinstance(field, models.JSONField) else ""


def _judgements_of(erasure: Erasure, _prepared: object) -> None:
    """Withdrawn altogether: the comparisons wait for somebody else."""
    mine = Ranking.objects.filter(project=erasure.project, ranker=erasure.person_id)
    counted = mine.filter(in_training=False, comparison__gold=None, comparison__repeat_of=None)
    touched = set(counted.values_list("comparison_id", flat=True))
    mine.delete()
    Gold.objects.filter(comparison__project=erasure.project, created_by=erasure.person_id).delete()
    decided = Adjudication.objects.filter(comparison__project=erasure.project, decided_by=erasure.person_id)
    touched |= set(decided.values_list("comparison_id", flat=True))
    decided.delete()
    for pk in touched:
        done = Ranking.objects.filter(comparison=pk, in_training=False).count()
        Comparison.objects.filter(pk=pk, rankings_done__gt=done).update(rankings_done=done)
    disputes.settle(touched)


def _history(erasure: Erasure, touched: Touched, _prepared: object) -> None:
    """That something was done stays; what was said when doing it goes."""
    events = Event.objects.filter(project=erasure.project)
    keys = sorted(touched.ids) + [str(pk) for pk in _made_of(touched)]
    for start in range(0, len(keys), CHUNK):
        events.filter(object_id__in=keys[start : start + CHUNK]).update(data={})
    if erasure.person_id:
        said = ("ranking", "comparison", "flag", "comment", "demonstration", "review")
        events.filter(actor=erasure.person_id, object_type__in=said).update(data={})


def _made_of(touched: Touched) -> Iterator[Any]:
    """Everything that belongs to an erased prompt."""
    for some in in_chunks(touched.prompts):
        yield from Comparison.objects.filter(prompt__in=some).values_list("pk", flat=True)
        for holder in HOLDERS:
            if holder.prompt and holder.prompt not in ("pk", "item_id"):
                rows = apps.get_model(holder.model)._default_manager.filter(**{f"{holder.prompt}__in": some})
                yield from rows.values_list("pk", flat=True)


def _mentions(holder: Holder, erasure: Erasure, scrubber: Scrubber) -> dict[Any, dict[str, Any]]:
    """What is to be written, by row: values without what they say of somebody."""
    names = [*holder.mentions, *(holder.fields if scrubber.name else ())]
    found: dict[Any, dict[str, Any]] = {}
    if not names:
        return found
    for pk, *values in rows_of(holder, erasure.project).order_by().values_list("pk", *names).iterator(CHUNK):
        changed = {
            name: scrubber.clean(value)
            for name, value in zip(names, values, strict=True)
            if scrubber.touches(value) or (name == "group" and scrubber.group and value == scrubber.group)
        }
        if changed:
            found[pk] = {name: "" if value == scrubber.group else value for name, value in changed.items()}
    return found


def _write_mentions(holder: Holder, found: dict[Any, dict[str, Any]]) -> None:
    rows = apps.get_model(holder.model)._default_manager
    for pk, changed in found.items():
        rows.filter(pk=pk).update(**changed)


def _close(erasure: Erasure, _prepared: object) -> None:
    same = Q(pk=erasure.pk) | Q(name=erasure.name, kind=erasure.kind)
    Erasure.objects.filter(same, project=erasure.project).update(name="", touched={})
    counts = {name: value if isinstance(value, int) else len(value) for name, value in erasure.found.items()}
    Event.record("erased texts", erasure, by=erasure.created_by, project=erasure.project, kind=erasure.kind, **counts)
