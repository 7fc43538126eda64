from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q

from annotation import active_time, marks, queues
from annotation.actions import Refused, admitting
from annotation.models import (
    Candidate,
    Comparison,
    Event,
    Guidelines,
    Lease,
    Mark,
    Priority,
    Project,
    Prompt,
    Ranker,
    Ranking,
)
from annotation.models.comparisons import RankingQuerySet
from annotation.quality import disputes
from annotation.ranking import LETTERS, Said, display_order

MOST = len(LETTERS)
NO_LONGER_NEEDED = "Others have taken this one over meanwhile, so your judgement is no longer needed."
STANDS = (
    "Only your last judgement can be taken back, until somebody has worked with it. This one is older or has been "
    "worked with, so it stands as you gave it."
)


@dataclass(frozen=True)
class Ranked:
    """`fresh` is False when this person had ranked the comparison already: the first judgement stands."""

    ranking: Ranking
    fresh: bool


def create_comparison(
    *,
    prompt: Prompt,
    candidates: Iterable[tuple[str, str]],
    by: User | None,
    source: str = "",
    seed: int | None = None,
    rankings_needed: int | None = None,
    priority: int = Priority.USUAL,
) -> Comparison | None:
    """A comparison of the distinct texts among (text, source); None when fewer than two are left."""
    distinct: dict[str, tuple[str, str]] = {}
    for text, label in candidates:
        if text.strip():
            distinct.setdefault(text.strip(), (text, label))
    if len(distinct) < 2:
        return None
    if len(distinct) > MOST:
        raise Refused(f"A comparison has at most {MOST} candidates; these are {len(distinct)}.")
    with transaction.atomic():
        comparison = Comparison.objects.create(
            prompt=prompt,
            rankings_needed=rankings_needed or prompt.project.rankings_per_comparison,
            priority=priority,
            source=source,
            seed=secrets.randbits(62) if seed is None else seed,
        )
        Candidate.objects.bulk_create(
            Candidate(comparison=comparison, text=text, source=label) for text, label in distinct.values()
        )
        Event.record(
            "prepared candidates", comparison, by=by, project=prompt.project, candidates=len(distinct), source=source
        )
    return comparison


def shown_order(
    comparison: Comparison, user: User, *, lease: Lease | None = None, ranking: Ranking | None = None
) -> dict[str, Candidate]:
    """Letter -> candidate, as this person sees them; A first. What was lent or judged in an order keeps it."""
    candidates = {str(candidate.pk): candidate for candidate in comparison.candidates.all()}
    order = next(
        (each.shown for each in (ranking, lease) if each and sorted(each.shown) == sorted(candidates)),
        display_order(candidates, comparison.seed, user.pk),
    )
    return {letter: candidates[pk] for letter, pk in zip(LETTERS, order, strict=False)}


def order_for(comparison: Comparison, user: User) -> dict[str, Candidate]:
    """The same, of whatever this person has of it: the place that was lent to them, or their judgement."""
    lease = Lease.objects.filter(kind=Lease.Kind.RANK, item_id=comparison.pk, user=user).first()
    given = None if lease else comparison.rankings.filter(ranker=user).first()
    return shown_order(comparison, user, lease=lease, ranking=given)


def rank(
    *,
    comparison: Comparison,
    by: User,
    order: list[list[str]] | None = None,
    all_bad: bool = False,
    reason: str = "",
    said: Said | None = None,
    marked: Iterable[marks.Mark] = (),
    shown: dict[str, Candidate] | None = None,
    guidelines: Guidelines | None = None,
    timed_by_page: bool = False,
) -> Ranked:
    """Record one person's judgement: `said`, or its `order` alone. Never a second one of the same person, never more
    than the comparison needs. `marked` are errors in the candidates by their letters in `shown`. Time at work that a
    page has counted (`timed_by_page`) is believed as far as the lease is old."""
    project = comparison.prompt.project
    said = said or Said(order or [], all_bad=all_bad, reason=reason)
    with transaction.atomic():
        queues.lock(project)
        if mine := comparison.rankings.filter(ranker=by).first():
            return Ranked(mine, fresh=False)
        shown = shown or order_for(comparison, by)  # before a lease that is lent only now could say another
        if (lease := queues.hold_comparison(comparison, by, again=True)) is None:
            raise Refused(NO_LONGER_NEEDED)
        open_ = Comparison.objects.unfinished().filter(pk=comparison.pk)
        counted = queues.is_counted(comparison)
        if counted and not open_.update(rankings_done=F("rankings_done") + 1):
            raise Refused(NO_LONGER_NEEDED)
        ranker = Ranker.of(project, by)
        nothing_good = said.all_bad or said.acceptable == 0
        ranking = Ranking.objects.create(
            comparison=comparison,
            ranker=by,
            order=said.order,
            strength=said.strength,
            acceptable=0 if nothing_good else said.acceptable,
            all_bad=nothing_good,
            criteria=said.criteria,
            chips=said.chips,
            reason=said.reason,
            shown=[str(candidate.pk) for candidate in shown.values()],
            active_seconds=active_time.believed(lease, said.active_seconds) if timed_by_page else said.active_seconds,
            in_training=queues.is_trained_with(comparison, ranker),
            guidelines=guidelines,
        )
        Mark.objects.bulk_create(_stored(mark, ranking, shown) for mark in marked)
        queues.finish(Lease.Kind.RANK, comparison.pk, by)
        if counted and comparison.rankings_needed > 1:
            disputes.settle([comparison.pk])
        about = {"comparison": str(comparison.pk), **for_history(ranking)}
        Event.record("ranked candidates", ranking, by=by, project=project, **about)
        admitting.note(project, ranker, ranking)
    return Ranked(ranking, fresh=True)


