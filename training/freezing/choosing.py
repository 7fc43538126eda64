"""Which rows a version would take now: what there is of its kind, what the filter takes of it, how it is divided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet, Subquery
from django.db.models.functions import Coalesce

from annotation.models import ConsensusRule, Project
from training.freezing import corpora, datasets, preferences, scores
from training.freezing.cleaning import cleaned
from training.freezing.filters import EVERYTHING, Filter
from training.freezing.row import Row
from training.models import DatasetVersion

Kind = DatasetVersion.Kind
NOTHING_TO_FREEZE = {
    Kind.DEMONSTRATIONS: "There is no approved demonstration yet. Reviewers approve what experts write.",
    Kind.PREFERENCES: (
        "There is no preference pair yet. Pairs come from comparisons that have all their rankings, "
        "where the rankers agree which candidate is better, and from approved corrections of candidates."
    ),
    Kind.JUDGEMENTS: (
        "Judgements take good answers and bad ones. Good are approved demonstrations; bad are the candidates of "
        "comparisons that have all their rankings, where the rankers say that all are bad."
    ),
    Kind.CORPUS: "There is no text yet that the model could read. Import some under Corpus.",
}
NOTHING_LEFT = "No row meets this filter. Ask for less."
ALL_LEFT_OUT = "What was confirmed under Cleaning leaves every row out. Take some of it back."
# A judgement that went into one of these can no longer be taken back.
FROM_RANKINGS = (Kind.PREFERENCES, Kind.JUDGEMENTS)


def refuse(kind: str, chosen: Filter) -> None:
    """What cannot be asked for, whatever there is."""
    if chosen.asks_for_quality and kind != Kind.DEMONSTRATIONS:
        name = "quality" if chosen.quality is not None else "best_share"
        raise ValidationError({name: "Only responses have a quality. Freeze demonstrations, or leave this empty."})


def how_many(project: Project) -> dict[str, int]:
    """Of what each kind is made from, which is counted at once; how many rows they give takes reading them."""
    found = Project.objects.filter(pk=project.pk).values_list(
        _number(datasets.demonstrations_to_freeze(project)),
        _number(preferences.comparisons_to_freeze(project)),
        _number(corpora.documents_to_freeze(project)),
    )
    demonstrations, comparisons, texts = found.get()
    return {
        Kind.DEMONSTRATIONS: demonstrations,
        Kind.PREFERENCES: comparisons,
        Kind.JUDGEMENTS: demonstrations + comparisons,
        Kind.CORPUS: texts,
    }


def _number(rows: QuerySet[Any]) -> Coalesce:
    each = rows.order_by().values("project").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(each), 0)


def rows_now(project: Project, kind: str, consensus: str, chosen: Filter) -> Iterator[Row]:
    """Of the database as it is while they are read, before what was confirmed under Cleaning is put in place."""
    return (row for row in _rows(project, kind, consensus, chosen) if chosen.takes(row))


def _rows(project: Project, kind: str, consensus: str, chosen: Filter) -> Iterator[Row]:
    rule = consensus or project.consensus
    together = "" if rule == ConsensusRule.AUTOMATIC else rule
    if kind == Kind.PREFERENCES:
        return preferences.preference_rows(project, together)
    if kind == Kind.JUDGEMENTS:
        return iter(preferences.judgement_rows(project, together))
    if kind == Kind.CORPUS:
        return corpora.document_rows(project)
    return scores.scored_rows(project, datasets.demonstration_rows(project, chosen))


def divided(rows: list[Row], chosen: Filter) -> tuple[list[Row], list[Row]]:
    """To learn from, and to check with."""
    train, validation = datasets.divide(rows)
    return scores.best(train, chosen.best_share), validation


def rows_to_freeze(project: Project, kind: str, consensus: str, chosen: Filter) -> tuple[list[Row], list[Row]]:
    """What a version would take to learn from, and to check with; nothing is written."""
    refuse(kind, chosen)
    rows, _figures = cleaned(project, list(rows_now(project, kind, consensus, chosen)))
    return divided(rows, chosen)


def why_nothing(kind: str, chosen: Filter, found: bool, cleaned_away: bool) -> str:
    """Why there is no row to learn from; `found`: before any was left out."""
    if cleaned_away:
        return ALL_LEFT_OUT
    return NOTHING_TO_FREEZE[Kind(kind)] if chosen == EVERYTHING and not found else NOTHING_LEFT
