from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

from annotation.models.comparisons import Comparison, Ranking
from annotation.models.projects import Project


class Ranker(models.Model):
    """Somebody who ranks in a project: what they were shown, whether they may begin, and what their work says of them.

    `ahead[one][other]` is how often they were shown source `one` before source `other`. `handed` counts comparisons
    handed out to them for the first time, and `known` and `again` those among them whose answer is known and that
    were asked before.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="rankers")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    ahead = models.JSONField(default=dict)
    handed = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    again = models.PositiveIntegerField(default=0)
    admitted_at = models.DateTimeField(null=True, help_text="Since when they rank for the project; before: training.")
    admitted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", help_text="Who let them; none: they passed."
    )
    tries = models.PositiveSmallIntegerField(default=0, help_text="How often they went through the training.")
    score = models.FloatField(null=True, help_text="The part of the last training that was judged as expected.")
    judged = models.PositiveIntegerField(default=0, help_text="Their rankings in all, training left out.")
    latest = models.OneToOneField(
        Ranking,
        on_delete=models.SET_NULL,
        null=True,
        related_name="latest_of",
        help_text="Their last ranking while it can be taken back: none once it was, or somebody has worked with it.",
    )
    alarm = models.CharField(max_length=300, blank=True, help_text="What is clearly wrong with their rankings.")
    alarm_at = models.DateTimeField(null=True)
    alarm_seen_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="one_ranker_per_person")]

    def __str__(self) -> str:
        return f"ranker {self.user_id}"

    @classmethod
    def of(cls, project: Project, user: User) -> Ranker:
        """Whoever ranked before this was kept goes on ranking. Ask it under the project's lock.

        A new one is stored by whoever hands something out to them.
        """
        found = cls.objects.filter(project=project, user=user).first()
        if found:
            found.project, found.user = project, user
            return found
        mine = Ranking.objects.filter(ranker=user, project=project, in_training=False).count()
        since: datetime | None = timezone.now() if mine else None
        return cls(project=project, user=user, handed=mine, judged=mine, admitted_at=since)

    @classmethod
    def let_stand(cls, comparison: Comparison) -> None:
        """Somebody works with what was said of it: nobody takes that back any more. Ask it under the project's lock."""
        cls.objects.filter(latest__comparison=comparison).update(latest=None)

    def keep(self, *changed: str) -> None:
        """Store what has changed; all of it for a new one."""
        self.save(update_fields=changed if self.pk else None)
