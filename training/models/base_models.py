from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models import UUIDModel


class BaseModelQuerySet(models.QuerySet["BaseModel"]):
    def default(self) -> BaseModel | None:
        return self.order_by("-is_default", "created_at").first()


class BaseModel(UUIDModel):
    """Weights that adapters sit on: a local folder, pinned by the hash of its weights."""

    name = models.CharField(max_length=200, unique=True)
    path = models.CharField(max_length=500, help_text="Folder with safetensors, tokenizer and chat template.")
    source = models.CharField(max_length=300, blank=True)
    license = models.CharField(max_length=80, blank=True)
    weights_sha256 = models.CharField(max_length=64)
    chat_template_sha256 = models.CharField(max_length=64)
    parameters = models.PositiveBigIntegerField()
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BaseModelQuerySet.as_manager()

    class Meta:
        ordering = ["-is_default", "name"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="one_default_base_model")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def directory(self) -> Path:
        """Absolute; relative paths are under the data directory."""
        return settings.DATA_DIR / self.path

    @property
    def public_id(self) -> str:
        """The name by which other programs find it: its hub id where `source` says owner/name@commit."""
        return self._hub[0] if self._hub else self.name

    @property
    def revision(self) -> str | None:
        return self._hub[1] if self._hub else None

    @property
    def _hub(self) -> tuple[str, str] | None:
        match = re.fullmatch(r"([\w.-]+/[\w.-]+)@(\w[\w./-]*)", self.source)
        return (match[1], match[2]) if match else None
