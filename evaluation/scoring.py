"""The queue of blind review: who gets which output next."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Case, Count, IntegerField, OuterRef, Subquery, Value, When
from django.db.models.functions import Coalesce

from annotation import queues
from annotation.models import Lease, Project
from evaluation.models import Output, OutputQuerySet, Review

NEEDED, DONE = "contestant__evaluation__reviews_per_output", "reviews_done"


def scorable(project: Project, user: User) -> OutputQuerySet:
    """What this person may score, best next one first.

    Outputs for the prompt just scored come last, those for prompts scored least come first: the outputs of one
    prompt lie as far apart as they can. Among equals the random key decides, which knows nothing of contestants.
    """
    own = Review.objects.filter(reviewer=user)
    latest = own.filter(output__contestant__evaluation__project=project).order_by("-created_at")
    last_prompt = latest.values_list("output__prompt_id", flat=True).first()
    times = own.filter(output__prompt_id=OuterRef("prompt_id")).order_by().values("output__prompt_id")
    return (
        Output.objects.filter(contestant__evaluation__project=project)
        .to_score_by(user)
        .alias(
            just_read=Case(When(prompt_id=last_prompt, then=Value(1)), default=Value(0), output_field=IntegerField()),
            times_read=Coalesce(Subquery(times.annotate(times=Count("pk")).values("times")), 0),
        )
        .order_by("just_read", "times_read", "queue_key")
    )


def next_to_score(project: Project, user: User) -> Lease | None:
    return queues.take_next(project, Lease.Kind.SCORE, user, scorable(project, user), NEEDED, DONE)


def hold_output(project: Project, output_id: UUID, user: User) -> Lease | None:
    """What somebody has in hand they finish, also when others were chosen to score meanwhile."""
    outputs = Output.objects.filter(contestant__evaluation__project=project)
    items, begun = outputs.to_score_by(user), outputs.to_score_by(user, whoever_is_named=True)
    return queues.hold(project, Lease.Kind.SCORE, user, items, NEEDED, DONE, item_id=output_id, in_hand=begun)


def scored_by(project: Project, user: User) -> int:
    return Review.objects.filter(reviewer=user, output__contestant__evaluation__project=project).count()


def left_for(project: Project, user: User) -> int:
    return Output.objects.filter(contestant__evaluation__project=project).to_score_by(user).count()


def why_nothing(project: Project, user: User) -> list[str]:
    """The honest reasons, as sentences, when nothing is left to score. They tell nothing about contestants."""
    waiting = Output.objects.filter(contestant__evaluation__project=project, for_review=True)
    if not waiting.exists():
        return ["no outputs have been prepared for review yet."]
    if left_for(project, user):
        return ["the last ones are in other people's hands right now."]
    reasons = []
    if kept := waiting.to_score_by(user, whoever_is_named=True).count():
        reasons.append(queues.assigned_to_others(kept, "output"))
    if project.evaluations.filter(opened_by=user).exists():
        reasons.append("you have opened the results of an evaluation, so its outputs are for others to score.")
    return reasons or ["every output that you can score has its scores."]
