from __future__ import annotations

import uuid
from typing import Any, Self

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce

from annotation.models.assignments import Assignable, Assignment
from annotation.models.projects import (
    AnyUser,
    Guidelines,
    OwnerKnown,
    OwnerKnownQuerySet,
    Project,
    UUIDModel,
)
from annotation.texts import fingerprint


class Split(models.TextChoices):
    TRAIN = "train", "Training"
    VALIDATION = "validation", "Validation"
    EVALUATION = "evaluation", "Evaluation (held out)"


class TeachingKey(models.GeneratedField):
    """Django asks the field a foreign key points to how its values are stored, and only the output field knows."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return self._of_values.get_db_prep_value(value, connection, prepared)

    def to_python(self, value: Any) -> Any:
        return self._of_values.to_python(value)

    @property
    def _of_values(self) -> models.Field[Any, Any]:
        assert self.output_field is not None
        return self.output_field


class Difficulty(models.IntegerChoices):
    EASY = 1, "Easy"
    USUAL = 2, "Usual"
    HARD = 3, "Hard"


class PromptQuerySet(models.QuerySet["Prompt"]):
    def held_out(self) -> Self:
        return self.filter(split=Split.EVALUATION)

    def for_teaching(self) -> Self:
        return self.exclude(split=Split.EVALUATION)

    def awaiting_response(self) -> Self:
        """Prompts that lack a response, or more of them, past their drafts; what is held out needs none."""
        return self.filter(answers_done__lt=F("answers_needed"))

    def recount_answers(self) -> int:
        """Set `answers_done` to what there is; after whatever adds a response, or takes one back."""
        answers = Demonstration.objects.filter(prompt_id=OuterRef("pk")).exclude(status=Demonstration.Status.DRAFT)
        counted = answers.order_by().values("prompt_id").annotate(number=Count("pk")).values("number")
        return self.update(answers_done=Coalesce(Subquery(counted), 0))

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


class Prompt(Assignable, UUIDModel):
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
    # Frozen versions point here: what is held out has none, so that the database lets it into no version.
    teaching_key = TeachingKey(
        expression=Case(When(~Q(split="evaluation"), then=F("id"))),
        output_field=models.UUIDField(null=True),
        db_persist=True,
        unique=True,
    )
    text_sha256 = models.CharField(max_length=64, editable=False)
    expected_value = models.FloatField(
        default=0.0, help_text="How much the model would learn from an answer, between 0 and 1; where it was estimated."
    )
    difficulty = models.PositiveSmallIntegerField(choices=Difficulty.choices, null=True, blank=True)
    proposed_task_type = models.CharField(max_length=80, blank=True, help_text="By the machine; nobody has agreed yet.")
    type_certainty = models.FloatField(null=True)
    estimated_difficulty = models.PositiveSmallIntegerField(choices=Difficulty.choices, null=True)
    difficulty_reasons = models.JSONField(default=list, blank=True)
    approval_assignment = models.ForeignKey(
        Assignment,
        on_delete=models.SET_NULL,
        null=True,
        db_index=False,
        related_name="+",
        help_text="For whom its responses are to approve; none: for every reviewer.",
    )
    answers_needed = models.PositiveSmallIntegerField(default=1)
    answers_done = models.PositiveSmallIntegerField(default=0, help_text="Responses past their draft.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PromptQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        indexes = [
            models.Index(fields=["project", "split", "position"]),
            # The queue reads nothing else: answered and held-out prompts are not in it.
            models.Index(
                fields=["project", "assignment", "-priority", "position", "id"],
                condition=Q(answers_done__lt=F("answers_needed")),
                name="prompts_to_answer",
            ),
            models.Index(
                fields=["project", "assignment", "-priority", "-expected_value", "position", "id"],
                condition=Q(answers_done__lt=F("answers_needed")),
                name="informative_prompts_first",
            ),
            models.Index(fields=["project", "group"]),
            models.Index(fields=["project", "text_sha256"]),
            models.Index(fields=["project", "external_id"]),
            models.Index(fields=["project", "task_type"]),
            models.Index(
                fields=["project", "proposed_task_type", "type_certainty"],
                condition=Q(task_type="") & ~Q(proposed_task_type=""),
                name="prompts_with_proposed_type",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "external_id"],
                condition=~Q(external_id=""),
                name="one_prompt_per_external_id",
            ),
            models.UniqueConstraint(fields=["project", "position"], name="one_prompt_per_position"),
            models.CheckConstraint(
                condition=~Q(split="evaluation") | Q(answers_needed=0), name="nobody_answers_what_is_held_out"
            ),
        ]

    def __str__(self) -> str:
        return self.external_id or f"prompt {self.position}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.text_sha256 = fingerprint(self.instruction, self.input, *self.said_before)
        if self.split == Split.EVALUATION:
            self.answers_needed = 0
        super().save(*args, **kwargs)

    @property
    def how_hard(self) -> int | None:
        """As somebody has said, or as it is estimated."""
        return self.difficulty or self.estimated_difficulty

    @property
    def said_before(self) -> list[str]:
        return [message["content"] for message in self.history]

    @property
    def source(self) -> str:
        """Everything an answer may take its facts from."""
        return "\n".join([*self.said_before, self.instruction, self.input])


class DemonstrationQuerySet(OwnerKnownQuerySet["Demonstration"]):
    def awaiting_review(self) -> Self:
        return self.filter(status=Demonstration.Status.SUBMITTED)

    def returned_to(self, user: AnyUser) -> Self:
        return self.filter(status=Demonstration.Status.RETURNED, author_id=user.pk)

    def approved(self) -> Self:
        return self.filter(status=Demonstration.Status.APPROVED)


class Demonstration(OwnerKnown, UUIDModel):
    """An expert's response to a prompt. `version` counts saves: a stale tab cannot overwrite a newer text."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Submitted"
        RETURNED = "returned", "Returned"
        APPROVED = "approved", "Approved"

    class Origin(models.TextChoices):
        WRITTEN = "written", "Written"
        DRAFTED = "drafted", "From a model's draft"
        BETTER = "better", "Written where every candidate was bad"
        EDITED = "edited", "Edited from a candidate"
        IMPORTED = "imported", "Imported"
        SWAPPED = "swapped", "Swapped copy of another"

    OWNER = "prompt"

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, db_index=False, related_name="demonstrations", editable=False
    )
    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="demonstrations")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="demonstrations")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    text = models.TextField(blank=True)
    difficulty = models.PositiveSmallIntegerField(choices=Difficulty.choices, null=True, blank=True)
    origin = models.CharField(max_length=12, choices=Origin.choices, default=Origin.WRITTEN)
    draft_text = models.TextField(blank=True, help_text="What the model had drafted, where its author asked for it.")
    draft_source = models.CharField(max_length=200, blank=True, help_text="Which model wrote that draft.")
    active_seconds = models.FloatField(default=0.0, help_text="Of reading and writing, without pauses.")
    compared = models.BooleanField(default=False, help_text="Whether its likeness to others can be looked up.")
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
            models.Index(fields=["project", "status", "submitted_at"]),
            models.Index(fields=["project", "author", "status", "submitted_at"]),
            models.Index(fields=["project", "submitted_at", "author"]),
            models.Index(fields=["project", "reviewed_by", "reviewed_at", "status"]),
            models.Index(fields=["prompt", "status"]),
            models.Index(
                fields=["submitted_at"],
                condition=Q(compared=False, submitted_at__isnull=False),
                name="not_yet_compared",
            ),
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
    active_seconds = models.FloatField(default=0.0, help_text="That its maker spent on it, without pauses.")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.status} at {self.created_at}"
