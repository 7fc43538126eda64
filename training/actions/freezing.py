from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotation.actions import Refused, exporting
from annotation.exports.job import CHANGED
from annotation.exports.kinds import FROZEN
from annotation.models import ConsensusRule, Event, Export, Project, Prompt
from training.freezing import corpora, datasets, filters, index, preferences, quality, scores
from training.freezing.cleaning import cleaned
from training.freezing.filters import EVERYTHING, Filter
from training.leaks import gate, leaving_out
from training.models import DatasetVersion, LeftOut, VersionPrompt

NOTHING_TO_FREEZE = {
    DatasetVersion.Kind.DEMONSTRATIONS: "There is no approved demonstration yet. Reviewers approve what experts write.",
    DatasetVersion.Kind.PREFERENCES: (
        "There is no preference pair yet. Pairs come from comparisons that have all their rankings, "
        "where the rankers agree which candidate is better, and from approved corrections of candidates."
    ),
    DatasetVersion.Kind.JUDGEMENTS: (
        "Judgements take good answers and bad ones. Good are approved demonstrations; bad are the candidates of "
        "comparisons that have all their rankings, where the rankers say that all are bad."
    ),
    DatasetVersion.Kind.CORPUS: "There is no text yet that the model could read. Import some under Corpus.",
}
NOTHING_LEFT = "No row meets this filter. Ask for less."
ALL_LEFT_OUT = "What was confirmed under Cleaning leaves every row out. Take some of it back."
PROMPTS_CHANGED = "A prompt of these rows is held out by now. Freeze again, without it."
# A judgement that went into one of these can no longer be taken back.
FROM_RANKINGS = {
    DatasetVersion.Kind.PREFERENCES: preferences.preference_rows,
    DatasetVersion.Kind.JUDGEMENTS: preferences.judgement_rows,
}


PROMPTS_AT_ONCE = 1_000
FEWEST_TO_HALVE = 2


def freeze(
    *,
    project: Project,
    kind: str,
    by: User,
    description: str = "",
    consensus: str = "",
    chosen: Filter = EVERYTHING,
    without_leaks_of: DatasetVersion | None = None,
) -> DatasetVersion:
    """A new version, or the one there is when nothing has changed since (`is_new` says which).

    `consensus` is what counts of several people's rankings; empty: what the project's settings say. `chosen` says
    which rows; without a description its words are one. Rows in which `without_leaks_of` gives something away, or
    that it left out already, are left out; the version says which.
    """
    left_out = leaving_out.rows_of(project, kind, without_leaks_of)
    began_at = timezone.now()
    before = _let_stand(project, kind, began_at)
    try:
        found = _chosen_rows(project, kind, consensus, chosen)
        version = _freeze(project, kind, found, chosen, by, description, consensus, left_out)
    except ValidationError:
        Project.objects.filter(pk=project.pk, rankings_frozen_at=began_at).update(rankings_frozen_at=before)
        raise
    index.of_version(version, {row.id: row.score for row in found if row.score is not None})
    gate.look(version)
    return version


def rows_to_freeze(
    project: Project, kind: str, consensus: str, chosen: Filter
) -> tuple[list[datasets.Row], list[datasets.Row]]:
    """What a version would take to learn from, and to check with; nothing is written."""
    rows, _figures = cleaned(project, _chosen_rows(project, kind, consensus, chosen))
    return _divided(rows, chosen)


def _divided(rows: list[datasets.Row], chosen: Filter) -> tuple[list[datasets.Row], list[datasets.Row]]:
    train, validation = datasets.divide(rows)
    return scores.best(train, chosen.best_share), validation


def _chosen_rows(project: Project, kind: str, consensus: str, chosen: Filter) -> list[datasets.Row]:
    if chosen.asks_for_quality and kind != DatasetVersion.Kind.DEMONSTRATIONS:
        name = "quality" if chosen.quality is not None else "best_share"
        raise ValidationError({name: "Only responses have a quality. Freeze demonstrations, or leave this empty."})
    return [row for row in _rows(project, DatasetVersion.Kind(kind), consensus, chosen) if chosen.takes(row)]


def _rows(project: Project, kind: DatasetVersion.Kind, consensus: str, chosen: Filter) -> list[datasets.Row]:
    if kind in FROM_RANKINGS:
        rule = consensus or project.consensus
        return FROM_RANKINGS[kind](project, "" if rule == ConsensusRule.AUTOMATIC else rule)
    if kind == DatasetVersion.Kind.CORPUS:
        return corpora.document_rows(project)
    return scores.scored_rows(project, datasets.demonstration_rows(project, chosen))


def _let_stand(project: Project, kind: str, at: datetime) -> datetime | None:
    """From before its rows are read on, nobody takes a judgement back that a version holds. When that was said last.

    It is said of all the project's rankings: those that only check people are in no version, and must not show it.
    """
    rows = Project.objects.filter(pk=project.pk)
    before = rows.values_list("rankings_frozen_at", flat=True).get()
    if kind in FROM_RANKINGS:
        rows.update(rankings_frozen_at=at)
    return before