def for_history(ranking: Ranking) -> dict[str, Any]:
    """What the audit keeps of a judgement when the judgement itself is gone: taken back, or given in training.

    Ids of candidates and verdicts: no page shows it and no address of the API.
    """
    return {"order": ranking.order, "strength": ranking.strength, "all_bad": ranking.all_bad}


def _stored(mark: marks.Mark, ranking: Ranking, shown: dict[str, Candidate]) -> Mark:
    candidate = shown[mark.letter]
    start, end = (marks.stored_place(place, candidate.text) for place in (mark.start, mark.end))
    return Mark(ranking=ranking, candidate=candidate, kind=mark.kind, start=start, end=end)


def decline(*, comparison: Comparison, by: User) -> None:
    """Say that one cannot judge: no ranking, the place goes to somebody else, and it is not offered again."""
    project = comparison.prompt.project
    lease = Lease.objects.filter(kind=Lease.Kind.RANK, item_id=comparison.pk, user=by).first()
    if lease is None or lease.release == Lease.Release.DECLINED:
        return
    with transaction.atomic():
        queues.lock(project)
        queues.release(lease, Lease.Release.DECLINED)
        Event.record("could not judge", comparison, by=by, project=project)
        if queues.in_training(project, ranker := Ranker.of(project, by)):
            admitting.settle(project, ranker)


# --- Taking a judgement back --------------------------------------------------------------------------------


# A version closes it for all the project's rankings, whatever it holds: those that only check people are in none.
FROZEN = Q(project__rankings_frozen_at__gte=F("created_at"))


def latest_of(project: Project, user: User) -> RankingQuerySet:
    """The last judgement of this person, while it is the last and nobody has worked with it. Older ones stand, whatever
    came of them.

    That others judge the same says nothing: they have not seen it, and known answers are judged without end.
    """
    return Ranking.objects.filter(latest_of__project=project, latest_of__user=user).order_by()


def may_take_back(ranking: Ranking) -> bool:
    return Ranking.objects.filter(pk=ranking.pk, latest_of__isnull=False).exclude(FROZEN).exists()


def lend_again(ranking: Ranking) -> Lease:
    """Of a judgement that is gone: its place is its author's once more, and the answers stand as they did.

    Inside the transaction that removes it, under the project's lock.
    """
    comparison, project = ranking.comparison, ranking.project
    Ranker.objects.filter(project=project, user=ranking.ranker, judged__gt=0).update(judged=F("judged") - 1)
    counted = Comparison.objects.counted().filter(pk=comparison.pk)  # asked and done at once, for either kind
    counted.update(rankings_done=F("rankings_done") - 1, dispute=None)
    lease = queues.lend(project, Lease.Kind.RANK, ranking.ranker, comparison.pk)
    lease.shown = ranking.shown
    lease.save(update_fields=["shown"])
    return lease


def take_back(*, ranking: Ranking, by: User, draft: dict[str, str]) -> None:
    """Undo one's own last judgement, until somebody has acted on it. What was chosen waits in the form as a draft."""
    comparison = ranking.comparison
    project = comparison.prompt.project
    with transaction.atomic():
        queues.lock(project)
        undone, _ = latest_of(project, by).filter(pk=ranking.pk).exclude(FROZEN).delete()
        if not undone:
            raise Refused(STANDS)
        lease = lend_again(ranking)
        Lease.objects.filter(pk=lease.pk).update(draft=draft, draft_version=F("draft_version") + 1)
        Event.record("took a ranking back", comparison, by=by, project=project, **for_history(ranking))
