from __future__ import annotations

from typing import Any, Self
from uuid import UUID

from django.contrib.auth.models import User
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Concat
from django.utils import timezone

from annotation.models import Assignment, Membership, Numbered, Project, Prompt, UUIDModel
from training.jobs import Job, Status
from training.models import Adapter, BaseModel


class EvaluationSetQuerySet(models.QuerySet["EvaluationSet"]):
    def with_prompt_counts(self) -> Self:
        return self.annotate(prompt_count=Count("prompts"))


class EvaluationSet(UUIDModel):
    """Held-out prompts frozen for judging: the same ones, with the same references, every time."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="evaluation_sets")
    name = models.CharField(max_length=120)
    prompts = models.ManyToManyField(Prompt, related_name="evaluation_sets")
    sha256 = models.CharField(max_length=64)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EvaluationSetQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["project", "sha256"], name="one_evaluation_set_per_content")]

    def __str__(self) -> str:
        return self.name


class EvaluationQuerySet(Numbered, models.QuerySet["Evaluation"]):
    def unanswered(self) -> Self:
        """Where a contestant is still to answer: it waits, is at work, or failed and may be tried again."""
        waiting = Contestant.objects.exclude(status__in=[Status.SUCCEEDED, Status.CANCELLED])
        return self.filter(Exists(waiting.filter(evaluation=OuterRef("pk"))))

    def answered(self) -> Self:
        return self.exclude(pk__in=Evaluation.objects.unanswered().values("pk"))

    def with_review_counts(self) -> Self:
        """`reviews_wanted` and `reviews_in`, over the outputs that are up for review."""
        asked = Output.objects.filter(contestant__evaluation=OuterRef("pk"), for_review=True)
        per_evaluation = asked.order_by().values("contestant__evaluation")
        return self.annotate(
            reviews_wanted=F("reviews_per_output") * _first(per_evaluation.annotate(found=Count("pk"))),
            reviews_in=_first(per_evaluation.annotate(found=Sum("reviews_done"))),
        )


def _first(counted: models.QuerySet[Any]) -> Coalesce:
    return Coalesce(Subquery(counted.values("found")), 0)


class Evaluation(UUIDModel):
    """Contestants (base model, adapters) answering one evaluation set, judged blind and by metrics."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="evaluations")
    evaluation_set = models.ForeignKey(EvaluationSet, on_delete=models.PROTECT, related_name="evaluations")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    reviews_per_output = models.PositiveSmallIntegerField(default=1)
    reviewed_prompts = models.PositiveIntegerField(default=20, help_text="How many of the prompts go to people.")
    seed = models.PositiveBigIntegerField(help_text="Decides the order in which outputs are handed out.")
    instruction_template = models.TextField(help_text="As it was at the start: every contestant is asked the same.")
    reviewers = models.ForeignKey(
        Assignment,
        on_delete=models.SET_NULL,
        null=True,
        related_name="evaluations",
        help_text="Who gets its outputs to score; none: everybody.",
    )
    opened_by = models.ManyToManyField(
        User, related_name="+", help_text="Who read the results before the last review; they score no more here."
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EvaluationQuerySet.as_manager()
    reviews_wanted: int  # these two only on what with_review_counts() found
    reviews_in: int

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="one_evaluation_per_number")]

    def __str__(self) -> str:
        return self.name


