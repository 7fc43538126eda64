from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, ClassVar, Self, TypeVar

from django.contrib.auth.models import AnonymousUser, User
from django.db import models
from django.db.models import Max

from annotation import rubric

AnyUser = User | AnonymousUser
M = TypeVar("M", bound=models.Model)
LANGUAGES = [
    ("en", "English"),
    ("de", "German"),
    ("fr", "French"),
    ("es", "Spanish"),
    ("it", "Italian"),
    ("pt", "Portuguese"),
    ("nl", "Dutch"),
]
REASONS = ("More accurate", "More complete", "More concise", "Better format", "More useful", "The other invents facts")


def default_reasons() -> list[str]:
    return list(REASONS)


class UUIDModel(models.Model):
    """Ids in URLs are random, so that none can be guessed from another."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True


class OwnerKnown(models.Model):
    """Carries its project itself, so that questions about a project are answered by one index.

    It is that of the row named by OWNER; nobody has to give it.
    """

    OWNER: ClassVar[str]

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.know_owner()
        super().save(*args, **kwargs)

    def know_owner(self) -> None:
        if getattr(self, "project_id", None) is None:
            setattr(self, "project_id", getattr(self, self.OWNER).project_id)  # noqa: B010 - each has its own foreign key


class OwnerKnownQuerySet(models.QuerySet[M]):
    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> list[M]:
        rows = list(objs)
        for row in rows:
            row.know_owner()  # type: ignore[attr-defined]  # OwnerKnown
        return super().bulk_create(rows, *args, **kwargs)


class Numbered:
    """For QuerySets of what a project counts: dataset versions, rounds, evaluations."""

    aggregate: Any

    def next_number(self) -> int:
        """Ask it under the project's lock."""
        return (self.aggregate(last=Max("number"))["last"] or 0) + 1


class DraftsByModel(models.TextChoices):
    """A draft that is seen first anchors what is written, so one's own text comes first unless the project says so."""

    NEVER = "never", "Never"
    AFTER_OWN = "after own", "Once they have begun on their own"
    AT_ONCE = "at once", "At once"


class ReasonRequired(models.TextChoices):
    NEVER = "never", "Never"
    ALL_BAD = "all bad", "When every answer is bad"
    ALWAYS = "always", "Always"


class ConsensusRule(models.TextChoices):
    """What counts where several people ranked the same."""

    AUTOMATIC = "automatic", "What suits the number of shared comparisons"
    MAJORITY = "majority", "Majority: two thirds of those who judged"
    WEIGHTED = "weighted", "Weighted: each person by how reliable they are"


class Role(models.TextChoices):
    EXPERT = "expert", "Expert"
    REVIEWER = "reviewer", "Reviewer"
    ADMIN = "admin", "Admin"


class Priority(models.IntegerChoices):
    """When an item comes, among those that wait."""

    LATER = -1, "Later"
    USUAL = 0, "Usual"
    SOON = 1, "Soon"
    FIRST = 2, "First"


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
    keywords = models.JSONField(
        default=list, blank=True, help_text="Words that every response should contain. Missing ones are pointed out."
    )
    language = models.CharField(
        max_length=2, blank=True, choices=LANGUAGES, help_text="A response in another language is pointed out."
    )
    token_limit = models.PositiveIntegerField(
        default=1024,
        help_text="How many tokens a prompt and its response may have together before training cuts them off.",
    )
    drafts_by_model = models.CharField(
        max_length=12,
        choices=DraftsByModel.choices,
        default=DraftsByModel.AFTER_OWN,
        help_text="Whether somebody who writes may ask the model for a draft.",
    )
    answers_per_prompt = models.PositiveSmallIntegerField(
        default=1, help_text="How many people write for each prompt, of those imported from then on."
    )
    rankings_per_comparison = models.PositiveSmallIntegerField(
        default=1, help_text="How many people rank each set of candidates. Two or three show where they disagree."
    )
    reviews_per_output = models.PositiveSmallIntegerField(
        default=1, help_text="How many people score each output blind."
    )
    criteria_compared = models.JSONField(
        default=list, blank=True, help_text="Criteria on which answers are compared one by one, before the whole."
    )
    ranking_reasons = models.JSONField(
        default=default_reasons, blank=True, help_text="Reasons to choose from when ranking, in the experts' words."
    )
    reason_required = models.CharField(
        max_length=10,
        choices=ReasonRequired.choices,
        default=ReasonRequired.ALL_BAD,
        help_text="When a ranking needs a reason.",
    )
    repeat_percent = models.PositiveSmallIntegerField(
        default=0,
        help_text="How many of a person's comparisons come back once, unannounced, with the sides changed.",
    )
    gold_percent = models.PositiveSmallIntegerField(
        default=0,
        help_text="How many of a person's comparisons have a known answer, unannounced.",
    )
    pass_mark = models.PositiveSmallIntegerField(
        default=80,
        help_text="Of the comparisons in training that one must judge as expected before ranking for the project.",
    )
    consensus = models.CharField(
        max_length=10,
        choices=ConsensusRule.choices,
        default=ConsensusRule.AUTOMATIC,
        help_text="What counts where several people ranked the same, unless something else is chosen when freezing.",
    )
    informative_first = models.BooleanField(
        default=False, help_text="Hand out prompts first from whose answers the model would learn most."
    )
    has_assignments = models.BooleanField(
        default=False, editable=False, help_text="Whether any item was ever kept for somebody: most projects never ask."
    )
    rankings_frozen_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When a dataset version last took rankings up; those given before stand.",
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def role_of(self, user: User) -> str | None:
        """The user's role here, or None for somebody who is not a member. One query."""
        return self.memberships.filter(user_id=user.pk).values_list("role", flat=True).first()

    @property
    def checks_unannounced(self) -> bool:
        """Whether known answers or repeats come among the comparisons: a number that stands still would tell which."""
        return bool(self.gold_percent or self.repeat_percent)

    def asks_why(self, all_bad: bool) -> bool:
        """Whether a ranking needs a reason."""
        return self.reason_required == ReasonRequired.ALWAYS or (
            all_bad and self.reason_required == ReasonRequired.ALL_BAD
        )

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


class Guidelines(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="guidelines")
    version = models.PositiveIntegerField()
    text = models.TextField()
    spares_earlier_work = models.BooleanField(default=False, help_text="What was done before it need not be looked at.")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["project", "version"], name="one_guidelines_per_version")]

    def __str__(self) -> str:
        return f"guidelines {self.version}"


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
