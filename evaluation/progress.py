"""How far an evaluation is, and who may see what it has found."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Count, Exists, OuterRef, Q, Sum

from annotation.models import AnyUser
from evaluation.comparison import NAMED
from evaluation.models import Contestant, Evaluation, Output
from training import progress as job_progress
from training.jobs import Status


@dataclass(frozen=True)
class Progress:
    contestants: list[Contestant]
    reviews_wanted: int
    reviews_in: int

    @property
    def generating(self) -> bool:
        return any(each.status in (Status.QUEUED, Status.RUNNING) for each in self.contestants)

    @property
    def failed(self) -> list[Contestant]:
        return [each for each in self.contestants if each.status == Status.FAILED]

    @property
    def answered(self) -> list[Contestant]:
        return [each for each in self.contestants if each.status == Status.SUCCEEDED]

    @property
    def reviews_missing(self) -> int:
        return self.reviews_wanted - self.reviews_in

    @property
    def under_review(self) -> bool:
        """Every contestant has answered or was left out, and people are scoring."""
        return not self.generating and not self.failed and self.reviews_missing > 0

    @property
    def complete(self) -> bool:
        return bool(self.answered) and not self.generating and not self.failed and self.reviews_missing <= 0

    @property
    def word(self) -> tuple[str, str]:
        """A status for the coloured word, and the word."""
        if self.generating:
            return "running", "Answering"
        if self.failed:
            return "failed", "A contestant failed"
        if not self.answered:
            return "cancelled", "Left out"
        return ("submitted", "Under review") if self.under_review else ("succeeded", "Complete")

    def bars(self) -> list[tuple[Contestant, job_progress.Bar]]:
        return [(each, job_progress.bar(each.progress)) for each in self.contestants]


def progress_of(evaluation: Evaluation) -> Progress:
    """Two queries."""
    contestants = list(evaluation.contestants.select_related(*NAMED).order_by("position"))
    return Progress(contestants, *_reviews(evaluation))


def _reviews(evaluation: Evaluation) -> tuple[int, int]:
    found = Output.objects.filter(
        contestant__evaluation=evaluation, contestant__status=Status.SUCCEEDED, for_review=True
    ).aggregate(outputs=Count("pk"), given=Sum("reviews_done", default=0))
    return found["outputs"] * evaluation.reviews_per_output, found["given"]


def visible_to(evaluation: Evaluation, user: AnyUser, progress: Progress) -> bool:
    """Whoever may still score must not know results: not which output is whose, nor how long each one's are."""
    if evaluation.reviewed_prompts == 0 or progress.complete:
        return True
    return user.is_authenticated and evaluation.opened_by.filter(pk=user.pk).exists()


def scores_the_same_prompts(evaluation: Evaluation, user: User) -> bool:
    """Whether this person may score outputs for these prompts in another evaluation, now or once it has answered.

    A model answers alike each time, so its text beside its name here would tell whose the other one is.
    """
    prompts = evaluation.evaluation_set.prompts.all()
    to_score = Output.objects.filter(contestant__evaluation=OuterRef("pk"), prompt__in=prompts)
    to_score = to_score.to_score_by(user, whoever_is_named=True)
    answering = (
        Evaluation.objects.unanswered()
        .filter(reviewed_prompts__gt=0, evaluation_set__prompts__in=prompts)
        .exclude(opened_by=user.pk)
    )
    others = Evaluation.objects.filter(project=evaluation.project_id).exclude(pk=evaluation.pk)
    return others.filter(Exists(to_score) | Q(pk__in=answering.values("pk"))).exists()
