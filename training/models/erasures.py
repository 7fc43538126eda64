from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models

from annotation.models import InParts


class Erasure(InParts):
    """Somebody's texts on their way out: looked for first, taken out after an admin has typed the name."""

    class Kind(models.TextChoices):
        GROUP = "group", "A client, matter or other group"
        PERSON = "person", "Somebody whom texts name"
        ANNOTATOR = "annotator", "Somebody who wrote or judged here"

    class Stage(models.TextChoices):
        LOOK = "look", "Looking"
        ERASE = "erase", "Erasing"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=200, blank=True, help_text="Emptied once it is done.")
    person = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    stage = models.CharField(max_length=6, choices=Stage.choices, default=Stage.LOOK)
    found = models.JSONField(default=dict, help_text="How much of what it concerns, for people.")
    touched = models.JSONField(default=dict, help_text="Which prompts, documents and rows; emptied once it is done.")

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["status", "lease_expires_at"], name="erasures_waiting")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.name}" if self.name else self.get_kind_display()

    @property
    def is_found(self) -> bool:
        return self.stage == self.Stage.LOOK and self.status == self.Status.DONE

    @property
    def is_carried_out(self) -> bool:
        return self.stage == self.Stage.ERASE and self.status == self.Status.DONE
