from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotation.models.projects import Project

LEASE = timedelta(minutes=10)  # in which the figures of a hundred thousand judgements are found many times over
RING_AGAIN = timedelta(minutes=1)  # a doorbell may be lost


class AgreementReport(models.Model):
    """How much the people of a project agree, as it was worked out last. `covers` tells of what: it differs from what
    there is once anything came in or changed. `begun_at` is the fencing token of whoever is at it."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True, related_name="agreement_report")
    sections = models.JSONField(default=list)
    covers = models.JSONField(default=dict)
    made_at = models.DateTimeField(null=True)
    seconds = models.FloatField(default=0.0, help_text="How long it took.")
    asked_at = models.DateTimeField(null=True)
    begun_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"agreement in {self.project_id}"

    def ask(self) -> bool:
        """Whether the worker is to be told: nobody is at it, and it was not told just now."""
        now = timezone.now()
        idle = Q(begun_at=None) | Q(begun_at__lt=now - LEASE)
        quiet = Q(asked_at=None) | Q(asked_at__lt=now - RING_AGAIN) | ~Q(problem="")
        mine = AgreementReport.objects.filter(idle, quiet, pk=self.pk)
        return bool(mine.update(asked_at=now, problem=""))

    def claim(self) -> datetime | None:
        """One conditional UPDATE: of many claimants one gets the token."""
        now = timezone.now()
        idle = Q(begun_at=None) | Q(begun_at__lt=now - LEASE)
        claimed = AgreementReport.objects.filter(idle, pk=self.pk).update(begun_at=now)
        return now if claimed else None

    def publish(self, token: datetime, **found: object) -> bool:
        mine = AgreementReport.objects.filter(pk=self.pk, begun_at=token)
        return bool(mine.update(begun_at=None, asked_at=None, **found))
