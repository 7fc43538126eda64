from __future__ import annotations

from typing import Self

from django.contrib.auth.models import User
from django.db import models
from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q

from annotation.models.assignments import Assignable
from annotation.models.projects import (
    Guidelines,
    OwnerKnown,
    OwnerKnownQuerySet,
    Project,
    UUIDModel,
)
from annotation.models.prompts import Demonstration, Prompt


class ComparisonQuerySet(OwnerKnownQuerySet["Comparison"]):
    def unfinished(self) -> Self:
        """Those that still need somebody's ranking."""
        return self.filter(rankings_done__lt=F("rankings_needed"))

    def fully_ranked(self) -> Self:
        return self.filter(rankings_done__gte=F("rankings_needed"))

    def originals(self) -> Self:
        """Without those that only ask somebody again: they say how steady a person is and teach nothing."""
        return self.filter(repeat_of=None)

    def counted(self) -> Self:
        """Those whose rankings are what they need, and not one person's only: neither known nor asked again."""
        return self.originals().filter(~Exists(Gold.objects.filter(comparison_id=OuterRef("pk"))))

    def comparable(self) -> Self:
        """Those that people can be said to agree or to differ on: everybody asked has judged, and nothing stands in
        place of what they said."""
        usual = self.originals().filter(gold=None, adjudication=None, rankings_done__gte=2)
        return usual.filter(rankings_done__gte=F("rankings_needed"))

    def decided(self) -> Self:
        """Those whose answer is known or was decided by a reviewer: it stands in place of people's rankings."""
        return self.filter(Q(gold__isnull=False) | Q(adjudication__isnull=False))


class Comparison(OwnerKnown, Assignable, UUIDModel):
    """A prompt and two to five candidates, to be ranked by `rankings_needed` people.

    One with a known answer, and one that asks somebody again, needs no more rankings than it has: it comes to people
    by `annotation.queues.unannounced`, and their rankings of it are not counted in `rankings_done`.
    """

    OWNER = "prompt"

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, db_index=False, related_name="comparisons", editable=False
    )
    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="comparisons")
    rankings_needed = models.PositiveSmallIntegerField(default=1)
    rankings_done = models.PositiveSmallIntegerField(default=0)
    source = models.CharField(
        max_length=200, blank=True, help_text="What made the candidates; never shown while ranking."
    )
    seed = models.PositiveBigIntegerField(help_text="Decides, with the ranker's id, which candidate is shown as A.")
    repeat_of = models.ForeignKey(
        "self",
        on_delete=models.CASCADE,
        null=True,
        related_name="repeats",
        help_text="The comparison that this one asks a person again.",
    )
    repeat_for = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, related_name="+", help_text="Who is asked again; nobody else is."
    )
    dispute = models.FloatField(
        null=True,
        help_text="How far those who ranked it are apart on average, times their number. "
        "None: not all have ranked it, fewer than two did, or its answer stands already.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ComparisonQuerySet.as_manager()

    class Meta:
        ordering = ["-priority", "created_at", "pk"]
        indexes = [
            models.Index(
                fields=["project", "assignment", "-priority", "created_at", "id"],
                condition=Q(rankings_done__lt=F("rankings_needed")),
                name="comparisons_to_rank",
            ),
            models.Index(fields=["project", "rankings_done", "rankings_needed"]),
            models.Index(
                fields=["project", "-dispute", "id"],
                condition=Q(dispute__isnull=False),
                name="comparisons_in_dispute",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(rankings_done__lte=F("rankings_needed")),
                name="never_more_rankings_than_needed",
            ),
            models.CheckConstraint(
                condition=Q(repeat_of__isnull=True, repeat_for__isnull=True)
                | Q(repeat_of__isnull=False, repeat_for__isnull=False),
                name="asked_again_of_somebody",
            ),
            models.UniqueConstraint(fields=["repeat_of", "repeat_for"], name="asked_again_once"),
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


class RankingQuerySet(OwnerKnownQuerySet["Ranking"]):
    """Those of a project are found by its index."""


class Ranking(OwnerKnown, UUIDModel):
    """One person's judgement: `order` is a list of groups of candidate ids, best first; a group is a tie.

    `strength` is how much better the first of two is: 1, or 2 for much. `acceptable` is how many of the groups, from
    the best on, are good enough to use; nobody was asked where it is None. `shown` is the order on the page.
    """

    OWNER = "comparison"

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, db_index=False, related_name="rankings", editable=False
    )
    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="rankings")
    ranker = models.ForeignKey(User, on_delete=models.PROTECT, related_name="rankings")
    order = models.JSONField()
    strength = models.PositiveSmallIntegerField(null=True)
    acceptable = models.PositiveSmallIntegerField(null=True)
    all_bad = models.BooleanField(default=False)
    criteria = models.JSONField(default=dict, help_text="By criterion: the order on it, and its strength.")
    chips = models.JSONField(default=list, help_text="Reasons chosen among the project's.")
    reason = models.TextField(blank=True)
    shown = models.JSONField(default=list)
    active_seconds = models.FloatField(default=0.0, help_text="Of reading and judging, without pauses.")
    in_training = models.BooleanField(default=False, help_text="Given to learn how to rank here, and explained after.")
    guidelines = models.ForeignKey(Guidelines, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RankingQuerySet.as_manager()

    class Meta:
        ordering = ["created_at"]
        indexes = [
            models.Index(fields=["ranker", "-created_at"]),
            models.Index(fields=["project", "created_at", "ranker"]),
        ]
        constraints = [models.UniqueConstraint(fields=["comparison", "ranker"], name="one_ranking_per_person")]

    def __str__(self) -> str:
        return f"ranking by {self.ranker_id}"


class Mark(models.Model):
    """A stretch of a candidate in which somebody who ranked it found an error; places count characters."""

    class Kind(models.TextChoices):
        INVENTED = "invented", "Invented authority"
        MISSING = "missing", "Missing fact"
        PARTY = "party", "Wrong party"
        NUMBER = "number", "Wrong number"
        FORMAT = "format", "Format"
        VERBOSE = "verbose", "Verbose"

    ranking = models.ForeignKey(Ranking, on_delete=models.CASCADE, related_name="marks")
    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="marks")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()

    class Meta:
        ordering = ["start", "pk"]
        constraints = [models.CheckConstraint(condition=Q(end__gt=F("start")), name="marks_something")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.start}"


