from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models

from annotation.exports.kinds import ENDINGS, FORMATS, FROZEN_KINDS, KINDS, PARTS, title_of
from annotation.models.in_parts import InParts


class Export(InParts):
    """A file of a project's data: made by the worker, kept for some days, fetched by who may manage the project.

    `frozen` names the frozen rows it is of, as the app that froze them does; none: of what there is now.
    `done` counts rows written. `file_name` is the file's in the folder of exports, and empty while there is none.
    """

    kind = models.CharField(max_length=20, choices=list((KINDS | FROZEN_KINDS).items()))
    shape = models.CharField(max_length=40)
    format = models.CharField(max_length=20, choices=list(FORMATS.items()))
    as_written = models.BooleanField(default=False, help_text="Without what was confirmed under Cleaning.")
    frozen = models.UUIDField(null=True, help_text="The frozen rows it is of; none: what there was at the time.")
    frozen_name = models.CharField(max_length=60, blank=True)
    frozen_part = models.CharField(max_length=10, blank=True, choices=list(PARTS.items()), help_text="Of frozen rows.")
    file_name = models.CharField(max_length=100, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["project", "-created_at"]),
            models.Index(fields=["status", "lease_expires_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.frozen_name or self.get_kind_display()} as {self.get_format_display()}"

    @property
    def shape_title(self) -> str:
        return title_of(self.shape)

    @property
    def path(self) -> Path | None:
        """None where there is no file, or no longer."""
        path = Path(settings.EXPORTS_DIR) / self.file_name
        return path if self.file_name and path.is_file() else None

    @property
    def is_ready(self) -> bool:
        return self.status == self.Status.DONE and bool(self.file_name)

    @property
    def can_go_on(self) -> bool:
        return self.status in (self.Status.FAILED, self.Status.STOPPED)

    @property
    def deleted_at(self) -> datetime | None:
        """When the file will be deleted."""
        return self.finished_at + timedelta(days=settings.EXPORTS_KEPT_DAYS) if self.finished_at else None

    @property
    def download_name(self) -> str:
        what = " ".join(filter(None, [self.frozen_name.lower() or self.kind, self.frozen_part]))
        return f"{self.project.name} {what} {self.shape.replace('_', '-')}{ENDINGS[self.format]}"

    @property
    def left_out(self) -> dict[str, int]:
        """How many rows, by the reason."""
        return dict(self.state.get("left_out", {}))

    def _kept(self) -> dict[str, Any]:
        return {**super()._kept(), "file_name": self.file_name, "size": self.size, "sha256": self.sha256}
