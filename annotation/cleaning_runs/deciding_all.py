"""The worker's part of a decision about many findings: some hundred at a time."""

from __future__ import annotations

import time

from django.utils import timezone

from annotation.cleaning_runs.findings import visible
from annotation.models import BulkDecision, Decision, Finding, FindingDecision, FindingQuerySet

AT_ONCE = 500
BREATH = 0.02
DECIDED = {Decision.CONFIRM: Finding.Status.CONFIRMED, Decision.DISMISS: Finding.Status.DISMISSED}


def reached(bulk: BulkDecision) -> FindingQuerySet:
    """What is still to decide of it. What was found after it was asked for is not meant."""
    if bulk.undoes_id:
        return Finding.objects.filter(project=bulk.project_id, bulk=bulk.undoes_id)
    assert bulk.created_by is not None
    rows = visible(bulk.project, bulk.created_by, bulk.senior).open().filter(kind=bulk.kind)
    return rows.filter(run__created_at__lte=bulk.created_at)


def do(work: BulkDecision) -> None:
    if work.total is None:
        with work.part():
            work.total = reached(work).count()
    after = work.state.get("after")
    while True:
        rows = reached(work).order_by("id")
        some = list((rows.filter(id__gt=after) if after else rows)[:AT_ONCE])
        if not some:
            return
        after = str(some[-1].pk)
        with work.part():
            work.done += _decide(work, some)
            work.state = {"after": after}
        time.sleep(BREATH)


def _decide(work: BulkDecision, some: list[Finding]) -> int:
    """Those that nobody decided in the meantime."""
    pks = [finding.pk for finding in some]
    now_open = {finding.pk: finding for finding in reached(work).filter(pk__in=pks).select_for_update(of=("self",))}
    rows, by = Finding.objects.filter(pk__in=now_open), work.created_by
    assert by is not None
    if work.undoes_id:
        rows.reopen()
    else:
        rows.update(status=DECIDED[Decision(work.act)], decided_by=by, decided_at=timezone.now(), bulk=work)
    FindingDecision.objects.bulk_create(
        FindingDecision(finding_id=pk, act=work.act, replacement=finding.replacement, bulk=work, by=by)
        for pk, finding in now_open.items()
    )
    return len(now_open)
