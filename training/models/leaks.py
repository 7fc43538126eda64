"""What is held out, as rounds must not know it; and what comparing a dataset version with it has found."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from annotation.models import Project, Prompt
from annotation.models.in_parts import InParts


class HeldOutTextQuerySet(models.QuerySet["HeldOutText"]):
    def newest(self) -> int:
        """Ids only grow: what was compared up to the newest has been compared with all."""
        return self.order_by("-pk").values_list("pk", flat=True).first() or 0

    def of_no_prompt(self) -> Self:
        """Not part of an evaluation set, and no prompt of the project holds these texts any more."""
        same = Prompt.objects.held_out().filter(
            pk=OuterRef("prompt_id"), text_sha256=OuterRef("text_sha256"), reference=OuterRef("reference")
        )
        return self.filter(~Exists(same), frozen_in="")


class HeldOutText(models.Model):
    """A held-out prompt and its reference, as they were: kept when the prompt of an evaluation set changes or goes.

    Apps above name the evaluation set; here it is only a name.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="held_out_texts")
    prompt_id = models.UUIDField()  # no foreign key: the text outlives its prompt
    name = models.CharField(max_length=200)
    instruction = models.TextField()
    input = models.TextField(help_text="With what was said before it.")
    reference = models.TextField(blank=True)
    text_sha256 = models.CharField(max_length=64, help_text="The prompt's.")
    frozen_in = models.CharField(max_length=120, blank=True, help_text="The first evaluation set that it was in.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = HeldOutTextQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["project", "prompt_id", "text_sha256"], name="held_out_texts_of_a_prompt")]

    def __str__(self) -> str:
        return self.name


class LeakCheck(InParts):
    """A dataset version held against what is held out, up to the text `up_to`; queued again when there is more."""

    version = models.OneToOneField("training.DatasetVersion", on_delete=models.CASCADE, related_name="leak_check")
    up_to = models.BigIntegerField(default=0, help_text="Id of the last held-out text that it was compared with.")
    compared_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["status", "lease_expires_at"], name="leak_checks_waiting")]

    def __str__(self) -> str:
        return f"{self.version} against what is held out"

    def _kept(self) -> dict[str, object]:
        return {**super()._kept(), "up_to": self.up_to, "compared_at": self.compared_at}

    def again(self) -> bool:
        """Queue it for what is new. False when it is queued or running already."""
        over = type(self).objects.exclude(status__in=[self.Status.QUEUED, self.Status.RUNNING]).filter(pk=self.pk)
        queued = over.update(status=self.Status.QUEUED, finished_at=None, problem="", stop_asked=False, done=0)
        self.refresh_from_db()
        return bool(queued)

    def compared(self, up_to: int) -> None:
        self.up_to, self.compared_at = up_to, timezone.now()


class LeakQuerySet(models.QuerySet["Leak"]):
    def worst_first(self) -> Self:
        return self.order_by("-similarity", "pk")


class Leak(models.Model):
    """A row of a version that gives a held-out prompt, or its reference, away."""

    class Kind(models.TextChoices):
        EXACT = "exact", "The same"
        NEAR = "near", "Nearly the same"
        PASSAGE = "passage", "A passage in common"

    class Place(models.TextChoices):
        PROMPT = "prompt", "Prompt"
        RESPONSE = "response", "Response"
        TEXT = "text", "Text"

    class Against(models.TextChoices):
        PROMPT = "prompt", "Prompt"
        REFERENCE = "reference", "Reference"

    version = models.ForeignKey("training.DatasetVersion", on_delete=models.CASCADE, related_name="leaks")
    held_out = models.ForeignKey(HeldOutText, on_delete=models.CASCADE, related_name="leaks")
    row_id = models.CharField(max_length=200)
    name = models.CharField(max_length=200, help_text="Of the row's prompt or text.")
    place = models.CharField(max_length=10, choices=Place.choices)
    against = models.CharField(max_length=10, choices=Against.choices)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    similarity = models.FloatField()
    text = models.TextField(help_text="What the row says, around what both have in common.")
    passage = models.TextField(blank=True, help_text="What both say word for word.")

    objects = LeakQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["version", "-similarity", "id"], name="worst_leaks_first")]
        constraints = [
            models.CheckConstraint(
                condition=Q(similarity__gt=0) & Q(similarity__lte=1), name="leaks_are_alike_to_a_share"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.get_kind_display().lower()}"


class LeftOut(models.Model):
    """A row that a version was frozen without, and why. Freezing again takes it in again."""

    version = models.ForeignKey("training.DatasetVersion", on_delete=models.CASCADE, related_name="left_out")
    row_id = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    reason = models.CharField(max_length=300)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["version", "row_id"], name="left_out_once")]

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


class VersionPrompt(models.Model):
    """A prompt that a version teaches. It points to a key that held-out prompts lack: the database refuses those,
    and refuses to hold out a prompt that was taught."""

    version = models.ForeignKey("training.DatasetVersion", on_delete=models.CASCADE, related_name="version_prompts")
    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, to_field="teaching_key", related_name="in_versions")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "prompt"], name="a_prompt_once_per_version")]

    def __str__(self) -> str:
        return f"{self.prompt_id} in {self.version_id}"
