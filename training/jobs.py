"""Work that a recipe does in a process of its own. The row is the truth about its state; the queue is a doorbell."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import F
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now
from django.utils import timezone

from annotation.models import UUIDModel
from training.run_dir import RunDir


class Status(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


FINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED})


J = TypeVar("J", bound="Job", covariant=True)


class JobQuerySet(models.QuerySet[J]):
    def unfinished(self) -> Self:
        return self.filter(status__in=[Status.QUEUED, Status.RUNNING])

    def abandoned(self) -> Self:
        """Running by the row, but nobody has renewed the lease. The database's clock decides, as for every lease."""
        return self.filter(status=Status.RUNNING, lease_expires_at__lt=Now())


class Job(UUIDModel):
    """State machine of one piece of work: queued -> running -> succeeded | failed | cancelled.

    `attempt` is the fencing token: whatever writes to a running row names the attempt and the owner it believes in,
    and looks at the count of rows changed.
    """

    MAX_ATTEMPTS = 3

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.UUIDField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    progress = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    failure_code = models.CharField(max_length=40, blank=True)
    failure_message = models.TextField(blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def root(self) -> Path:
        return settings.RUNS_DIR / str(self.pk)

    def run_dir(self, attempt: int | None = None) -> RunDir:
        return RunDir(self.root / f"attempt-{attempt or self.attempt}")

    def claim(self, owner: uuid.UUID) -> bool:
        """Take a queued job for one attempt. One conditional UPDATE: of many claimants one sees a changed row."""
        claimed = (
            type(self)
            .objects.filter(pk=self.pk, status=Status.QUEUED, cancel_requested_at=None)
            .update(
                status=Status.RUNNING,
                attempt=F("attempt") + 1,
                lease_owner=owner,
                lease_expires_at=_lease_end(),
                started_at=timezone.now(),
                progress={},
                failure_code="",
                failure_message="",
            )
        )
        if claimed:
            self.refresh_from_db()
        return bool(claimed)

    def take_over(self, owner: uuid.UUID) -> bool:
        """Become the owner of an abandoned attempt, to settle it. The attempt stays the same, its old owner loses."""
        taken = (
            type(self)
            .objects.abandoned()
            .filter(pk=self.pk, attempt=self.attempt)
            .update(lease_owner=owner, lease_expires_at=_lease_end())
        )
        if taken:
            self.refresh_from_db()
        return bool(taken)

    def mine(self, owner: uuid.UUID) -> JobQuerySet[Job]:
        """This row, as long as this owner's attempt still holds it."""
        return type(self).objects.filter(pk=self.pk, status=Status.RUNNING, attempt=self.attempt, lease_owner=owner)

    def renew(self, owner: uuid.UUID, progress: dict[str, Any]) -> bool:
        return bool(self.mine(owner).update(lease_expires_at=_lease_end(), progress=progress))

    def succeed(self, owner: uuid.UUID, result: dict[str, Any]) -> bool:
        """False when the lease was lost, or somebody asked to cancel before."""
        return self._leave(self.mine(owner).filter(cancel_requested_at=None), Status.SUCCEEDED, result=result)

    def fail(self, owner: uuid.UUID, code: str, message: str, result: dict[str, Any] | None = None) -> bool:
        rows = self.mine(owner)
        return self._leave(
            rows, Status.FAILED, failure_code=code[:40], failure_message=message, result=result or self.result
        )

    def cancelled(self, owner: uuid.UUID) -> bool:
        return self._leave(self.mine(owner).exclude(cancel_requested_at=None), Status.CANCELLED)

    def requeue(self, owner: uuid.UUID, *, free: bool = False) -> bool:
        """Back to the queue for another attempt; `free` when the attempt ended through no fault of the job."""
        released = self.released + (1 if free else 0)
        rows = self.mine(owner).filter(cancel_requested_at=None)
        return bool(
            rows.update(status=Status.QUEUED, lease_owner=None, lease_expires_at=None, result={"released": released})
        )

    @property
    def released(self) -> int:
        """Attempts given back because their worker was stopped in good order; they do not count."""
        return int(self.result.get("released", 0))

    @property
    def attempts_used_up(self) -> bool:
        return self.attempt - self.released >= self.MAX_ATTEMPTS

    def request_cancel(self) -> bool:
        """Cancel at once when queued; ask the runner to stop when running. False when it is already over."""
        now = timezone.now()
        rows = type(self).objects.filter(pk=self.pk)
        if rows.filter(status=Status.QUEUED).update(status=Status.CANCELLED, cancel_requested_at=now, finished_at=now):
            return True
        return bool(rows.filter(status=Status.RUNNING, cancel_requested_at=None).update(cancel_requested_at=now))

    def _leave(self, rows: JobQuerySet[Any], status: Status, **fields: Any) -> bool:
        left = rows.update(status=status, finished_at=timezone.now(), lease_owner=None, lease_expires_at=None, **fields)
        if left:
            self.refresh_from_db()
        return bool(left)


def _lease_end() -> CombinedExpression:
    return Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)
