from __future__ import annotations

from typing import Self

from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q

from annotation.models.projects import Guidelines, UUIDModel
from annotation.models.prompts import Prompt


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
