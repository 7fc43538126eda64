"""The worker's part in swapped copies: it reads the audit's rows piece by piece and proposes a copy of each."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from annotation.actions import swapped_copies
from annotation.bias.matching import Matcher
from annotation.bias.tallies import OwnLists
from annotation.models import BiasLists, Demonstration
from training.freezing.datasets import demonstrations_to_freeze
from training.models import SwapRun, VersionRow

PART = 200


def do(work: SwapRun) -> None:
    matcher = _matcher(work)
    roles = BiasLists.of(work.project).roles
    rows = _rows(work)
    if work.total is None:
        with work.part():
            work.total = rows.count()
    while work.proposed < work.most and (some := _next(rows, work.state.get("after"))):
        with work.part():
            named = [each for each in some if matcher is None or _names(each, matcher)]
            work.proposed += swapped_copies.propose(
                named,
                work.kind,
                roles=roles,
                origins=work.origins,
                source=str(work.audit_id),
                most=work.most - work.proposed,
            )
            work.state = {"after": str(some[-1].pk)}
            work.done += len(some)


def _rows(work: SwapRun) -> QuerySet[Demonstration]:
    """No copy of a copy, and none of what is held out."""
    rows = demonstrations_to_freeze(work.project).exclude(origin=Demonstration.Origin.SWAPPED)
    if version := work.audit.dataset_version:
        frozen = VersionRow.objects.filter(version=version, demonstration__isnull=False, erased=False)
        rows = rows.filter(pk__in=frozen.values("demonstration"))
    return rows.select_related("prompt").order_by("pk")


def _next(rows: QuerySet[Demonstration], after: str | None) -> list[Demonstration]:
    return list((rows.filter(pk__gt=UUID(after)) if after else rows)[:PART])


def _matcher(work: SwapRun) -> Matcher | None:
    own = OwnLists.of(work.audit.lists["groups"], work.audit.lists["outcomes"])
    chosen = [group for group in own.all_groups if group.key in work.groups]
    return Matcher(chosen) if chosen else None


def _names(original: Demonstration, matcher: Matcher) -> bool:
    return bool(matcher.find(original.prompt.source) or matcher.find(original.text))
