from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q

from annotation.models.projects import Project, UUIDModel
from annotation.models.prompts import Split
from annotation.texts import fingerprint, words


class Document(UUIDModel):
    """A text of the project's field, for the model to read before anybody shows it what to write."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="documents")
    title = models.CharField(max_length=200)
    text = models.TextField()
    group = models.CharField(max_length=200, blank=True)
    split = models.CharField(max_length=10, choices=Split.choices)
    source = models.CharField(max_length=200, help_text="The file it came from.")
    sha256 = models.CharField(max_length=64, editable=False, help_text="Of the text without case and spacing.")
    words = models.PositiveIntegerField(editable=False)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [models.Index(fields=["project", "created_at", "id"], name="documents_in_order")]
        constraints = [
            models.UniqueConstraint(fields=["project", "sha256"], name="one_document_per_text"),
            models.CheckConstraint(condition=~Q(split="evaluation"), name="documents_are_for_teaching"),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.sha256, self.words = fingerprint(self.text), len(words(self.text))
        super().save(*args, **kwargs)
