"""How far people are apart on each comparison, kept on it: the list of disagreements is read in order, and is never
older than the last judgement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from django.db.models import Sum

from annotation.agreement import BAD, Kind, apart
from annotation.models import Comparison, ComparisonQuerySet, Project, Ranking
from annotation.quality.judged import preference_of


def settle(comparisons: Collection[UUID]) -> None:
    """After what was said of them, or how many are to say it, has changed; in the same transaction."""
    of_them = Comparison.objects.filter(pk__in=comparisons)
    ready = set(of_them.comparable().values_list("pk", flat=True))
    of_them.exclude(pk__in=ready).exclude(dispute=None).update(dispute=None)
    said: dict[UUID, list[Ranking]] = defaultdict(list)
    if not ready:
        return
    for each in Ranking.objects.filter(comparison__in=ready, in_training=False):
        said[each.comparison_id].append(each)
    by_size: dict[float | None, list[UUID]] = defaultdict(list)
    for pk in ready:
        by_size[dispute(said[pk])].append(pk)
    for size, these in by_size.items():
        Comparison.objects.filter(pk__in=these).update(dispute=size)


def dispute(rankings: Collection[Ranking]) -> float | None:
    """Of all rankings of one comparison. Weighed with the number of people, as alpha does: settling the comparison
    with the greatest raises agreement most."""
    named = sorted({each for ranking in rankings for group in ranking.order for each in group})
    if len(named) == 2:
        labels = [label for each in rankings if (label := preference_of(each, named[0])) is not None]
        far = apart(Kind.PREFERENCE, labels)
    else:
        far = apart(Kind.ORDER, [BAD if each.all_bad else each.order for each in rankings])
    return None if far is None else far * len(rankings)


def differing(project: Project) -> ComparisonQuerySet:
    """What would settle most first."""
    return Comparison.objects.filter(project=project, dispute__gt=0).order_by("-dispute", "pk")


def alike(project: Project) -> ComparisonQuerySet:
    """Those on which everybody said the same."""
    return Comparison.objects.filter(project=project, dispute=0).order_by("pk")


def total(project: Project) -> float:
    """What there is to settle in all."""
    return differing(project).order_by().aggregate(total=Sum("dispute"))["total"] or 0.0
