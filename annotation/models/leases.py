from __future__ import annotations

from typing import Self

from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

from annotation.models.projects import Project, UUIDModel


class LeaseQuerySet(models.QuerySet["Lease"]):
    def live(self) -> Self:
        return self.filter(expires_at__gt=timezone.now())


class Lease(UUIDModel):
    """An item handed to one person for a while, with what they have typed so far.

    `item_id` is the id of a prompt, demonstration, comparison or output, by `kind`; without a foreign key, so that
    the apps above can queue their own items. A lease that ran out keeps its draft: coming back finds it again.
    """

    class Kind(models.TextChoices):
        WRITE = "write", "Write"
        APPROVE = "approve", "Approve"
        RANK = "rank", "Rank"
        SCORE = "score", "Score"

    class Release(models.TextChoices):
        """How somebody gave an item back: a skipped one returns to them last, a declined one never."""

        SKIPPED = "skipped", "Skipped"
        DECLINED = "declined", "Declined"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="leases")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    item_id = models.UUIDField()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="leases")
    expires_at = models.DateTimeField()
    release = models.CharField(max_length=10, choices=Release.choices, blank=True)
    reason = models.CharField(max_length=500, blank=True, help_text="Why it was skipped.")
    shown = models.JSONField(default=list, help_text="Of a comparison: its candidates in the order on the page.")
    active_seconds = models.FloatField(default=0.0, help_text="Spent on it so far, without pauses.")
    draft = models.JSONField(default=dict, blank=True)
    draft_version = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = LeaseQuerySet.as_manager()
    explained = False  # what the queue has just lent for training: the known answer follows

    class Meta:
        indexes = [
            models.Index(fields=["project", "kind", "expires_at"]),
            models.Index(fields=["user", "project", "kind"]),
        ]
        constraints = [
            models.UniqueConstraint(fields=["kind", "item_id", "user"], name="one_lease_per_person_and_item")
        ]

    @property
    def is_live(self) -> bool:
        return self.expires_at > timezone.now()

    def __str__(self) -> str:
        return f"{self.kind} lease of {self.user_id}"
