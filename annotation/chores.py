"""Things done to many prompts, part by part, each part in a transaction of its own: others work on meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import structlog
from django.db import transaction

from annotation import arranging, informative, queues
from annotation.models import Chore, PromptQuerySet

log = structlog.get_logger(__name__)
PART = 1_000


@dataclass(frozen=True)
class Work:
    """`which` prompts, in the order of their positions, and what is done to `some` of them: how many it changed."""

    which: Callable[[Chore], PromptQuerySet]
    some: Callable[[Chore, list[UUID]], int]
    begin: Callable[[Chore], None] | None = None


WORK = {
    Chore.Kind.ARRANGE: Work(arranging.which, arranging.some),
    Chore.Kind.ESTIMATE: Work(informative.which, informative.some, informative.begin),
}


class TakenOver(Exception):
    """Another process goes on with it."""


def run(chore: Chore) -> Chore:
    """To its end, from where an earlier attempt had come; does nothing when somebody else is at it."""
    if not chore.claim():
        return chore
    work = WORK[Chore.Kind(chore.kind)]
    try:
        if work.begin:
            work.begin(chore)
        while _part(chore, work):
            pass
    except TakenOver:
        chore.refresh_from_db()
    except Exception as error:
        log.exception("chore failed", chore=str(chore.pk))
        chore.end(Chore.Status.FAILED, f"{type(error).__name__}: {error}")
    else:
        chore.end(Chore.Status.DONE)
    return chore


def _part(chore: Chore, work: Work) -> bool:
    with transaction.atomic():
        queues.lock(chore.project)
        rows = work.which(chore).filter(position__gt=chore.after).order_by("position").values_list("pk", "position")
        some = list(rows[:PART])
        changed = work.some(chore, [pk for pk, _position in some]) if some else 0
        after = some[-1][1] if some else chore.after
        if not chore.go_on(after=after, changed=changed):
            raise TakenOver
    return len(some) == PART
