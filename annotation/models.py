from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from annotation import rubric
from annotation.texts import fingerprint

AnyUser = User | AnonymousUser


class UUIDModel(models.Model):
    """Ids in URLs are random, so that none can be guessed from another."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True


class Role(models.TextChoices):
    EXPERT = "expert", "Expert"
    REVIEWER = "reviewer", "Reviewer"
    ADMIN = "admin", "Admin"


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, user: AnyUser) -> Self:
        return self.filter(memberships__user_id=user.pk)


class Project(UUIDModel):
    name = models.CharField(max_length=120)
    objective = models.TextField(help_text="What the model should do for your team, in one or two sentences.")
    success_criteria = models.TextField(blank=True, help_text="How you will know that it works.")
    instruction_template = models.TextField(
        default="{instruction}\n\n{input}",
        help_text="What the model is asked. {instruction} and {input} stand for each prompt's own texts.",
    )
    sections = models.JSONField(
        default=list,
        blank=True,
        help_text="Headings that every response carries, in order. Empty: no fixed format.",
    )
    dated_section = models.CharField(
        max_length=80, blank=True, help_text="A heading whose text should carry a calendar date. Empty: none."
    )
    rubric = models.JSONField(default=rubric.default_anchors)
    rankings_per_comparison = models.PositiveSmallIntegerField(default=1)
    reviews_per_output = models.PositiveSmallIntegerField(default=1)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def role_of(self, user: AnyUser) -> str | None:
        """The user's role here, or None for somebody who is not a member. One query."""
        return self.memberships.filter(user_id=user.pk).values_list("role", flat=True).first()

    def current_guidelines(self) -> Guidelines | None:
        return self.guidelines.order_by("-version").first()


class Membership(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["user__last_name", "user__first_name", "user__username"]
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="one_role_per_member")]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"


class SignInLink(models.Model):
    """A link that signs one person in once. Only the hash of its token is stored."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_in_links")
    token_sha256 = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"sign-in link of {self.user}"

    @staticmethod
    def digest(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()

    @classmethod
    def issue(cls, user: User) -> str:
        """Store a new link and return its token, the only time it can be seen."""
        token = secrets.token_urlsafe(32)
        expires_at = timezone.now() + timedelta(hours=settings.SIGN_IN_LINK_HOURS)
        cls.objects.create(user=user, token_sha256=cls.digest(token), expires_at=expires_at)
        return token

    @classmethod
    def redeem(cls, token: str) -> User | None:
        """The user of a valid link, which is used up by this call; None for a spent or unknown one."""
        now = timezone.now()
        link = cls.objects.filter(token_sha256=cls.digest(token), used_at=None, expires_at__gt=now).first()
        if link is None or not link.user.is_active:
            return None
        spent = cls.objects.filter(pk=link.pk, used_at=None).update(used_at=now)
        return link.user if spent else None


class SignInFailure(models.Model):
    """Wrong passwords for one name from one address; annotation/brake.py turns the count into a wait."""

    key_sha256 = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.count} failed sign-ins"


class Guidelines(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="guidelines")
    version = models.PositiveIntegerField()
    text = models.TextField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["project", "version"], name="one_guidelines_per_version")]

    def __str__(self) -> str:
        return f"guidelines {self.version}"


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

    def save(self, *args: object, **kwargs: object) -> None:
        self.text_sha256 = fingerprint(self.instruction, self.input)
        super().save(*args, **kwargs)  # type: ignore[arg-type]


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

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="demonstrations")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="demonstrations")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    text = models.TextField(blank=True)
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


class ComparisonQuerySet(models.QuerySet["Comparison"]):
    def unfinished(self) -> Self:
        """Those that still need somebody's ranking."""
        return self.filter(rankings_done__lt=F("rankings_needed"))

    def fully_ranked(self) -> Self:
        return self.filter(rankings_done__gte=F("rankings_needed"))


