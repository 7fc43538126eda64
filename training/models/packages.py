from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from django.db import models

from annotation.models import Project
from training.jobs import Job, JobQuerySet, Status
from training.models.adapters import Adapter


class PackageQuerySet(JobQuerySet["Package"]):
    def usable(self) -> list[Package]:
        """Waiting, at work, or done with its file still there: no other is needed."""
        wanted = self.filter(status__in=[Status.QUEUED, Status.RUNNING, Status.SUCCEEDED])
        return [package for package in wanted if not package.is_final or package.file]


class Package(Job):
    """An adapter as one file to be taken elsewhere. An adapter never changes, so one of each format is enough."""

    class Format(models.TextChoices):
        ADAPTER = "adapter", "Adapter folder"
        MERGED = "merged", "Merged model"
        GGUF = "gguf", "GGUF file"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="packages")
    adapter = models.ForeignKey(Adapter, on_delete=models.CASCADE, related_name="packages")
    format = models.CharField(max_length=10, choices=Format.choices)

    objects: ClassVar = PackageQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["adapter", "format", "status"], name="packages_of_an_adapter")]

    def __str__(self) -> str:
        return f"{self.get_format_display()} of the {self.adapter}"

    @property
    def file(self) -> Path | None:
        """What is handed out, while it is there."""
        if self.status != Status.SUCCEEDED:
            return None
        path = self.run_dir().path / "package" / str(self.result.get("file"))
        return path if path.is_file() else None
