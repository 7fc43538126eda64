from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models

from annotation.models import Numbered, Project, UUIDModel


class DatasetVersionQuerySet(Numbered, models.QuerySet["DatasetVersion"]):
    pass


class DatasetVersion(UUIDModel):
    """Rows frozen for training: `train.jsonl`, `validation.jsonl` and `manifest.json` in a folder named by hash."""

    class Kind(models.TextChoices):
        DEMONSTRATIONS = "demonstrations", "Demonstrations"
        PREFERENCES = "preferences", "Preference pairs"
        JUDGEMENTS = "judgements", "Judgements"
        CORPUS = "corpus", "Corpus"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="dataset_versions")
    kind = models.CharField(max_length=15, choices=Kind.choices)
    number = models.PositiveIntegerField()
    description = models.CharField(max_length=300, blank=True)
    sha256 = models.CharField(max_length=64)
    train_rows = models.PositiveIntegerField()
    validation_rows = models.PositiveIntegerField()
    statistics = models.JSONField(default=dict)
    filter = models.JSONField(default=dict, help_text="What was asked for, see training/freezing/filters.py.")
    consensus = models.CharField(max_length=10, blank=True, help_text="What counted of several people's rankings.")
    content_sha256 = models.CharField(
        max_length=64, blank=True, help_text="Of what it teaches, without ids: the same on any machine."
    )
    indexed_at = models.DateTimeField(null=True, editable=False, help_text="Since when its rows can be looked up.")
    erased_rows = models.PositiveIntegerField(default=0, help_text="Rows whose texts were erased since it was frozen.")
    erased_sha256 = models.CharField(max_length=64, blank=True, help_text="Of the folder after that.")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = DatasetVersionQuerySet.as_manager()
    is_new = False  # True on what freezing has just made, not on what it found

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["project", "kind", "number"], name="one_version_per_number"),
            models.UniqueConstraint(fields=["project", "kind", "sha256"], name="one_version_per_content"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} v{self.number}"

    @property
    def directory(self) -> Path:
        return settings.DATASETS_DIR / self.sha256


class VersionRow(models.Model):
    """One row of a frozen version and where it came from, so that a text's versions are one question.

    The manifest says the same; `training/freezing/index.py` reads it into here. Ids of rows that may be gone since.
    """

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="rows")
    row = models.CharField(max_length=120)
    part = models.CharField(max_length=10)
    place = models.PositiveBigIntegerField(help_text="Where its line begins in the part's file, in bytes.")
    sha256 = models.CharField(max_length=64, help_text="Of its content when it was frozen.")
    prompt = models.UUIDField(null=True, db_index=True)
    demonstration = models.UUIDField(null=True, db_index=True)
    comparison = models.UUIDField(null=True, db_index=True)
    document = models.UUIDField(null=True, db_index=True)
    group = models.CharField(max_length=200, blank=True)
    revisions = models.JSONField(default=list)
    people = models.JSONField(default=list, help_text="Ids of those who wrote or ranked it.")
    score = models.PositiveSmallIntegerField(null=True, help_text="Of the response, when it was frozen; 0 to 100.")
    erased = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["version", "row"], name="one_row_per_id")]
        indexes = [models.Index(fields=["version", "group"], name="rows_of_a_group")]

    def __str__(self) -> str:
        return f"row {self.row}"


class VersionPerson(models.Model):
    """How many rows of a version somebody wrote or ranked."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="people")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    count = models.PositiveIntegerField()

    class Meta:
        ordering = ["-count"]
        constraints = [models.UniqueConstraint(fields=["version", "person"], name="one_count_per_person")]

    def __str__(self) -> str:
        return f"{self.count} rows of {self.person_id}"
