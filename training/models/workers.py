from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from annotation.models import UUIDModel

WORKER_GONE_AFTER = timedelta(seconds=30)


class WorkerQuerySet(models.QuerySet["Worker"]):
    def with_life(self) -> WorkerQuerySet:
        """Each with `is_gone`; the database's clock decides, as it does for leases."""
        return self.annotate(is_gone=Q(seen_at__lt=Now() - WORKER_GONE_AFTER))


class Worker(UUIDModel):
    """A process that runs jobs, as it last described itself."""

    is_gone: bool  # given by with_life()
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    running = models.JSONField(default=list, help_text="Of each job: its id, its name and its project's id.")
    devices = models.JSONField(default=list, help_text="Of each device: its name, its memory and what of it is free.")
    memory_bytes = models.PositiveBigIntegerField()
    memory_free_bytes = models.PositiveBigIntegerField()
    disk_free_bytes = models.PositiveBigIntegerField()

    objects: ClassVar = WorkerQuerySet.as_manager()

    class Meta:
        ordering = ["host", "started_at"]

    def __str__(self) -> str:
        return f"{self.host}, process {self.pid}"
