"""What prompts are: their types and how hard they are, by hand, or as the machine proposes and a person accepts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from annotation import chores, queues, tasks
from annotation.actions import Refused
from annotation.models import Chore, Event, Project

MOST_AT_ONCE = 5_000


def set_kind(
    *,
    project: Project,
    by: User,
    filter: dict[str, Any] | None = None,
    only: Iterable[Any] | None = None,
    task_type: str | None = None,
    difficulty: int | None = None,
    wait: bool = False,
) -> Chore:
    """Say of the prompts that fit, or of these alone, of which type or how hard they are; `difficulty` 0: unsaid.

    Few are done when this returns; many are left to the worker, unless one waits.
    """
    change = {
        name: value for name, value in (("task_type", task_type), ("difficulty", difficulty)) if value is not None
    }
    if not change:
        raise Refused("Choose a task type or a difficulty.")
    chosen = {name: value for name, value in (filter or {}).items() if value not in ("", None)}
    spec: dict[str, Any] = {"work": "sort", "filter": chosen, "change": change}
    if only is not None:
        spec["only"] = [str(pk) for pk in only]
    with transaction.atomic():
        chore = Chore.objects.create(project=project, kind=Chore.Kind.ARRANGE, spec=spec, created_by=by)
        Event.record("sorted prompts", project, by=by, project=project, filter=chosen, change=change)
    if wait or queues.up_to(chores.which(chore), chores.PART + 1) <= chores.PART:
        return chores.run(chore)
    tasks.ring_after_commit(chore)
    return chore


def propose(*, project: Project, by: User, wait: bool = False) -> Chore:
    """Estimate now of which type and how hard each prompt is, where nobody has said it."""
    chore = project.chores.filter(kind=Chore.Kind.SORT).unfinished().first()
    if chore is None:
        chore = Chore.objects.create(project=project, kind=Chore.Kind.SORT, created_by=by)
    if wait:
        return chores.run(chore)
    tasks.ring_after_commit(chore)
    return chore


def accept(*, project: Project, by: User, task_type: str, certainty: float = 0.0) -> int:
    """Take over a proposed type where it is at least so certain, for up to some thousand prompts: how many."""
    with transaction.atomic():
        rows = project.prompts.filter(task_type="", proposed_task_type=task_type, type_certainty__gte=certainty)
        chosen = list(rows.order_by("position").values_list("pk", flat=True)[:MOST_AT_ONCE]) if task_type else []
        accepted = project.prompts.filter(pk__in=chosen, task_type="").update(
            task_type=F("proposed_task_type"), proposed_task_type="", type_certainty=None
        )
        if not accepted:
            raise Refused("No prompt is proposed for this type any more.")
        Event.record("accepted task types", project, by=by, project=project, task_type=task_type, prompts=accepted)
    return accepted
