from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from annotation import active_time, queues
from annotation.actions import Refused
from annotation.models import Event, Lease
from annotation.rubric import DEFAULT_CRITERIA
from evaluation import scoring
from evaluation.models import Output, Review

CRITERIA = tuple(criterion.key for criterion in DEFAULT_CRITERIA)
TOO_LATE = "Others have scored this one meanwhile, so your scores are no longer needed."


@dataclass(frozen=True)
class Scored:
    """`fresh` is False when this person had scored the output already: the first scores stand."""

    review: Review
    fresh: bool


def score(
    *, output: Output, scores: Mapping[str, int], by: User, comment: str = "", active_seconds: float = 0.0
) -> Scored:
    """Lock one person's scores. Never a second time of the same person, never more than the output needs.

    `active_seconds` is what their page has counted since they got the output.
    """
    evaluation = output.contestant.evaluation
    with transaction.atomic():
        queues.lock(evaluation.project)
        if mine := output.reviews.filter(reviewer=by).first():
            return Scored(mine, fresh=False)
        lease = scoring.hold_output(evaluation.project, output.pk, by)
        if lease is None:
            raise Refused(TOO_LATE)
        wanted = Output.objects.filter(pk=output.pk, reviews_done__lt=evaluation.reviews_per_output)
        if not wanted.update(reviews_done=F("reviews_done") + 1):
            raise Refused(TOO_LATE)
        review = Review.objects.create(
            output=output,
            reviewer=by,
            comment=comment.strip(),
            active_seconds=active_time.believed(lease, active_seconds),
            **{key: scores[key] for key in CRITERIA},
        )
        queues.finish(Lease.Kind.SCORE, output.pk, by)
        Event.record("scored an output", review, by=by, project=evaluation.project)
    return Scored(review, fresh=True)
