from __future__ import annotations

from typing import Self

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q

from annotation.bias.swapping import CHOICES
from annotation.models.projects import Project, UUIDModel
from annotation.models.prompts import Demonstration, Prompt


class SwappedCopyQuerySet(models.QuerySet["SwappedCopy"]):
    def open(self) -> Self:
        return self.filter(state=SwappedCopy.State.OPEN)


class SwappedCopy(UUIDModel):
    """An approved response and its prompt with the people in them exchanged, for somebody to decide on.

    Nothing of it is taught before it is approved: only then is there a `prompt` of its own.
    """

    class State(models.TextChoices):
        OPEN = "open", "To decide"
        APPROVED = "approved", "Approved"
        DISMISSED = "dismissed", "Dismissed"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="swapped_copies")
    original = models.ForeignKey(Demonstration, on_delete=models.CASCADE, related_name="swapped_copies")
    original_version = models.PositiveIntegerField(help_text="The save of the original that was copied.")
    kind = models.CharField(max_length=10, choices=CHOICES)
    instruction = models.TextField()
    input = models.TextField(blank=True)
    history = models.JSONField(default=list, blank=True)
    text = models.TextField()
    doubts = models.JSONField(default=list, help_text="Words of which the rules were not sure.")
    source = models.CharField(max_length=80, blank=True, help_text="What proposed it.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    reason = models.CharField(max_length=500, blank=True, help_text="Why it was dismissed.")
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    prompt = models.ForeignKey(Prompt, on_delete=models.SET_NULL, null=True, related_name="copied_from")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SwappedCopyQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [
            models.Index(fields=["project", "created_at"], condition=Q(state="open"), name="swapped_copies_to_decide")
        ]
        constraints = [models.UniqueConstraint(fields=["original", "kind"], name="one_swapped_copy_per_kind")]

    def __str__(self) -> str:
        return f"swapped copy of {self.original_id}"
