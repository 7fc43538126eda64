from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q

from annotation.models.in_parts import InParts
from annotation.models.projects import OwnerKnown, OwnerKnownQuerySet, Project, UUIDModel
from annotation.models.prompts import Demonstration, Prompt


class BiasLists(models.Model):
    """What a project adds to the word lists: groups and outcomes as {"name", "terms"}, party roles as pairs."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="bias_lists")
    groups = models.JSONField(default=list)
    outcomes = models.JSONField(default=list, help_text="Empty: our own list.")
    roles = models.JSONField(default=list, help_text="Pairs that copies exchange, such as landlord and tenant.")

    def __str__(self) -> str:
        return f"word lists of {self.project_id}"

    @classmethod
    def of(cls, project: Project) -> BiasLists:
        """The project's, or empty ones that are not stored yet."""
        return cls.objects.filter(project=project).first() or cls(project=project)


class CopySearch(InParts):
    """Reads approved demonstrations and proposes copies that speak of somebody else. `kinds` as in bias.swapping."""

    kinds = models.JSONField(default=list)
    origins = models.JSONField(default=list, help_text="Two origins of names, exchanged for one another.")
    proposed = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["status", "lease_expires_at"], name="searches_that_wait")]

    def __str__(self) -> str:
        return f"search for copies ({self.status})"

    def _kept(self) -> dict[str, object]:
        return {**super()._kept(), "proposed": self.proposed}


class SwappedCopyQuerySet(OwnerKnownQuerySet["SwappedCopy"]):
    def waiting(self) -> SwappedCopyQuerySet:
        return self.filter(status=SwappedCopy.Status.WAITING)


class SwappedCopy(OwnerKnown, UUIDModel):
    """A prompt and its response with the people in them exchanged: proposed by a search, decided by an expert.

    An approved one has become `prompt`, a new prompt beside the original, whose response waits for a reviewer.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        APPROVED = "approved", "Approved"
        REFUSED = "refused", "Refused"

    OWNER = "original"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="swapped_copies", editable=False)
    original = models.ForeignKey(Demonstration, on_delete=models.CASCADE, related_name="swapped_copies")
    original_version = models.PositiveIntegerField(help_text="Of its text, as it was when the copy was proposed.")
    kind = models.CharField(max_length=12)
    instruction = models.TextField()
    input = models.TextField(blank=True)
    history = models.JSONField(default=list, blank=True)
    response = models.TextField()
    doubts = models.JSONField(default=list, help_text="Words of which the machine is not sure.")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    edited = models.BooleanField(default=False)
    prompt = models.OneToOneField(Prompt, on_delete=models.SET_NULL, null=True, related_name="copied_as")
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SwappedCopyQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["project", "status", "id"])]
        constraints = [
            models.UniqueConstraint(fields=["original", "kind"], name="one_copy_of_a_kind"),
            models.CheckConstraint(
                condition=Q(status="waiting") | Q(decided_at__isnull=False), name="decided_copies_have_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"swapped copy ({self.kind}) of {self.original_id}"

    def texts(self) -> dict[str, Any]:
        return {"instruction": self.instruction, "input": self.input, "response": self.response}
