from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from annotation.models import Event, Project
from evaluation.evidence import Evidence, evidence
from evaluation.models import Evaluation, Promotion
from training.adapters.publishing import intact
from training.choosing import HELD
from training.findings.judging import WRITES_NOTHING
from training.models import Adapter

CHANGED = "Somebody else has changed what is in use meanwhile. Look at it and decide again."


class NeedsConfirmation(Exception):
    """The evidence leaves doubts; a person who knows them may promote all the same."""

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(" ".join(evidence.doubts))
        self.evidence = evidence


def current_adapter(project: Project) -> Adapter | None:
    """What is in use: None stands for the base model."""
    promotion = project.promotions.current().select_related("adapter__round", "adapter__base_model").first()
    return promotion.adapter if promotion else None


def promote(
    *,
    adapter: Adapter,
    reason: str,
    by: User,
    evaluation: Evaluation | None = None,
    confirmed: bool = False,
    seen: str | None = None,
) -> Promotion:
    """Put an adapter in use. `seen` is the id of the promotion one saw as current, "" for none; None: no matter."""
    project = adapter.project
    _refuse(adapter, reason, evaluation)
    found = evidence(adapter, evaluation, current_adapter(project))
    if found.doubts and not confirmed:
        raise NeedsConfirmation(found)
    with transaction.atomic():
        current = _current(project, seen)
        if current and current.adapter_id == adapter.pk:
            raise ValidationError({"adapter": "This adapter is in use already."})
        made = Promotion.objects.create(
            project=project,
            adapter=adapter,
            evaluation=evaluation,
            reason=reason.strip(),
            promoted_by=by,
            promoted_at=_end(current, by),
        )
        Event.record(
            "promoted",
            made,
            by=by,
            project=project,
            adapter=str(adapter.pk),
            evaluation=str(evaluation.pk) if evaluation else None,
            in_spite_of=found.doubts,
        )
    return made


def rollback(*, project: Project, by: User, reason: str, seen: str | None = None) -> Promotion | None:
    """End the current promotion and bring back the one before it; None: the base model is in use again."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why, so that others understand it later."})
    with transaction.atomic():
        current = _current(project, seen)
        if current is None:
            raise ValidationError("Nothing is promoted, so there is nothing to roll back.")
        previous = before(current)
        now = _end(current, by)
        restored = previous and Promotion.objects.create(
            project=project,
            adapter=previous.adapter,
            evaluation=previous.evaluation,
            restores=previous.restores or previous,
            reason=reason.strip(),
            promoted_by=by,
            promoted_at=now,
        )
        Event.record("rolled back", current, by=by, project=project, restored=str(restored.pk) if restored else None)
    return restored


def before(promotion: Promotion) -> Promotion | None:
    """The promotion that a rollback brings back: None is the base model.

    One that itself restored another goes back to before that one, so that rolling back twice does not swing.
    """
    origin = promotion.restores or promotion
    ended = Promotion.objects.filter(project_id=promotion.project_id, ended_at=origin.promoted_at)
    return ended.select_related("adapter__round", "evaluation", "restores").first()


def _current(project: Project, seen: str | None) -> Promotion | None:
    """The current promotion, held until the end of the transaction; refused when it is not the one seen."""
    Project.objects.select_for_update().get(pk=project.pk)
    current = project.promotions.current().select_related("restores").first()
    if seen is not None and seen != (str(current.pk) if current else ""):
        raise ValidationError(CHANGED)
    return current


def _end(promotion: Promotion | None, by: User) -> datetime:
    """End it, and say when: the next one begins at that moment."""
    now = timezone.now()
    if promotion is not None:
        Promotion.objects.filter(pk=promotion.pk, ended_at=None).update(ended_at=now, ended_by=by)
    return now


def _refuse(adapter: Adapter, reason: str, evaluation: Evaluation | None) -> None:
    refused = {}
    if not reason.strip():
        refused["reason"] = "Say why, so that others understand it later."
    if evaluation and evaluation.project_id != adapter.project_id:
        refused["evaluation"] = "This evaluation belongs to another project."
    if not intact(adapter):
        refused["adapter"] = "The files of this adapter are missing on this machine or have changed."
    if adapter.judges:
        refused["adapter"] = WRITES_NOTHING
    if adapter.is_held:
        refused["adapter"] = HELD
    if refused:
        raise ValidationError(refused)
