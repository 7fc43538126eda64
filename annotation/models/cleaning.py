"""What machines found in texts and people decided about it. The texts themselves stay as they were written."""

from __future__ import annotations

import secrets
import time
import uuid
from typing import Self

from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q

from annotation.cleaning.kinds import KINDS
from annotation.models.comparisons import Candidate
from annotation.models.documents import Document
from annotation.models.in_parts import InParts
from annotation.models.projects import Project
from annotation.models.prompts import Demonstration, Prompt


class Scope(models.TextChoices):
    """Which of a project's texts a run reads."""

    PROMPTS = "prompts", "Prompts"
    RESPONSES = "responses", "Responses"
    CANDIDATES = "candidates", "Candidates to rank"
    DOCUMENTS = "documents", "Texts of the corpus"


class CleaningRun(InParts):
    """One reading of a project's texts. It adds findings and changes nothing else."""

    scopes = models.JSONField(default=list)
    kinds = models.JSONField(default=list)
    found = models.PositiveIntegerField(default=0, help_text="How many findings it added.")

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["project", "-created_at"]),
            models.Index(fields=["status", "lease_expires_at"]),
        ]

    def __str__(self) -> str:
        return f"cleaning run ({self.status})"

    def _kept(self) -> dict[str, object]:
        return {**super()._kept(), "found": self.found}


class Decision(models.TextChoices):
    CONFIRM = "confirm", "Confirm"
    DISMISS = "dismiss", "Dismiss"
    UNDO = "undo", "Take back"


class BulkDecision(InParts):
    """One decision about all open findings of a kind, or the taking back of one such: `undoes`."""

    kind = models.CharField(max_length=20)
    act = models.CharField(max_length=10, choices=Decision.choices)
    senior = models.BooleanField(default=False, help_text="Whether it reaches what only reviewers and admins may see.")
    undoes = models.OneToOneField("self", on_delete=models.CASCADE, null=True, related_name="undone")

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["project", "-created_at"]),
            models.Index(fields=["status", "lease_expires_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.act} all of {self.kind}"

    @property
    def title(self) -> str:
        return KINDS[self.kind].title if self.kind in KINDS else self.kind


def ordered_id() -> uuid.UUID:
    """Not to be guessed, and in the order of making: what is found in one text stays together in lists."""
    return uuid.UUID(int=time.time_ns() << 64 | secrets.randbits(64))


class FindingQuerySet(models.QuerySet["Finding"]):
    def for_expert(self, user: User) -> Self:
        """Experts decide about prompts that are taught, about the corpus, and about their own responses."""
        return self.filter(Q(for_seniors=False) | Q(author_id=user.pk))

    def not_kept_for_others(self, sets: list[int]) -> Self:
        """Not about prompts that are kept for people whom none of these assignments names."""
        return self.filter(Q(prompt__assignment=None) | Q(prompt__assignment__in=sets))

    def open(self) -> Self:
        return self.filter(status=Finding.Status.OPEN)

    def confirmed(self) -> Self:
        return self.filter(status=Finding.Status.CONFIRMED)

    def reopen(self) -> int:
        """As the machine had proposed it."""
        open = Finding.Status.OPEN
        return self.update(status=open, replacement=F("proposed"), decided_by=None, decided_at=None, bulk=None)


class Finding(models.Model):
    """One place of one text. It holds for the text with `text_sha256` only; `replacement` none: nothing to replace.

    open -> confirmed | dismissed -> open again; or outdated, where the text changed before anybody decided.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        CONFIRMED = "confirmed", "Confirmed"
        DISMISSED = "dismissed", "Dismissed"
        OUTDATED = "outdated", "Outdated"

    id = models.UUIDField(primary_key=True, default=ordered_id, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False, related_name="findings")
    run = models.ForeignKey(CleaningRun, on_delete=models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=20)
    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, null=True, related_name="findings")
    demonstration = models.ForeignKey(Demonstration, on_delete=models.CASCADE, null=True, related_name="findings")
    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, null=True, related_name="findings")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, null=True, related_name="findings")
    item = models.UUIDField(editable=False, help_text="The id of the one of these that it is about.")
    field = models.CharField(max_length=20)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    text_sha256 = models.CharField(max_length=64)
    words = models.CharField(max_length=200, blank=True, help_text="What stands there, or the text's beginning.")
    proposed = models.TextField(null=True, help_text="What the machine would put there.")  # noqa: DJ001 - "" leaves out
    replacement = models.TextField(null=True, help_text="What is put there once it is confirmed.")  # noqa: DJ001
    note = models.CharField(max_length=500, blank=True)
    other = models.CharField(max_length=60, blank=True, help_text="The text it is compared with: what, and its id.")
    for_seniors = models.BooleanField(default=False, help_text="Of what experts must not see.")
    author = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    bulk = models.ForeignKey(BulkDecision, on_delete=models.SET_NULL, null=True, related_name="findings")

    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["project", "status", "kind", "id"], name="findings_by_kind"),
            models.Index(fields=["project", "status", "id"], name="findings_in_order"),
            models.Index(fields=["project", "status", "for_seniors", "kind", "id"], name="findings_for_experts"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "field", "kind", "start", "end", "text_sha256"], name="one_finding_per_place"
            ),
            models.CheckConstraint(condition=Q(end__gte=F("start")), name="finding_ends_after_its_start"),
            models.CheckConstraint(
                condition=Q(prompt__isnull=False, demonstration=None, candidate=None, document=None)
                | Q(prompt=None, demonstration__isnull=False, candidate=None, document=None)
                | Q(prompt=None, demonstration=None, candidate__isnull=False, document=None)
                | Q(prompt=None, demonstration=None, candidate=None, document__isnull=False),
                name="finding_is_about_one_text",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["open", "outdated"], decided_by=None, decided_at=None)
                | Q(status__in=["confirmed", "dismissed"], decided_by__isnull=False, decided_at__isnull=False),
                name="who_decided_a_finding_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} in {self.field} of {self.item}"

    @property
    def title(self) -> str:
        return KINDS[self.kind].title

    @property
    def sentence(self) -> str:
        return KINDS[self.kind].sentence

    @property
    def replaces(self) -> bool:
        """Whether confirming changes the text; otherwise it leaves the text out of what is taught."""
        return KINDS[self.kind].replaces

    @property
    def is_personal(self) -> bool:
        return KINDS[self.kind].group == "personal"

    @property
    def is_whole(self) -> bool:
        return self.start == self.end


class FindingDecision(models.Model):
    """Every decision and every taking back. Never changed, never deleted alone."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="decisions")
    act = models.CharField(max_length=10, choices=Decision.choices)
    replacement = models.TextField(null=True)  # noqa: DJ001 - as the finding has it
    bulk = models.ForeignKey(BulkDecision, on_delete=models.SET_NULL, null=True, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.act} at {self.at}"


class GlossaryTerm(models.Model):
    """How the project writes a term, and the forms it wants replaced."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="glossary")
    preferred = models.CharField(max_length=120)
    variants = models.JSONField(default=list, blank=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["preferred"]
        constraints = [models.UniqueConstraint(fields=["project", "preferred"], name="one_term_per_preferred_form")]

    def __str__(self) -> str:
        return self.preferred


class TextPattern(models.Model):
    """What else the project wants found: client numbers, matter codes."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="text_patterns")
    name = models.CharField(max_length=60)
    expression = models.CharField(max_length=200)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="one_pattern_per_name")]

    def __str__(self) -> str:
        return self.name
