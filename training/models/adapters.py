from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models

from annotation.models import Project, UUIDModel
from training import methods
from training.models.base_models import BaseModel
from training.models.rounds import TrainingRound
from training.params import is_full


class AdapterQuerySet(models.QuerySet["Adapter"]):
    def writing(self) -> AdapterQuerySet:
        """Those that answer prompts: to sample from, evaluate, promote, try out and build on."""
        return self.exclude(round__method__in=methods.JUDGES)

    def judging(self) -> AdapterQuerySet:
        """Reward models, which give marks to what others write."""
        return self.filter(round__method__in=methods.JUDGES)


class Adapter(UUIDModel):
    """What a round made, verified and stored under the hash of its content."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="adapters")
    round = models.OneToOneField(TrainingRound, on_delete=models.PROTECT, related_name="adapter")
    base_model = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="adapters")
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    erased_at = models.DateTimeField(null=True, help_text="When rows that it learned from were erased last.")
    allowed_at = models.DateTimeField(null=True, help_text="When an admin decided that it may be used all the same.")
    allowed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    allowed_because = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AdapterQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        """By what it learned from and when."""
        if self.judges:
            return f"{self.round.method_name} of round {self.round.number}"
        return f"{self.round.method_name} {self.kind} of round {self.round.number}"

    @property
    def is_held(self) -> bool:
        """It learned from rows that were erased since, and nobody has decided that it may be used all the same."""
        return self.erased_at is not None and self.allowed_at is None

    @property
    def is_full(self) -> bool:
        """Not an adapter but a whole model, as full fine-tuning leaves it."""
        return is_full(self.round.params)

    @property
    def kind(self) -> str:
        return "model" if self.is_full else "adapter"

    def whole(self) -> Adapter | None:
        """The whole model that it is, or whose weights it stands on; None where those are the base model's."""
        found: Adapter | None = self
        while found and not found.is_full:
            found = found.round.parent_adapter
        return found

    @property
    def judges(self) -> bool:
        return methods.METHODS[self.round.method].judges

    @property
    def directory(self) -> Path:
        return settings.ADAPTERS_DIR / self.sha256
