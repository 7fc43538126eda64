from __future__ import annotations

from datetime import timedelta
from typing import Self

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotation.models.projects import Project, UUIDModel

LEASE = timedelta(seconds=60)


class ChoreQuerySet(models.QuerySet["Chore"]):
    def waiting(self) -> Self:
        """Queued, or left behind by a process that ended in the middle."""
        left_behind = Q(status=Chore.Status.RUNNING, lease_expires_at__lt=timezone.now())
        return self.filter(Q(status=Chore.Status.QUEUED) | left_behind)

    def unfinished(self) -> Self:
        return self.filter(status__in=[Chore.Status.QUEUED, Chore.Status.RUNNING])


class Chore(UUIDModel):
    """Something done to many prompts of a project, part by part: `after` is the position it has come to.

    `attempt` is the fencing token: each part is committed together with `after`, and only by the attempt that holds it.
    """

    class Kind(models.TextChoices):
        ARRANGE = "arrange", "Arrange prompts"
        ESTIMATE = "estimate", "Estimate what answers would teach"

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="chores")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    spec = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True)
    after = models.IntegerField(default=-1)
    changed = models.PositiveIntegerField(default=0)
    state = models.JSONField(default=dict, help_text="What the next part needs from those before it.")
    problem = models.CharField(max_length=500, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    objects = ChoreQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["project", "kind", "-created_at"]),
            models.Index(fields=["status", "lease_expires_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.status})"

    def claim(self) -> bool:
        """One conditional UPDATE: of many claimants one sees a changed row."""
        rows = Chore.objects.waiting().filter(pk=self.pk, attempt=self.attempt)
        claimed = rows.update(
            status=self.Status.RUNNING, attempt=self.attempt + 1, lease_expires_at=timezone.now() + LEASE
        )
        if claimed:
            self.refresh_from_db()
        return bool(claimed)

    def go_on(self, *, after: int, changed: int) -> bool:
        """Keep how far it has come; False when another attempt has taken it over."""
        self.after, self.changed = after, self.changed + changed
        return (
            self._mine().update(
                after=after, changed=self.changed, state=self.state, lease_expires_at=timezone.now() + LEASE
            )
            == 1
        )

    def end(self, status: str, problem: str = "") -> None:
        self.status, self.problem, self.finished_at = status, problem[:500], timezone.now()
        self._mine().update(status=status, problem=self.problem, finished_at=self.finished_at, lease_expires_at=None)

    def _mine(self) -> ChoreQuerySet:
        return Chore.objects.filter(pk=self.pk, status=self.Status.RUNNING, attempt=self.attempt)
