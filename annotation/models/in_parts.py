"""Long work of the worker's, done part by part: the row is the truth about how far it has come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Self, TypeVar

from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from annotation.models.projects import Project, UUIDModel

LEASE = timedelta(seconds=60)


class TakenOver(Exception):
    """Another process goes on with it; nothing of the part that was under way is kept."""


class Stopped(Exception):
    """Somebody asked it to stop; what is done stays, and it can be resumed."""


W = TypeVar("W", bound="InParts", covariant=True)


class InPartsQuerySet(models.QuerySet[W]):
    def waiting(self) -> Self:
        """Queued, or left behind by a process that ended in the middle."""
        left_behind = Q(status=InParts.Status.RUNNING, lease_expires_at__lt=Now())
        return self.filter(Q(status=InParts.Status.QUEUED) | left_behind)

    def unfinished(self) -> Self:
        return self.filter(status__in=[InParts.Status.QUEUED, InParts.Status.RUNNING])


class InParts(UUIDModel):
    """queued -> running -> done | failed | stopped; what failed or was stopped can be resumed where it was.

    `attempt` is the fencing token: each part is committed together with `done` and `state`, and only by the attempt
    that holds the row. `annotation.parts.run` runs it, `annotation.tasks` rings for it.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        STOPPED = "stopped", "Stopped"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="%(class)ss")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True)
    stop_asked = models.BooleanField(default=False)
    done = models.PositiveBigIntegerField(default=0, help_text="How much is done, in the work's own unit.")
    total = models.PositiveBigIntegerField(null=True, help_text="Of how much; none while nobody knows.")
    state = models.JSONField(default=dict, help_text="What the next part needs from those before it.")
    problem = models.CharField(max_length=500, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    objects = InPartsQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def is_unfinished(self) -> bool:
        return self.status in (self.Status.QUEUED, self.Status.RUNNING)

    @property
    def percent(self) -> int | None:
        """How much of it is done, from 0 to 100; None while the whole is not known."""
        return min(100, round(100 * self.done / self.total)) if self.total else None

    def claim(self) -> bool:
        """One conditional UPDATE: of many claimants one sees a changed row."""
        rows = type(self).objects.waiting().filter(pk=self.pk, attempt=self.attempt)
        claimed = rows.update(
            status=self.Status.RUNNING, attempt=F("attempt") + 1, lease_expires_at=Now() + LEASE, problem=""
        )
        if claimed:
            self.refresh_from_db()
        return bool(claimed)

    @contextmanager
    def part(self) -> Iterator[Self]:
        """One part in a transaction: set `done`, `total` and `state` inside, they are committed with the part.

        Raises TakenOver (and nothing of the part stays) when another attempt holds the row, and Stopped after the
        commit when somebody asked for it.
        """
        with transaction.atomic():
            yield self
            if not self._mine().update(**self._kept(), lease_expires_at=Now() + LEASE):
                raise TakenOver
        if self._mine().filter(stop_asked=True).exists():
            raise Stopped

    def _kept(self) -> dict[str, object]:
        return {"done": self.done, "total": self.total, "state": self.state}

    def renew(self) -> bool:
        """Between parts that take long. False when another attempt holds the row."""
        return bool(self._mine().update(lease_expires_at=Now() + LEASE))

    def end(self, status: str, problem: str = "") -> bool:
        """False when another attempt holds the row."""
        left = self._mine().update(
            status=status,
            problem=problem[:500],
            finished_at=timezone.now(),
            lease_expires_at=None,
            stop_asked=False,
        )
        self.refresh_from_db()
        return bool(left)

    def ask_to_stop(self) -> bool:
        """At once when queued, after the part under way when running. False when it is over already."""
        rows = type(self).objects.filter(pk=self.pk)
        now = timezone.now()
        if rows.filter(status=self.Status.QUEUED).update(status=self.Status.STOPPED, finished_at=now):
            return True
        return bool(rows.filter(status=self.Status.RUNNING).update(stop_asked=True))

    def resume(self) -> bool:
        """Queue it again from where it stands; the caller rings. False when it is not stopped or failed."""
        over = type(self).objects.filter(pk=self.pk, status__in=[self.Status.STOPPED, self.Status.FAILED])
        resumed = over.update(status=self.Status.QUEUED, finished_at=None, problem="", stop_asked=False)
        if resumed:
            self.refresh_from_db()
        return bool(resumed)

    def _mine(self) -> InPartsQuerySet[Any]:
        return type(self).objects.filter(pk=self.pk, status=self.Status.RUNNING, attempt=self.attempt)
