from __future__ import annotations

import uuid
from typing import Any, Self

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Exists, OuterRef, Q

from annotation.models.projects import AnyUser, Guidelines, Project, UUIDModel
from annotation.texts import fingerprint


class Split(models.TextChoices):
    TRAIN = "train", "Training"
    VALIDATION = "validation", "Validation"
    EVALUATION = "evaluation", "Evaluation (held out)"


class PromptQuerySet(models.QuerySet["Prompt"]):
    def held_out(self) -> Self:
        return self.filter(split=Split.EVALUATION)

    def for_teaching(self) -> Self:
        return self.exclude(split=Split.EVALUATION)

    def awaiting_response(self) -> Self:
        """Prompts that nobody has answered: no demonstration past its draft."""
        answered = Demonstration.objects.filter(prompt_id=OuterRef("pk")).exclude(status=Demonstration.Status.DRAFT)
        return self.for_teaching().filter(~Exists(answered))

    def named(self, name: str) -> Prompt | None:
        """By its own id, or by the one its file gave it."""
        try:
            return self.filter(pk=uuid.UUID(name)).first() or self.filter(external_id=name).first()
        except ValueError:
            return self.filter(external_id=name).first()

    def with_response(self, status: str) -> Self:
        """Prompts with a response in this state; "none": prompts without any."""
        responses = Demonstration.objects.filter(prompt_id=OuterRef("pk"))
        if status == "none":
            return self.filter(~Exists(responses))
        return self.filter(Exists(responses.filter(status=status)))


class Prompt(UUIDModel):
    """One question to the model. `split` never changes after import: what is held out stays held out."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="prompts")
    position = models.PositiveIntegerField()
    external_id = models.CharField(max_length=200, blank=True)
    group = models.CharField(max_length=200, blank=True)
    task_type = models.CharField(max_length=80, blank=True)
    instruction = models.TextField()
    input = models.TextField(blank=True)
    history = models.JSONField(default=list, blank=True)  # messages before this one: user and assistant in turn
    reference = models.TextField(blank=True)
    split = models.CharField(max_length=10, choices=Split.choices, default=Split.TRAIN)
    text_sha256 = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PromptQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        indexes = [
            models.Index(fields=["project", "split", "position"]),
            # All that the queue asks of a prompt, so that it walks past answered ones without reading their texts.
            models.Index(fields=["project", "position", "split", "id"], name="prompts_in_order"),
            models.Index(fields=["project", "group"]),
            models.Index(fields=["project", "text_sha256"]),
            models.Index(fields=["project", "external_id"]),
            models.Index(fields=["project", "task_type"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "external_id"],
                condition=~Q(external_id=""),
                name="one_prompt_per_external_id",
            ),
            models.UniqueConstraint(fields=["project", "position"], name="one_prompt_per_position"),
        ]

    def __str__(self) -> str:
        return self.external_id or f"prompt {self.position}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.text_sha256 = fingerprint(self.instruction, self.input, *self.said_before)
        super().save(*args, **kwargs)

    @property
    def said_before(self) -> list[str]:
        return [message["content"] for message in self.history]

    @property
    def source(self) -> str:
        """Everything an answer may take its facts from."""
        return "\n".join([*self.said_before, self.instruction, self.input])


class DemonstrationQuerySet(models.QuerySet["Demonstration"]):
    def awaiting_review(self) -> Self:
        return self.filter(status=Demonstration.Status.SUBMITTED)

    def returned_to(self, user: AnyUser) -> Self:
        return self.filter(status=Demonstration.Status.RETURNED, author_id=user.pk)

    def approved(self) -> Self:
        return self.filter(status=Demonstration.Status.APPROVED)


class Demonstration(UUIDModel):
    """An expert's response to a prompt. `version` counts saves: a stale tab cannot overwrite a newer text."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Submitted"
        RETURNED = "returned", "Returned"
        APPROVED = "approved", "Approved"

    class Difficulty(models.IntegerChoices):
        EASY = 1, "Easy"
        USUAL = 2, "Usual"
        HARD = 3, "Hard"

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="demonstrations")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="demonstrations")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    text = models.TextField(blank=True)
    difficulty = models.PositiveSmallIntegerField(choices=Difficulty.choices, null=True, blank=True)
    version = models.PositiveIntegerField(default=0)
    note = models.TextField(blank=True, help_text="What the reviewer asks the author to change.")
    guidelines = models.ForeignKey(Guidelines, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    saved_at = models.DateTimeField(auto_now=True)
    submitted_at = models.DateTimeField(null=True)
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = DemonstrationQuerySet.as_manager()

    class Meta:
        ordering = ["prompt__position"]
        indexes = [
            models.Index(fields=["status", "submitted_at"]),
            models.Index(fields=["prompt", "status"]),
            models.Index(fields=["author", "status", "submitted_at"]),
        ]
        constraints = [
            models.UniqueConstraint(fields=["prompt", "author"], name="one_demonstration_per_author"),
            models.CheckConstraint(
                condition=~Q(status="approved") | Q(reviewed_at__isnull=False), name="approved_has_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"demonstration for {self.prompt_id}"


class Revision(models.Model):
    """Every text a demonstration was submitted, returned or approved with. Never changed, never deleted alone."""

    demonstration = models.ForeignKey(Demonstration, on_delete=models.CASCADE, related_name="revisions")
    text = models.TextField()
    status = models.CharField(max_length=10, choices=Demonstration.Status.choices)
    note = models.TextField(blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.status} at {self.created_at}"


class Import(UUIDModel):
    """An uploaded file on its way in: mapped and previewed first, then taken whole or not at all."""

    class Status(models.TextChoices):
        UPLOADED = "uploaded", "Waiting for a mapping"
        DONE = "done", "Imported"
        DISCARDED = "discarded", "Discarded"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="imports")
    file = models.FileField(upload_to="imports/")
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the file, which is deleted once imported.")
    format = models.CharField(max_length=10)
    mapping = models.JSONField(default=dict)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.UPLOADED)
    counts = models.JSONField(default=dict)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.file_name