class Correction(UUIDModel):
    """A better answer than one or all candidates of a comparison: a demonstration, and pairs that it wins.

    One demonstration may be the better answer of several comparisons of its prompt: an author has one for each prompt.
    """

    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="corrections")
    demonstration = models.ForeignKey(Demonstration, on_delete=models.CASCADE, related_name="corrections")
    edited = models.ForeignKey(
        Candidate, on_delete=models.CASCADE, null=True, related_name="corrections", help_text="None: written anew."
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["comparison", "demonstration", "edited"], name="one_correction_of_a_candidate_per_answer"
            ),
            models.UniqueConstraint(
                fields=["comparison", "demonstration"],
                condition=Q(edited=None),
                name="one_correction_of_all_per_answer",
            ),
        ]

    def __str__(self) -> str:
        return f"correction of {self.comparison_id}"


class Gold(models.Model):
    """The known answer of a comparison. In training it is explained afterwards; in production nobody can tell."""

    comparison = models.OneToOneField(Comparison, on_delete=models.CASCADE, related_name="gold")
    order = models.JSONField(help_text="As a ranking has it.")
    all_bad = models.BooleanField(default=False)
    explanation = models.TextField(blank=True)
    for_training = models.BooleanField(default=False)
    rankings_needed = models.PositiveSmallIntegerField(
        null=True, help_text="What the comparison needed before; none: as many as the project asks for."
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"known answer of {self.comparison_id}"


class AdjudicationQuerySet(models.QuerySet["Adjudication"]):
    def with_changes(self) -> Self:
        """`changed`: whether a judgement was given, or taken away to be given anew, after the decision."""
        return self.annotate(changed=_changed_since())

    def changed(self) -> Self:
        return self.filter(_changed_since())

    def changed_first(self) -> Self:
        return self.annotate(changed=_changed_since()).order_by("-changed", "-pk")


def _changed_since() -> ExpressionWrapper:
    given = Ranking.objects.filter(comparison_id=OuterRef("comparison_id"), in_training=False)
    newer = given.filter(created_at__gt=OuterRef("decided_at"))
    away = Comparison.objects.unfinished().filter(pk=OuterRef("comparison_id"))
    return ExpressionWrapper(Exists(newer) | Exists(away), output_field=BooleanField())


class Adjudication(models.Model):
    """What a reviewer decided where people disagreed: it stands in place of their rankings."""

    comparison = models.OneToOneField(Comparison, on_delete=models.CASCADE, related_name="adjudication")
    order = models.JSONField(help_text="As a ranking has it.")
    strength = models.PositiveSmallIntegerField(null=True)
    all_bad = models.BooleanField(default=False)
    reason = models.TextField()
    names_opened = models.BooleanField(default=False, help_text="Whether its author had looked who judged what.")
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(auto_now_add=True, help_text="When it was decided last.")

    objects = AdjudicationQuerySet.as_manager()

    def __str__(self) -> str:
        return f"decision on {self.comparison_id}"
