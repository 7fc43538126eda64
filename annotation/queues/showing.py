"""In which order somebody sees the candidates of a comparison: decided once, when it is handed out, and stored."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from annotation import sides
from annotation.models import Candidate, Comparison, Lease, Ranker, Ranking
from annotation.queues.lending import lock
from annotation.ranking import display_order


def show(lease: Lease, ranker: Ranker | None = None) -> Lease:
    """The lease with its order. Whoever has locked the project gives the ranker, and stores what changed of them."""
    if lease.shown:
        return lease
    if ranker:
        lease.shown = _decide(lease, ranker)
        Lease.objects.filter(pk=lease.pk).update(shown=lease.shown)
        return lease
    with transaction.atomic():
        lock(lease.project)
        ranker = Ranker.of(lease.project, lease.user)
        show(lease, ranker)
        ranker.keep("ahead")
    return lease


def order_for(comparison: Comparison, user: User) -> list[str]:
    """The candidates' ids as this person sees them, A first: as they were lent to them, or as they judged them."""
    lent = Lease.objects.filter(kind=Lease.Kind.RANK, item_id=comparison.pk, user=user)
    judged = Ranking.objects.filter(comparison=comparison, ranker=user)
    for rows in (lent, judged):
        if order := rows.values_list("shown", flat=True).first():
            return list(order)
    candidates = [str(pk) for pk in comparison.candidates.values_list("pk", flat=True)]
    return display_order(candidates, comparison.seed, user.pk)


def _decide(lease: Lease, ranker: Ranker) -> list[str]:
    candidates = Candidate.objects.filter(comparison_id=lease.item_id)
    rows = list(candidates.values_list("pk", "source", "comparison__seed", "comparison__repeat_of_id"))
    sources = {str(pk): source for pk, source, _, _ in rows}
    _, _, seed, repeat_of = rows[0]
    if repeat_of:
        return _swapped(lease, repeat_of)
    if lease.draft:  # begun when the order came from the seed alone: what was chosen stands in its letters
        return display_order(sources, seed, ranker.user_id)
    before = _counts(ranker)
    order = sides.balanced_order(list(sources.items()), before, sides.order_seed(seed, ranker.user_id))
    after = sides.counted([(each, sources[each]) for each in order], before)
    ranker.ahead = {}
    for (one, other), times in after.items():
        ranker.ahead.setdefault(one, {})[other] = times
    return order


def _counts(ranker: Ranker) -> dict[tuple[str, str], int]:
    return {(one, other): times for one, others in ranker.ahead.items() for other, times in others.items()}


def _swapped(lease: Lease, repeat_of: UUID) -> list[str]:
    """What was last comes first. The same texts are other candidates here, so that nothing tells the two apart."""
    original = Comparison.objects.get(pk=repeat_of)
    texts = {str(pk): text for pk, text in original.candidates.values_list("pk", "text")}
    again = Candidate.objects.filter(comparison_id=lease.item_id)
    here = {text: str(pk) for pk, text in again.values_list("pk", "text")}
    return [here[texts[each]] for each in reversed(order_for(original, lease.user))]
