from __future__ import annotations

from typing import Any

from django.db import models

from annotation.models import Project
from annotation.texts import counted
from training.jobs import Job
from training.models.base_models import BaseModel
from training.run_dir import finished_rows


class Sampling(Job):
    """Candidates written by one or more adapters (or the base model).

    For `purpose` ranking they become comparisons; in the playground, and as a draft, they are only shown.
    `sources` is a list of {"label", "adapter_id" or null}; `prompts` a list of {"id", "prompt": messages}.
    """

    class Purpose(models.TextChoices):
        RANKING = "ranking", "Candidates to rank"
        PLAYGROUND = "playground", "Playground"
        DRAFT = "draft", "Draft for somebody who writes"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="samplings")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    base_model = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="+")
    sources = models.JSONField()
    prompts = models.JSONField()
    params = models.JSONField()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"sampling for {counted(len(self.prompts), 'prompt')}"

    def outputs(self) -> list[dict[str, Any]]:
        """What has been written so far: {"source", "id", "index", "text", "tokens", "seconds", "finish", "logprob"}."""
        return finished_rows(self.run_dir().outputs) if self.attempt else []
