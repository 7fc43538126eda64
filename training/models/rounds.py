from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import Case, F, Max, OuterRef, Subquery, Value, When
from django.db.models.functions import Now

from annotation.models import Numbered, Project
from training import methods
from training.jobs import Job, JobQuerySet, Status
from training.models.base_models import BaseModel
from training.models.versions import DatasetVersion
from training.progress import as_one


class TrainingRoundQuerySet(Numbered, JobQuerySet["TrainingRound"]):
    def in_turn(self) -> TrainingRoundQuerySet:
        """Queued rounds as they get the machine: first what was interrupted goes on, then projects take turns.

        The project that had the machine longest ago, or never, comes first; of its rounds the oldest.
        """
        of_project = TrainingRound.objects.filter(project=OuterRef("project")).order_by().values("project")
        return (
            self.filter(status=Status.QUEUED)
            .annotate(had_machine_at=Subquery(of_project.annotate(last=Max("started_at")).values("last")))
            .annotate(begun=Case(When(attempt__gt=0, then=Value(0)), default=Value(1)))
            .order_by("begun", F("had_machine_at").asc(nulls_first=True), "created_at", "pk")
        )


class TrainingRound(Job):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveIntegerField()
    method = models.CharField(max_length=12, choices=methods.choices)
    base_model = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="rounds")
    parent_adapter = models.ForeignKey(
        "Adapter", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    reward_adapter = models.ForeignKey(  # the reward model that gives marks to what this round writes
        "Adapter", on_delete=models.PROTECT, null=True, blank=True, related_name="rewarded"
    )
    dataset_version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="rounds")
    params = models.JSONField()
    note = models.CharField(max_length=300, blank=True)
    preflight = models.OneToOneField(
        "Preflight", on_delete=models.SET_NULL, null=True, blank=True, related_name="round"
    )

    # the round whose rows it learns from as often, but in random order
    baseline_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="baselines")

    # what was said before it and what it needed: {"said", "happened", "teaches"}, see training/estimating/experience.py
    estimate = models.JSONField(default=dict)

    objects: ClassVar = TrainingRoundQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="one_round_per_number")]
        indexes = [models.Index(fields=["status", "created_at"])]

    def __str__(self) -> str:
        return f"Round {self.number} · {self.method_name}"

    @property
    def method_name(self) -> str:
        return methods.METHODS[self.method].name

    def events(self) -> list[dict[str, Any]]:
        """Of all its attempts, as those of one."""
        return as_one(self.run_dir(attempt).events() for attempt in range(1, self.attempt + 1))

    def claim(self, owner: uuid.UUID) -> bool:
        """One round at a time: training takes all the machine has, and two would both take twice as long.

        Locking the unfinished rounds makes the look and the claim one step (a no-op on SQLite, whose IMMEDIATE
        transactions follow one another).
        """
        rounds = TrainingRound.objects.unfinished()
        with transaction.atomic():
            list(rounds.select_for_update().order_by("pk").values_list("pk", flat=True))
            if rounds.exclude(pk=self.pk).filter(status=Status.RUNNING, lease_expires_at__gte=Now()).exists():
                return False
            return super().claim(owner)

    def blocked_by(self) -> TrainingRound | None:
        """The round this one waits for."""
        if self.status != Status.QUEUED:
            return None
        return TrainingRound.objects.filter(status=Status.RUNNING).exclude(pk=self.pk).first()
