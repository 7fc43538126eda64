"""An edited guideline: which work was done before it, and asking its authors whether it is still right."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, F, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from annotation import queues
from annotation.actions import Refused
from annotation.actions.ranking import for_history, lend_again
from annotation.models import (
    Adjudication,
    Demonstration,
    Event,
    Guidelines,
    Lease,
    Project,
    Prompt,
    Ranking,
    Recheck,
    Revision,
)

Status = Demonstration.Status
Outcome = Recheck.Outcome
MOST_AT_ONCE = 5_000
NO_VERSION = 0  # imported work, and what was done before there were guidelines
UNDER = Coalesce("guidelines__version", NO_VERSION)


@dataclass(frozen=True)
class Affected:
    """How much work stands under one earlier version, or under `NO_VERSION`."""

    version: int
    responses: int
    rankings: int


def latest_that_matters(project: Project) -> Guidelines | None:
    """The newest version that was not said to leave earlier work as it is. The first one has nothing before it."""
    return project.guidelines.filter(spares_earlier_work=False, version__gt=1).order_by("-version").first()


def old_responses(project: Project, current: Guidelines) -> QuerySet[Demonstration]:
    """Submitted or approved under an earlier version, and not in its author's hands already."""
    done = Demonstration.objects.filter(project=project, status__in=[Status.SUBMITTED, Status.APPROVED])
    done = done.alias(under=UNDER).filter(under__lt=current.version)
    asked = Recheck.objects.open().filter(demonstration__isnull=False, project=project)
    return done.exclude(pk__in=asked.values("demonstration_id"))


def old_rankings(project: Project, current: Guidelines) -> QuerySet[Ranking]:
    """What was judged in training is explained and over."""
    done = (
        Ranking.objects.filter(project=project, in_training=False).alias(under=UNDER).filter(under__lt=current.version)
    )
    asked = Recheck.objects.open().filter(ranking__isnull=False, project=project)
    return done.exclude(pk__in=asked.values("ranking_id"))


def affected(project: Project, current: Guidelines) -> list[Affected]:
    """By version, newest first."""
    responses = _by_version(old_responses(project, current))
    rankings = _by_version(old_rankings(project, current))
    return [
        Affected(version, responses.get(version, 0), rankings.get(version, 0))
        for version in sorted({*responses, *rankings}, reverse=True)
    ]


def _by_version(rows: QuerySet[Demonstration] | QuerySet[Ranking]) -> dict[int, int]:
    return dict(rows.order_by().annotate(under=UNDER).values_list("under").annotate(number=Count("pk")))


def ask_again(
    *,
    project: Project,
    by: User,
    versions: Collection[int],
    responses: bool = True,
    rankings: bool = True,
    task_type: str | None = None,
) -> int:
    """Ask the authors of work done under these versions. How many pieces; more than can be asked at once wait."""
    with transaction.atomic():
        queues.lock(project)
        current = latest_that_matters(project)
        if current is None:
            raise Refused("There is no newer version that touches earlier work.")
        asked: list[Recheck] = []
        about = {"project": project, "guidelines": current, "asked_by": by}
        if responses:
            rows = old_responses(project, current).alias(under=UNDER).filter(under__in=versions)
            rows = rows.filter(prompt__task_type=task_type) if task_type is not None else rows
            chosen = rows.order_by("submitted_at").values_list("pk", "author_id")[:MOST_AT_ONCE]
            asked += [Recheck(demonstration_id=pk, person_id=author, **about) for pk, author in chosen]
        if rankings:
            judged = old_rankings(project, current).alias(under=UNDER).filter(under__in=versions)
            judged = judged.filter(comparison__prompt__task_type=task_type) if task_type is not None else judged
            picked = judged.order_by("created_at").values_list("pk", "ranker_id")[: MOST_AT_ONCE - len(asked)]
            asked += [Recheck(ranking_id=pk, person_id=ranker, **about) for pk, ranker in picked]
        if not asked:
            raise Refused("Nothing was done under these versions that has not been asked about.")
        Recheck.objects.bulk_create(asked, batch_size=500)
        Event.record("asked for a re-check", current, by=by, project=project, pieces=len(asked))
    return len(asked)


def spare(*, project: Project, by: User, guidelines: Guidelines) -> None:
    """Say that this version leaves earlier work as it is; what was asked because of it is asked no longer."""
    with transaction.atomic():
        project.guidelines.filter(pk=guidelines.pk).update(spares_earlier_work=True)
        Recheck.objects.open().filter(guidelines=guidelines).update(settled_at=timezone.now(), outcome=Outcome.DROPPED)
        Event.record("said that guidelines leave earlier work as it is", guidelines, by=by, project=project)


def confirm(*, recheck: Recheck, by: User) -> None:
    """Still right: the work carries the newer version from now on."""
    with transaction.atomic():
        _settle(recheck, by, Outcome.CONFIRMED)
        newer = {"guidelines_id": recheck.guidelines_id}
        if recheck.demonstration:
            Demonstration.objects.filter(pk=recheck.demonstration.pk).update(**newer)
        elif recheck.ranking:
            Ranking.objects.filter(pk=recheck.ranking.pk).update(**newer)
        _record("confirmed work under newer guidelines", recheck, by)


def change(*, recheck: Recheck, by: User) -> None:
    """Not right any more. A response comes back to its author; a ranking is taken away, to be made anew."""
    with transaction.atomic():
        queues.lock(recheck.project)
        _settle(recheck, by, Outcome.CHANGED)
        if recheck.demonstration:
            _reopen(recheck, recheck.demonstration, by)
        elif recheck.ranking:
            _withdraw(recheck, recheck.ranking, by)


def _reopen(recheck: Recheck, response: Demonstration, by: User) -> None:
    note = f"To be changed for version {recheck.guidelines.version} of the guidelines."
    reopened = Demonstration.objects.filter(pk=response.pk, status__in=[Status.SUBMITTED, Status.APPROVED]).update(
        status=Status.RETURNED, note=note, version=F("version") + 1
    )
    if not reopened:
        return  # it is in its author's hands already
    Revision.objects.create(
        demonstration=response, text=response.text, status=Status.RETURNED, note=note, created_by=by
    )
    Lease.objects.filter(kind=Lease.Kind.APPROVE, item_id=response.pk).delete()
    Prompt.objects.filter(pk=response.prompt_id).recount_answers()
    _record("took a response back to change it for newer guidelines", recheck, by)


def _withdraw(recheck: Recheck, ranking: Ranking, by: User) -> None:
    """The audit keeps the judgement that was given; its author has the comparison in hand again.

    What a reviewer decided of it stands until they decide again: nobody else is asked, also none who had begun on it.
    """
    _record("took a ranking back to change it for newer guidelines", recheck, by, **for_history(ranking))
    ranking.delete()
    if Adjudication.objects.filter(comparison=ranking.comparison_id).exists():
        Lease.objects.filter(kind=Lease.Kind.RANK, item_id=ranking.comparison_id).delete()
    lend_again(ranking)


def _settle(recheck: Recheck, by: User, outcome: str) -> None:
    if recheck.person_id != by.pk:
        raise Refused("This is somebody else's work; they answer for it.")
    rows = Recheck.objects.open().filter(pk=recheck.pk)
    if not rows.update(settled_at=timezone.now(), outcome=outcome):
        raise Refused("You have already answered this one.")


def _record(verb: str, recheck: Recheck, by: User, **more: object) -> None:
    number = recheck.guidelines.version
    thing = recheck.demonstration or recheck.ranking
    assert thing
    Event.record(verb, thing, by=by, project=recheck.project, guidelines=number, **more)
