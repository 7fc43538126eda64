"""Things done to many prompts, part by part, each part in a transaction of its own: others work on meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from annotation import arranging, informative, parts, queues, sorted_prompts
from annotation.models import Chore, PromptQuerySet

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
    Chore.Kind.SORT: Work(sorted_prompts.which, sorted_prompts.some, sorted_prompts.begin),
}


def run(chore: Chore) -> Chore:
    """To its end, from where an earlier attempt had come; does nothing when somebody else is at it."""
    return parts.run(chore, do)


def which(chore: Chore) -> PromptQuerySet:
    return WORK[Chore.Kind(chore.kind)].which(chore)


def do(chore: Chore) -> None:
    """Part after part; of a chore that is claimed."""
    work = WORK[Chore.Kind(chore.kind)]
    if work.begin:
        work.begin(chore)
    while _part(chore, work):
        pass


def _part(chore: Chore, work: Work) -> bool:
    with chore.part():
        queues.lock(chore.project)
        rows = work.which(chore).filter(position__gt=chore.after).order_by("position").values_list("pk", "position")
        some = list(rows[:PART])
        chore.changed += work.some(chore, [pk for pk, _position in some]) if some else 0
        chore.after = some[-1][1] if some else chore.after
    return len(some) == PART
