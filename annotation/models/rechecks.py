from __future__ import annotations

from typing import Self

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q

from annotation.models.comparisons import Ranking
from annotation.models.projects import Guidelines, Project, UUIDModel
from annotation.models.prompts import Demonstration


class RecheckQuerySet(models.QuerySet["Recheck"]):
    def open(self) -> Self:
        return self.filter(settled_at=None)


class Recheck(UUIDModel):
    """A piece of work whose author is asked whether it is still right under newer guidelines."""

    class Outcome(models.TextChoices):
        CONFIRMED = "confirmed", "Still right"
        CHANGED = "changed", "Taken back to be changed"
        DROPPED = "dropped", "No longer asked"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="rechecks")
    demonstration = models.ForeignKey(Demonstration, on_delete=models.CASCADE, null=True, related_name="rechecks")
    ranking = models.ForeignKey(Ranking, on_delete=models.CASCADE, null=True, related_name="rechecks")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", help_text="Whose work it is.")
    guidelines = models.ForeignKey(Guidelines, on_delete=models.CASCADE, related_name="rechecks")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)

    objects = RecheckQuerySet.as_manager()

    class Meta:
        ordering = ["asked_at", "pk"]
        indexes = [models.Index(fields=["person", "project"], condition=Q(settled_at=None), name="rechecks_open")]
        constraints = [
            models.CheckConstraint(
                condition=Q(demonstration__isnull=True) ^ Q(ranking__isnull=True), name="rechecks_one_thing"
            ),
            models.UniqueConstraint(
                fields=["demonstration"], condition=Q(settled_at=None), name="one_open_recheck_per_response"
            ),
            models.UniqueConstraint(
                fields=["ranking"], condition=Q(settled_at=None), name="one_open_recheck_per_ranking"
            ),
        ]

    def __str__(self) -> str:
        return f"recheck by {self.person_id}"
