"""Who scores the outputs of an evaluation: everybody, or only some people and roles."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, F, Q

from annotation import queues
from annotation.actions import Refused
from annotation.actions.assigning import named_set
from annotation.models import Assignment, Event
from annotation.texts import counted
from evaluation.models import Evaluation, Output

Named = tuple[Iterable[User], Iterable[str]]
EVERYBODY: Named = ((), ())


def choose_reviewers(*, evaluation: Evaluation, by: User, people: Iterable[User], roles: Iterable[str]) -> None:
    """Only these get outputs to score from now on; nobody named: everybody. What somebody has in hand they finish."""
    with transaction.atomic():
        queues.lock(evaluation.project)
        made = named_set(evaluation.project, people, roles)
        if made and (lack := _too_few(evaluation, made)):
            raise Refused(lack)
        if evaluation.reviewers == made:
            return
        evaluation.reviewers = made
        evaluation.save(update_fields=["reviewers"])
        chosen = {"people": made.people, "roles": made.roles} if made else {}
        Event.record("chose who scores", evaluation, by=by, project=evaluation.project, **chosen)


def _too_few(evaluation: Evaluation, named: Assignment) -> str:
    """Empty where those named can give each output all the scores it needs."""
    members = evaluation.project.memberships.filter(Q(user__in=named.people) | Q(role__in=named.roles))
    opened = evaluation.opened_by.values("pk")
    able = set(members.exclude(user__in=opened).values_list("user_id", flat=True))
    needed = evaluation.reviews_per_output
    outputs = Output.objects.filter(contestant__evaluation=evaluation, for_review=True)
    if outputs.exists():
        theirs = Count("reviews", filter=Q(reviews__reviewer__in=able))
        open_ = outputs.filter(reviews_done__lt=needed).annotate(theirs=theirs)
        lacking = open_.filter(reviews_done__lt=needed - len(able) + F("theirs")).exists()
    else:
        lacking = len(able) < needed
    if not lacking:
        return ""
    return (
        f"Each output needs {counted(needed, 'score')}, from people who have not opened the results. "
        f"Of those chosen {len(able)} can score. Choose more."
    )
