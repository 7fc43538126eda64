from __future__ import annotations

from django.db import models

from annotation.models import InParts
from training.models.versions import DatasetVersion


class FreezeRun(InParts):
    """What somebody asked to have frozen, how far that is, and the version that came of it.

    `without_leaks_of`: without the rows in which that version gives something away. `best_half_of`: of that version's
    rows, the better half; the rest says nothing then. `only_look`: count the rows, and make no version.
    """

    class Step(models.TextChoices):
        READ = "read", "Reading what there is"
        CLEAN = "clean", "Putting in place what was confirmed under Cleaning"
        DESCRIBE = "describe", "Counting and comparing the rows"
        WRITE = "write", "Writing the files"
        LOOK_UP = "look_up", "Noting where each row comes from"
        COMPARE = "compare", "Comparing with what is held out"

    kind = models.CharField(max_length=15, choices=DatasetVersion.Kind.choices)
    consensus = models.CharField(max_length=10, blank=True)
    filter = models.JSONField(default=dict, help_text="See training/freezing/filters.py.")
    description = models.CharField(max_length=300, blank=True)
    without_leaks_of = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, null=True, related_name="+")
    best_half_of = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, null=True, related_name="halvings")
    only_look = models.BooleanField(default=False)
    step = models.CharField(max_length=10, choices=Step.choices, blank=True)
    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, null=True, related_name="freezings")
    is_new = models.BooleanField(default=False, help_text="The version was made by this, and was not there before.")

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["status", "lease_expires_at"], name="freezings_that_wait")]

    def __str__(self) -> str:
        return f"Freezing {self.get_kind_display().lower()}"

    def _kept(self) -> dict[str, object]:
        return {**super()._kept(), "step": self.step, "version": self.version, "is_new": self.is_new}
