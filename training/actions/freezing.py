from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from annotation.models import ConsensusRule, Event, Project
from training.freezing import corpora, datasets, preferences
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
ROWS = {
    DatasetVersion.Kind.DEMONSTRATIONS: datasets.demonstration_rows,
    DatasetVersion.Kind.CORPUS: corpora.document_rows,
}
# A judgement that went into one of these can no longer be taken back.
FROM_RANKINGS = {
    DatasetVersion.Kind.PREFERENCES: preferences.preference_rows,
    DatasetVersion.Kind.JUDGEMENTS: preferences.judgement_rows,
}


PROMPTS_AT_ONCE = 1_000


def freeze(
    *,
    project: Project,
    kind: str,
    by: User,
    description: str = "",
    consensus: str = "",
    without_leaks_of: DatasetVersion | None = None,
) -> DatasetVersion:
    """A new version, or the one there is when nothing has changed since (`is_new` says which).

    `consensus` is what counts of several people's rankings; empty: what the project's settings say. Rows in which
    `without_leaks_of` gives something away, or that it left out already, are left out; the version says which.
    """
    left_out = leaving_out.rows_of(project, kind, without_leaks_of)
    began_at = timezone.now()
    before = _let_stand(project, kind, began_at)
    try:
        rows = _rows(project, DatasetVersion.Kind(kind), consensus)
        version = _freeze(project, kind, rows, by, description, left_out)
    except ValidationError:
        Project.objects.filter(pk=project.pk, rankings_frozen_at=began_at).update(rankings_frozen_at=before)
        raise
    gate.look(version)
    return version


def _rows(project: Project, kind: DatasetVersion.Kind, consensus: str) -> list[datasets.Row]:
    if kind in FROM_RANKINGS:
        rule = consensus or project.consensus
        return FROM_RANKINGS[kind](project, "" if rule == ConsensusRule.AUTOMATIC else rule)
    return ROWS[kind](project)


def _let_stand(project: Project, kind: str, at: datetime) -> datetime | None:
    """From before its rows are read on, nobody takes a judgement back that a version holds. When that was said last.

    It is said of all the project's rankings: those that only check people are in no version, and must not show it.
    """
    rows = Project.objects.filter(pk=project.pk)
    before = rows.values_list("rankings_frozen_at", flat=True).get()
    if kind in FROM_RANKINGS:
        rows.update(rankings_frozen_at=at)
    return before


def record_export(*, version: DatasetVersion, part: str, by: User) -> None:
    """Who took what out is part of the history."""
    Event.record("exported", version, by=by, project=version.project, part=part)


def _freeze(
    project: Project, kind: str, found: list[datasets.Row], by: User, description: str, left_out: dict[str, LeftOut]
) -> DatasetVersion:
    rows = [row for row in found if row.id not in left_out]
    train, validation = datasets.divide(rows)
    if not train:
        raise ValidationError({"kind": NOTHING_TO_FREEZE[DatasetVersion.Kind(kind)]})
    sha256 = datasets.store(project, kind, train, validation)
    figures = datasets.describe(train, validation)
    with transaction.atomic():
        project = Project.objects.select_for_update().get(pk=project.pk)
        version = project.dataset_versions.filter(kind=kind, sha256=sha256).first()
        if version:
            return version
        version = DatasetVersion.objects.create(
            project=project,
            kind=kind,
            number=project.dataset_versions.filter(kind=kind).next_number(),
            description=description.strip(),
            sha256=sha256,
            train_rows=len(train),
            validation_rows=len(validation),
            statistics=figures,
            created_by=by,
        )
        version.is_new = True
        _name_prompts(version, rows)
        leaving_out.record(version, [left_out[row.id] for row in found if row.id in left_out])
        Event.record("froze", version, by=by, project=project, kind=kind, number=version.number, sha256=sha256)
    return version


def _name_prompts(version: DatasetVersion, rows: list[datasets.Row]) -> None:
    """Beside the files, where the database sees to it that none of them is held out."""
    taught = dict.fromkeys(row.prompt_id for row in rows if row.prompt_id)
    entries = (VersionPrompt(version=version, prompt_id=UUID(key)) for key in taught)
    VersionPrompt.objects.bulk_create(entries, batch_size=PROMPTS_AT_ONCE)
