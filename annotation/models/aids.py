"""What helps somebody who writes: a draft by the model, and finding texts that say nearly the same."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models

from annotation.models.projects import Project, UUIDModel
from annotation.models.prompts import Demonstration, Prompt


class ModelDraft(UUIDModel):
    """One person's request that the model draft an answer. `key` is what the app that writes it knows it by."""

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="model_drafts")
    asked_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    key = models.CharField(max_length=40)
    text = models.TextField(blank=True)
    source = models.CharField(max_length=200, blank=True)
    refusal = models.CharField(max_length=300, blank=True, help_text="Why there is none, as a sentence.")
    ready_at = models.DateTimeField(null=True)
    own_text = models.TextField(blank=True, help_text="What stood there before the draft was taken over.")
    taken_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["prompt", "asked_by"], name="one_draft_per_person")]

    def __str__(self) -> str:
        return f"draft for {self.prompt_id}"


class Likeness(models.Model):
    """One band of a response's signature: texts that share one are compared word by word."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    band = models.BigIntegerField()
    demonstration = models.ForeignKey(Demonstration, on_delete=models.CASCADE, related_name="likenesses")

    class Meta:
        indexes = [models.Index(fields=["project", "band"])]

    def __str__(self) -> str:
        return f"band of {self.demonstration_id}"
