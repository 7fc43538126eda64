from __future__ import annotations

from django.db import models

from annotation.models.in_parts import InParts


class Chore(InParts):
    """Something done to many prompts of a project: `after` is the position it has come to."""

    class Kind(models.TextChoices):
        ARRANGE = "arrange", "Arrange prompts"
        ESTIMATE = "estimate", "Estimate what answers would teach"
        SORT = "sort", "Estimate types and difficulty"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    spec = models.JSONField(default=dict)
    after = models.IntegerField(default=-1)
    changed = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["project", "kind", "-created_at"]),
            models.Index(fields=["status", "lease_expires_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.status})"

    def _kept(self) -> dict[str, object]:
        return {**super()._kept(), "after": self.after, "changed": self.changed}
