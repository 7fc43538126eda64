from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import transaction

from annotation import parts, tasks
from annotation.actions import Refused
from annotation.bias import lists
from annotation.bias.swapping import ORIGIN
from annotation.models import Event, Project
from training import swapping
from training.models import BiasAudit, SwapRun

MOST_COPIES = 10_000


def propose_copies(
    *,
    audit: BiasAudit,
    by: User,
    kind: str,
    groups: Sequence[str] = (),
    origins: Sequence[str] = (),
    most: int = 100,
    wait: bool = False,
) -> SwapRun:
    """For people to decide on; of `groups` by their keys, or of all rows. The worker does it, unless one waits."""
    if not audit.report:
        raise Refused("This audit has not read everything yet. Wait for its report.")
    known = {group["key"] for each in audit.report["attributes"] for group in each["groups"]}
    if unknown := sorted(set(groups) - known):
        raise Refused(f"The audit has no group “{unknown[0][:60]}”.")
    if kind == ORIGIN and (len(set(origins)) != 2 or not set(origins) <= set(lists.origin_labels())):
        raise Refused("Choose two different origins whose names are exchanged.")
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=audit.project_id)
        if audit.project.swapruns.unfinished().exists():
            raise Refused("Copies are being proposed already. Wait for them, or stop that.")
        run = SwapRun.objects.create(
            project=audit.project,
            audit=audit,
            kind=kind,
            groups=list(groups),
            origins=list(origins) if kind == ORIGIN else [],
            most=most,
            created_by=by,
        )
        Event.record("had swapped copies proposed", run, by=by, project=audit.project, kind=kind)
        if not wait:
            tasks.ring_after_commit(run)
    return parts.run(run, swapping.do) if wait else run


def stop_copies(*, run: SwapRun, by: User) -> None:
    if not run.ask_to_stop():
        raise Refused("This is over already.")
    Event.record("stopped proposing swapped copies", run, by=by, project=run.project)


def resume_copies(*, run: SwapRun, by: User) -> None:
    with transaction.atomic():
        if not run.resume():
            raise Refused("Only what was stopped or failed can go on.")
        Event.record("went on proposing swapped copies", run, by=by, project=run.project)
        tasks.ring_after_commit(run)