def take_out(
    *,
    version: DatasetVersion,
    by: User,
    shape: str = "",
    format: str = "jsonl",
    part: str = "",
    ring: bool = True,
) -> Export:
    """An export of its rows, as exporting.start makes one of what there is now."""
    if not datasets.intact(version):
        raise Refused(CHANGED)
    return exporting.start_frozen(
        project=version.project,
        kind=version.kind,
        frozen=version.pk,
        name=str(version),
        shape=shape or FROZEN,
        format=format,
        part=part,
        by=by,
        ring=ring,
    )


def record_manifest(*, version: DatasetVersion, by: User) -> None:
    """Who took what out is part of the history."""
    Event.record("exported", version, by=by, project=version.project, part="manifest")


def _freeze(
    project: Project,
    kind: str,
    found: list[datasets.Row],
    chosen: Filter,
    by: User,
    description: str,
    consensus: str,
    left_out: dict[str, LeftOut],
) -> DatasetVersion:
    kept = [row for row in found if row.id not in left_out]
    rows, cleaning = cleaned(project, kept)
    train, validation = _divided(rows, chosen)
    if not train:
        why = NOTHING_TO_FREEZE[DatasetVersion.Kind(kind)] if chosen == EVERYTHING and not found else NOTHING_LEFT
        why = ALL_LEFT_OUT if cleaning else why
        raise ValidationError({"kind": why})
    left = [left_out[row.id] for row in found if row.id in left_out]
    try:
        return _keep(project, kind, train, validation, chosen, by, description, consensus, cleaning, left)
    except IntegrityError:
        raise ValidationError({"kind": [PROMPTS_CHANGED]}) from None


def freeze_best_half(*, version: DatasetVersion, by: User) -> DatasetVersion:
    """The same version with the better half of its rows to learn from, by the quality they had when it was frozen.

    What was written or approved since then is in neither: a round on each differs in nothing but the rows left out.
    """
    chosen = filters.of_json(version.filter)
    refused = ""
    if version.kind != DatasetVersion.Kind.DEMONSTRATIONS:
        refused = "Only responses have a quality, so there is no best half of these rows."
    elif chosen.best_share is not None:
        refused = f"{version} is the best share of its rows already. Choose the version with all of them."
    elif version.train_rows < FEWEST_TO_HALVE:
        refused = f"{version} has too few rows to halve."
    if refused:
        raise ValidationError({"best_half": [refused]})
    project, known = Project.objects.get(pk=version.project_id), scores.of_version(version)
    project.instruction_template = datasets.template_of(version)  # as it was then, for the manifest
    train, validation = datasets.frozen_rows(version, known)
    half = scores.best(train, filters.HALF)
    said = f"The best half of {version}, by quality"
    chosen = replace(chosen, best_share=filters.HALF)
    try:
        made = _keep(project, version.kind, half, validation, chosen, by, said, version.consensus, {}, [])
    except IntegrityError:
        raise ValidationError({"best_half": [PROMPTS_CHANGED]}) from None
    index.of_version(made, known)
    gate.look(made)
    return made


def _keep(
    project: Project,
    kind: str,
    train: list[datasets.Row],
    validation: list[datasets.Row],
    chosen: Filter,
    by: User,
    description: str,
    consensus: str,
    cleaning: dict[str, Any],
    left_out: list[LeftOut],
) -> DatasetVersion:
    rows = [*train, *validation]
    sha256 = datasets.store(project, kind, train, validation, chosen)
    figures = {**datasets.describe(train, validation), "quality": quality.report(project, rows)}
    with transaction.atomic():
        project = Project.objects.select_for_update().get(pk=project.pk)
        version = project.dataset_versions.filter(kind=kind, sha256=sha256).first()
        if version:
            return version
        version = DatasetVersion.objects.create(
            project=project,
            kind=kind,
            number=project.dataset_versions.filter(kind=kind).next_number(),
            description=description.strip() or ("" if chosen == EVERYTHING else filters.sentence(chosen))[:300],
            sha256=sha256,
            content_sha256=datasets.content_sha256(kind, train, validation),
            filter=chosen.as_json(),
            consensus=consensus,
            train_rows=len(train),
            validation_rows=len(validation),
            statistics={**figures, **cleaning},
            created_by=by,
        )
        version.is_new = True
        _name_prompts(version, rows)
        leaving_out.record(version, left_out)
        Event.record("froze", version, by=by, project=project, kind=kind, number=version.number, sha256=sha256)
    return version


def _name_prompts(version: DatasetVersion, rows: list[datasets.Row]) -> None:
    """Beside the files, where the database sees to it that none of them is held out."""
    taught = iter(dict.fromkeys(UUID(row.prompt_id) for row in rows if row.prompt_id))
    while some := list(islice(taught, PROMPTS_AT_ONCE)):
        there = Prompt.objects.filter(pk__in=some).values_list("pk", flat=True)  # old rows outlive their prompts
        VersionPrompt.objects.bulk_create(VersionPrompt(version=version, prompt_id=key) for key in there)