class Comparison(UUIDModel):
    """A prompt and two to five candidates, to be ranked by `rankings_needed` people."""

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="comparisons")
    rankings_needed = models.PositiveSmallIntegerField(default=1)
    rankings_done = models.PositiveSmallIntegerField(default=0)
    source = models.CharField(
        max_length=200, blank=True, help_text="What made the candidates; never shown while ranking."
    )
    seed = models.PositiveBigIntegerField(help_text="Decides, with the ranker's id, which candidate is shown as A.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ComparisonQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [
            models.Index(
                fields=["created_at", "id"],
                condition=Q(rankings_done__lt=F("rankings_needed")),
                name="comparisons_to_rank",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(rankings_done__lte=F("rankings_needed")),
                name="never_more_rankings_than_needed",
            )
        ]

    def __str__(self) -> str:
        return f"comparison for {self.prompt_id}"


class Candidate(UUIDModel):
    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="candidates")
    text = models.TextField()
    source = models.CharField(max_length=200, help_text="Opaque label of what wrote it; never shown while ranking.")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"candidate of {self.comparison_id}"


class Ranking(UUIDModel):
    """One person's judgement: `order` is a list of groups of candidate ids, best first; a group is a tie."""

    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="rankings")
    ranker = models.ForeignKey(User, on_delete=models.PROTECT, related_name="rankings")
    order = models.JSONField()
    all_bad = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    guidelines = models.ForeignKey(Guidelines, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [models.UniqueConstraint(fields=["comparison", "ranker"], name="one_ranking_per_person")]

    def __str__(self) -> str:
        return f"ranking by {self.ranker_id}"


class LeaseQuerySet(models.QuerySet["Lease"]):
    def live(self) -> Self:
        return self.filter(expires_at__gt=timezone.now())


class Lease(UUIDModel):
    """An item handed to one person for a while, with what they have typed so far.

    `item_id` is the id of a prompt, demonstration, comparison or output, by `kind`; without a foreign key, so that
    the apps above can queue their own items. A lease that ran out keeps its draft: coming back finds it again.
    """

    class Kind(models.TextChoices):
        WRITE = "write", "Write"
        APPROVE = "approve", "Approve"
        RANK = "rank", "Rank"
        SCORE = "score", "Score"

    class Release(models.TextChoices):
        """How somebody gave an item back: a skipped one returns to them last, a declined one never."""

        SKIPPED = "skipped", "Skipped"
        DECLINED = "declined", "Declined"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="leases")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    item_id = models.UUIDField()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="leases")
    expires_at = models.DateTimeField()
    release = models.CharField(max_length=10, choices=Release.choices, blank=True)
    draft = models.JSONField(default=dict, blank=True)
    draft_version = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = LeaseQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["project", "kind", "expires_at"])]
        constraints = [
            models.UniqueConstraint(fields=["kind", "item_id", "user"], name="one_lease_per_person_and_item")
        ]

    def __str__(self) -> str:
        return f"{self.kind} lease of {self.user_id}"


class Event(models.Model):
    """What was done, by whom, to what. Appended inside the transaction that did it; never changed."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, related_name="events")
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    verb = models.CharField(max_length=60)
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    data = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["project", "-id"])]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_type} {self.object_id}"

    @classmethod
    def record(
        cls, verb: str, obj: models.Model, *, by: User | None, project: Project | None = None, **data: object
    ) -> Event:
        return cls.objects.create(
            project=project,
            actor=by,
            verb=verb,
            object_type=obj._meta.model_name or "",
            object_id=str(obj.pk),
            data=data,
        )


class Import(UUIDModel):
    """An uploaded file on its way in: mapped and previewed first, then taken whole or not at all."""

    class Status(models.TextChoices):
        UPLOADED = "uploaded", "Waiting for a mapping"
        DONE = "done", "Imported"
        DISCARDED = "discarded", "Discarded"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="imports")
    file = models.FileField(upload_to="imports/")
    file_name = models.CharField(max_length=200)
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
