from __future__ import annotations

from django.db import models

from annotation.models import InParts
from training.models.versions import DatasetVersion


class BiasAudit(InParts):
    """Who the texts speak of, and what goes with it: of the project as it stood, or of a frozen version.

    `lists` are the project's own words as they were; `report` is written once, at the end, and never changed.
    """

    dataset_version = models.ForeignKey(
        DatasetVersion, on_delete=models.CASCADE, null=True, blank=True, related_name="bias_audits"
    )
    lists = models.JSONField(default=dict)
    report = models.JSONField(default=dict)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["status", "lease_expires_at"], name="audits_that_wait")]

    def __str__(self) -> str:
        return f"Bias audit of {self.dataset_version or 'the project as it stood'}"

    def _kept(self) -> dict[str, object]:
        return {**super()._kept(), "report": self.report}
