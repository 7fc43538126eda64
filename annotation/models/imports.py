from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import models

from annotation.models.in_parts import InParts


class Import(InParts):
    """An uploaded file on its way in: mapped and previewed, then checked to its end, then taken part by part.

    `total` is known once it is checked, and from then on records of it may be in the project.
    """

    class Status(models.TextChoices):
        """Those of all work in parts, and two of its own."""

        UPLOADED = "uploaded", "Waiting for you"
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Imported"
        FAILED = "failed", "Not imported"
        STOPPED = "stopped", "Stopped"
        DISCARDED = "discarded", "Discarded"

    status = models.CharField(max_length=12, choices=Status.choices, default=Status.UPLOADED)
    file = models.FileField(upload_to="imports/")
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the file, which is deleted once imported.")
    format = models.CharField(max_length=10)
    mapping = models.JSONField(default=dict)
    skip_problems = models.BooleanField(default=False, help_text="Take the other lines where some have a problem.")
    author = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", help_text="Whose the responses are; none: its own."
    )
    counts = models.JSONField(default=dict)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["status", "lease_expires_at"])]

    def __str__(self) -> str:
        return self.file_name

    @property
    def has_begun(self) -> bool:
        """Whether some of its records may be in the project."""
        return self.total is not None

    @property
    def is_open(self) -> bool:
        """Whether its mapping can be changed, and it can be started: nothing of it is in the project."""
        over = (self.Status.UPLOADED, self.Status.FAILED, self.Status.STOPPED)
        return self.status in over and not self.has_begun

    @property
    def is_taken_up(self) -> bool:
        """Whether it can go on from where it is."""
        return self.status in (self.Status.FAILED, self.Status.STOPPED)

    @property
    def progress(self) -> str:
        return f"{self.done:,} of {self.total or 0:,}"

    def _kept(self) -> dict[str, Any]:
        return {**super()._kept(), "counts": self.counts}


class LineProblem(models.Model):
    """Why a line of a file is not in the project, or is not as the file has it."""

    work = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="problems")
    line = models.PositiveBigIntegerField()
    reason = models.CharField(max_length=1000)
    differs = models.BooleanField(
        default=False, help_text="The project has the record, with another text, and keeps it."
    )

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"line {self.line}"
