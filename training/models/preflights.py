from __future__ import annotations

from django.db import models

from annotation.models import Project
from training import methods
from training.jobs import Job, Status
from training.models.adapters import Adapter
from training.models.base_models import BaseModel
from training.models.versions import DatasetVersion


class Preflight(Job):
    """A round's settings, checked token by token before anybody waits for training."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="preflights")
    method = models.CharField(max_length=12, choices=methods.choices)
    base_model = models.ForeignKey(BaseModel, on_delete=models.CASCADE, related_name="+")
    parent_adapter = models.ForeignKey(Adapter, on_delete=models.CASCADE, null=True, related_name="+")
    reward_adapter = models.ForeignKey(Adapter, on_delete=models.CASCADE, null=True, related_name="+")
    dataset_version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="+")
    params = models.JSONField()
    note = models.CharField(max_length=300, blank=True)
    report = models.JSONField(default=dict)
    dry = models.BooleanField(default=False)  # also train for real on a few rows, and keep nothing of it

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"pre-flight for {self.dataset_version}"

    @property
    def passed(self) -> bool:
        return self.status == Status.SUCCEEDED and not self.report.get("reasons")
