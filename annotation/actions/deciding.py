"""A reviewer's word that stands in place of people's rankings: a decision where they differ, or a known answer."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from annotation import queues
from annotation.access import SENIOR
from annotation.actions import Refused, doubting, standing
from annotation.models import Adjudication, Comparison, Event, Gold, Project, Ranker, Ranking
from annotation.quality import disputes

OWN = "You have ranked this one yourself, so somebody else decides."
ALONE = "You have ranked this one yourself. As nobody else reviews here, you may decide it all the same."
NOT_YET = "Not everybody has judged this one yet. It can be decided when all rankings are in."
KNOWN = "The answer of this one is known, so there is nothing to decide."
AGAIN = "This asks somebody again what they were asked before; it has no answer of its own."


def may_decide(comparison: Comparison, user: User) -> tuple[str, bool]:
    """Why this person may not decide, empty when they may; and whether they may only as nobody else could."""
    if comparison.repeat_of_id:
        return AGAIN, False
    if Gold.objects.filter(comparison=comparison).exists():  # asked anew: somebody may have marked it since it was read
        return KNOWN, False
    if comparison.rankings_done < comparison.rankings_needed and not _decided(comparison):
        return NOT_YET, False
    if not _ranked(comparison, user):
        return "", False
    return (OWN, False) if _others(comparison, user) else ("", True)


def why_not(comparison: Comparison, user: User) -> str:
    return may_decide(comparison, user)[0]


def _decided(comparison: Comparison) -> bool:
    return Adjudication.objects.filter(comparison=comparison).exists()


def _ranked(comparison: Comparison, user: User) -> bool:
    return Ranking.objects.filter(comparison=comparison, ranker=user).exists()


def _others(comparison: Comparison, user: User) -> bool:
    """Whether somebody may decide who has not ranked it."""
    senior = comparison.prompt.project.memberships.filter(role__in=SENIOR).exclude(user=user)
    return senior.exclude(user__in=Ranking.objects.filter(comparison=comparison).values("ranker")).exists()


def open_names(*, comparison: Comparison, by: User) -> None:
    """Who judged what is shown from now on, and that it was looked at is kept with the decision."""
    if not names_opened(comparison, by):
        Event.record("opened the names of rankers", comparison, by=by, project=comparison.prompt.project)


def names_opened(comparison: Comparison, user: User) -> bool:
    opened = Event.objects.filter(project=comparison.prompt.project, verb="opened the names of rankers", actor=user)
    return opened.filter(object_id=str(comparison.pk)).exists()


def decide(
    *,
    comparison: Comparison,
    by: User,
    order: list[list[str]],
    reason: str,
    strength: int | None = None,
    all_bad: bool = False,
    seen: str | None = None,
) -> Adjudication:
    """What pairs are frozen from then on. Versions frozen before stay as they are.

    `seen`, the token of what stood when its author looked: what was decided since is not overwritten.
    """
    project = comparison.prompt.project
    with transaction.atomic():
        queues.lock(project)
        comparison.refresh_from_db(fields=["rankings_done", "rankings_needed"])
        if refusal := why_not(comparison, by):
            raise Refused(refusal)
        before = Adjudication.objects.filter(comparison=comparison).first()
        values = {"order": order, "strength": strength, "all_bad": all_bad, "reason": reason.strip()}
        if before is None or before.decided_by_id != by.pk or not _says(before, values):  # the same may come twice
            standing.check(comparison, by=by, seen=seen)
        opened = names_opened(comparison, by)
        made, _ = Adjudication.objects.update_or_create(
            comparison=comparison,
            defaults={**values, "names_opened": opened, "decided_by": by, "decided_at": timezone.now()},
        )
        Comparison.objects.filter(pk=comparison.pk).update(dispute=None)
        doubting.settle(comparison=comparison, judged=made, by=by)
        Ranker.let_stand(comparison)
        was = {"before": before.order, "before_reason": before.reason} if before else {}
        Event.record(standing.DECIDED, comparison, by=by, project=project, names_opened=opened, **was)
    return made


def _says(stands: Adjudication | Gold, values: dict[str, Any]) -> bool:
    return all(getattr(stands, name) == value for name, value in values.items())


def mark_known(
    *,
    comparison: Comparison,
    by: User,
    order: list[list[str]],
    all_bad: bool = False,
    explanation: str = "",
    for_training: bool = False,
    seen: str | None = None,
) -> Gold:
    """From now on people are checked by it, as many as there are, and its pairs come from this answer alone.

    It leaves the usual queue: what it needs is what it has. `seen` as of a decision.
    """
    if comparison.repeat_of_id:
        raise Refused(AGAIN)
    if for_training and not explanation.strip():
        raise Refused("In training people learn from the explanation. Write one.")
    project = comparison.prompt.project
    with transaction.atomic():
        queues.lock(project)
        values = {"order": order, "all_bad": all_bad, "explanation": explanation.strip(), "for_training": for_training}
        before = Gold.objects.filter(comparison=comparison).first()
        if before is None or not _says(before, values):
            standing.check(comparison, by=by, seen=seen)
        needed = Comparison.objects.values_list("rankings_needed", flat=True).get(pk=comparison.pk)
        made, new = Gold.objects.update_or_create(
            comparison=comparison,
            defaults=values,
            create_defaults={**values, "created_by": by, "rankings_needed": needed},
        )
        Comparison.objects.filter(pk=comparison.pk).update(rankings_needed=F("rankings_done"), dispute=None)
        doubting.settle(comparison=comparison, judged=made, by=by)
        Ranker.let_stand(comparison)
        verb = standing.MARKED if new else standing.CHANGED
        Event.record(verb, comparison, by=by, project=project, for_training=for_training)
    return made


def unmark_known(*, comparison: Comparison, by: User, seen: str | None = None) -> None:
    """It is a usual comparison again, and needs as many rankings as it did before, or as it has.

    Who was trained with it may rank it like any other: what they said in training is over, and stays in the history.
    """
    project: Project = comparison.prompt.project
    with transaction.atomic():
        queues.lock(project)
        gold = Gold.objects.filter(comparison=comparison).first()
        if gold is None:
            return
        standing.check(comparison, by=by, seen=seen)
        needed = gold.rankings_needed or project.rankings_per_comparison
        gold.delete()
        Ranking.objects.filter(comparison=comparison, in_training=True).delete()
        given = Ranking.objects.filter(comparison=comparison).count()
        Comparison.objects.filter(pk=comparison.pk).update(rankings_done=given, rankings_needed=max(given, needed))
        disputes.settle([comparison.pk])
        Event.record(standing.TAKEN_BACK, comparison, by=by, project=project)
