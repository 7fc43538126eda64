from __future__ import annotations

from django.db import models

from annotation.bias.swapping import CHOICES
from annotation.models import InParts
from training.models.audits import BiasAudit


class SwapRun(InParts):
    """Swapped copies proposed for rows of an audit: of approved responses that name one of `groups`, if there are any.

    `proposed` are the new ones; `most` is where it ends.
    """

    audit = models.ForeignKey(BiasAudit, on_delete=models.CASCADE, related_name="swap_runs")
    kind = models.CharField(max_length=10, choices=CHOICES)
    groups = models.JSONField(default=list, help_text="Keys of the audit's groups.")
    origins = models.JSONField(default=list, help_text="The two whose names are exchanged.")
    most = models.PositiveIntegerField()
    proposed = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["status", "lease_expires_at"], name="swap_runs_that_wait")]

    def __str__(self) -> str:
        return f"Swapped copies for {self.audit_id}"

    def _kept(self) -> dict[str, object]:
        return {**super()._kept(), "proposed": self.proposed}