class Contestant(Job):
    """One model in an evaluation: the base model (no adapter) or an adapter, and the job that has it answer."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="contestants")
    position = models.PositiveSmallIntegerField()
    base_model = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="+")
    adapter = models.ForeignKey(Adapter, on_delete=models.PROTECT, null=True, related_name="contestants")
    params = models.JSONField()
    metrics = models.JSONField(default=dict)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["evaluation", "position"], name="one_contestant_per_position")]

    @property
    def project_id(self) -> UUID:
        return self.evaluation.project_id

    def __str__(self) -> str:
        return str(self.adapter) if self.adapter else f"Base model {self.base_model}"


class OutputQuerySet(models.QuerySet["Output"]):
    def to_score_by(self, user: User, *, whoever_is_named: bool = False) -> Self:
        """Outputs that still want a review of this person's, where they are among those who score.

        Only where every contestant has answered or was left out: otherwise those that answer first would be
        scored first, and the order would tell them apart. Not where the person has opened the results. With
        `whoever_is_named` also where others were chosen to score, since that may be changed.
        """
        unanswered = Evaluation.objects.unanswered().filter(pk=OuterRef("contestant__evaluation"))
        opened = Evaluation.opened_by.through.objects.filter(
            evaluation=OuterRef("contestant__evaluation"), user_id=user.pk
        )
        reviewed = Review.objects.filter(output=OuterRef("pk"), reviewer_id=user.pk)
        named = Q() if whoever_is_named else _for_everybody_or(user)
        return self.filter(
            named,
            ~Exists(unanswered),
            ~Exists(opened),
            ~Exists(reviewed),
            for_review=True,
            contestant__status=Status.SUCCEEDED,
            reviews_done__lt=F("contestant__evaluation__reviews_per_output"),
        )


def _for_everybody_or(user: User) -> Q:
    """Outputs that are kept for nobody, or for a set of people that names this one or their role.

    The key of a set is its words, roles and ids, with a space between: so it takes no question of its own.
    """
    kept_for, space = "contestant__evaluation__reviewers", Value(" ")
    role = Membership.objects.filter(user_id=user.pk, project=OuterRef("project")).values("role")
    sets = Assignment.objects.filter(pk=OuterRef(kept_for)).alias(
        names=Concat(space, "key", space), own_role=Concat(space, Subquery(role[:1]), space)
    )
    named = sets.filter(Q(names__contains=f" {user.pk} ") | Q(names__contains=F("own_role")))
    return Q(**{kept_for: None}) | Q(Exists(named))


class Output(UUIDModel):
    """What one contestant wrote for one prompt, with its metrics. `queue_key` is random: order tells nothing."""

    contestant = models.ForeignKey(Contestant, on_delete=models.CASCADE, related_name="outputs")
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="outputs")
    text = models.TextField(blank=True)
    tokens = models.PositiveIntegerField()
    seconds = models.FloatField()
    finish = models.CharField(max_length=10)
    reference_nll = models.FloatField(null=True, help_text="Mean negative log-likelihood per token of the reference.")
    reference_tokens = models.PositiveIntegerField(default=0)
    metrics = models.JSONField(default=dict)
    queue_key = models.PositiveBigIntegerField()
    for_review = models.BooleanField(default=False)
    reviews_done = models.PositiveSmallIntegerField(default=0)

    objects = OutputQuerySet.as_manager()

    class Meta:
        ordering = ["prompt__position"]
        constraints = [models.UniqueConstraint(fields=["contestant", "prompt"], name="one_output_per_prompt")]
        indexes = [models.Index(fields=["for_review", "queue_key"])]

    def __str__(self) -> str:
        return f"output for {self.prompt_id}"


def _score(lowest: int, highest: int) -> models.PositiveSmallIntegerField:
    return models.PositiveSmallIntegerField(validators=[MinValueValidator(lowest), MaxValueValidator(highest)])


class Review(UUIDModel):
    """One person's blind scores for one output; locked once given."""

    output = models.ForeignKey(Output, on_delete=models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="reviews")
    accuracy = _score(1, 5)
    completeness = _score(1, 5)
    conciseness = _score(1, 5)
    adherence = _score(1, 5)
    utility = _score(0, 10)
    comment = models.TextField(blank=True)
    active_seconds = models.FloatField(default=0.0, help_text="Of reading and scoring, without pauses.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["output", "reviewer"], name="one_review_per_person"),
            models.CheckConstraint(
                condition=Q(accuracy__range=(1, 5), completeness__range=(1, 5), conciseness__range=(1, 5))
                & Q(adherence__range=(1, 5), utility__range=(0, 10)),
                name="scores_within_their_scales",
            ),
        ]

    def __str__(self) -> str:
        return f"review by {self.reviewer_id}"


class PromotionQuerySet(models.QuerySet["Promotion"]):
    def current(self) -> Self:
        return self.filter(ended_at=None)


class Promotion(UUIDModel):
    """An adapter put in use. The current one has no end; rolling back ends it and promotes the one before again.

    The one before ended at the very moment at which this one began. `restores` is set by a rollback: the promotion
    that it brings back.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="promotions")
    adapter = models.ForeignKey(Adapter, on_delete=models.PROTECT, related_name="promotions")
    evaluation = models.ForeignKey(Evaluation, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    restores = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")
    reason = models.TextField()
    promoted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    promoted_at = models.DateTimeField(default=timezone.now)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)

    objects = PromotionQuerySet.as_manager()

    class Meta:
        ordering = ["-promoted_at"]
        constraints = [
            models.UniqueConstraint(fields=["project"], condition=Q(ended_at=None), name="one_current_promotion"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="an_ended_promotion_says_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"promotion of the {self.adapter}"
