"""Work that a recipe does in a process of its own. The row is the truth about its state; the queue is a doorbell."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q
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


class JobQuerySet(models.QuerySet["Job"]):
    def unfinished(self) -> Self:
        return self.filter(status__in=[Status.QUEUED, Status.RUNNING])

    def abandoned(self, now: datetime | None = None) -> Self:
        """Running by the row, but nobody has renewed the lease."""
        return self.filter(status=Status.RUNNING, lease_expires_at__lt=now or timezone.now())


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
        lease_end = Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)
        claimed = (
            type(self)
            .objects.filter(Q(pk=self.pk, status=Status.QUEUED, cancel_requested_at=None))
            .update(
                status=Status.RUNNING,
                attempt=F("attempt") + 1,
                lease_owner=owner,
                lease_expires_at=lease_end,
                started_at=timezone.now(),
                progress={},
                failure_code="",
                failure_message="",
            )
        )
        if claimed:
            self.refresh_from_db()
        return bool(claimed)

    def mine(self, owner: uuid.UUID) -> JobQuerySet:
        """This row, as long as this owner's attempt still holds it."""
        return type(self).objects.filter(pk=self.pk, status=Status.RUNNING, attempt=self.attempt, lease_owner=owner)

    def renew(self, owner: uuid.UUID, progress: dict[str, Any]) -> bool:
        lease_end = Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)
        return bool(self.mine(owner).update(lease_expires_at=lease_end, progress=progress))

    def request_cancel(self) -> bool:
        """Cancel at once when queued; ask the runner to stop when running. False when it is already over."""
        now = timezone.now()
        rows = type(self).objects.filter(pk=self.pk)
        if rows.filter(status=Status.QUEUED).update(status=Status.CANCELLED, cancel_requested_at=now, finished_at=now):
            return True
        return bool(rows.filter(status=Status.RUNNING, cancel_requested_at=None).update(cancel_requested_at=now))
