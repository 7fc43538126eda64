from __future__ import annotations

from typing import Self

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Exists, OuterRef, Q

from annotation.models.comparisons import Candidate, Comparison, Ranking
from annotation.models.projects import Project, UUIDModel


class DoubtQuerySet(models.QuerySet["Doubt"]):
    def open(self) -> Self:
        return self.filter(settled_at=None)

    def decidable_by(self, user: User) -> Self:
        """Without those on comparisons that this person has ranked."""
        own = Ranking.objects.filter(comparison_id=OuterRef("comparison_id"), ranker=user, in_training=False)
        return self.filter(~Exists(own))


class Doubt(UUIDModel):
    """A comparison that reviewers are asked to decide, though nothing about it is open: something speaks against it.

    What speaks against it is one pair, of which `better` won. Nobody who decides is told which.
    """

    class Outcome(models.TextChoices):
        KEPT = "kept", "Decided as before"
        CORRECTED = "corrected", "Decided otherwise"
        DROPPED = "dropped", "No longer asked"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="doubts")
    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="doubts")
    better = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="+")
    worse = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=80, blank=True, help_text="What asked; nothing that who decides is shown.")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    settled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)

    objects = DoubtQuerySet.as_manager()

    class Meta:
        ordering = ["asked_at", "pk"]
        indexes = [
            models.Index(fields=["project", "asked_at", "id"], condition=Q(settled_at=None), name="doubts_open"),
            models.Index(fields=["project", "source"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["comparison"], condition=Q(settled_at=None), name="one_open_doubt_per_comparison"
            )
        ]

    def __str__(self) -> str:
        return f"doubt about {self.comparison_id}"
