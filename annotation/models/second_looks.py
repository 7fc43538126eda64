from __future__ import annotations

from typing import Self

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q

from annotation.models.projects import Project, UUIDModel
from annotation.models.prompts import Demonstration


class SecondLookQuerySet(models.QuerySet["SecondLook"]):
    def open(self) -> Self:
        return self.filter(settled_at=None)


class SecondLook(UUIDModel):
    """An approved response that somebody is asked to read again, because something speaks against it."""

    class Outcome(models.TextChoices):
        KEPT = "kept", "Kept as it is"
        CORRECTED = "corrected", "Corrected"
        DROPPED = "dropped", "No longer asked"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="second_looks")
    demonstration = models.ForeignKey(Demonstration, on_delete=models.CASCADE, related_name="second_looks")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", help_text="Who is asked.")
    source = models.CharField(max_length=80, blank=True, help_text="What asked; nothing that the person is shown.")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)

    objects = SecondLookQuerySet.as_manager()

    class Meta:
        ordering = ["asked_at", "pk"]
        indexes = [
            models.Index(fields=["person", "project"], condition=Q(settled_at=None), name="second_looks_open"),
            models.Index(fields=["project", "source"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["demonstration"], condition=Q(settled_at=None), name="one_open_second_look_per_response"
            )
        ]

    def __str__(self) -> str:
        return f"second look by {self.person_id}"
