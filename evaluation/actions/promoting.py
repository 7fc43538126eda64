from __future__ import annotations

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from annotation.models import Event, Project
from evaluation.evidence import Evidence, evidence
from evaluation.models import Evaluation, Promotion
from training.models import Adapter
from training.run_dir import directory_sha256

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
    instead_of: Promotion | None | str = "whatever",
) -> Promotion:
    """Put an adapter in use. `instead_of` is the promotion one saw as current; left out, it does not matter."""
    project = adapter.project
    _refuse(adapter, reason, evaluation)
    found = evidence(adapter, evaluation, current_adapter(project))
    if found.doubts and not confirmed:
        raise NeedsConfirmation(found)
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        current = project.promotions.current().first()
        if instead_of != "whatever" and current != instead_of:
            raise ValidationError(CHANGED)
        if current and current.adapter_id == adapter.pk:
            raise ValidationError({"adapter": "This adapter is in use already."})
        _end(current, by)
        made = Promotion.objects.create(
            project=project, adapter=adapter, evaluation=evaluation, reason=reason.strip(), promoted_by=by
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


def rollback(*, project: Project, by: User, reason: str, instead_of: Promotion | None = None) -> Promotion | None:
    """End the current promotion and bring back the one before it; None: the base model is in use again."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why, so that others understand it later."})
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        current = project.promotions.current().first()
        if current is None:
            raise ValidationError("Nothing is promoted, so there is nothing to roll back.")
        if instead_of is not None and current != instead_of:
            raise ValidationError(CHANGED)
        previous = before(current)
        _end(current, by)
        restored = previous and Promotion.objects.create(
            project=project,
            adapter=previous.adapter,
            evaluation=previous.evaluation,
            restores=previous.restores or previous,
            reason=reason.strip(),
            promoted_by=by,
        )
        Event.record("rolled back", current, by=by, project=project, restored=str(restored.pk) if restored else None)
    return restored


def before(promotion: Promotion) -> Promotion | None:
    """The promotion that a rollback brings back. One that itself restored another goes back to before that one."""
    origin = promotion.restores or promotion
    earlier = Promotion.objects.filter(project_id=promotion.project_id, promoted_at__lt=origin.promoted_at)
    return earlier.exclude(adapter_id=promotion.adapter_id).select_related("adapter__round", "restores").first()


def _end(promotion: Promotion | None, by: User) -> None:
    if promotion is not None:
        Promotion.objects.filter(pk=promotion.pk, ended_at=None).update(ended_at=timezone.now(), ended_by=by)


def _refuse(adapter: Adapter, reason: str, evaluation: Evaluation | None) -> None:
    refused = {}
    if not reason.strip():
        refused["reason"] = "Say why, so that others understand it later."
    if evaluation and evaluation.project_id != adapter.project_id:
        refused["evaluation"] = "This evaluation belongs to another project."
    if not adapter.directory.is_dir() or directory_sha256(adapter.directory) != adapter.sha256:
        refused["adapter"] = "The files of this adapter are missing on this machine or have changed."
    if refused:
        raise ValidationError(refused)
