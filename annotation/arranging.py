"""What admins set for many prompts at once: whom they are for, when they come, and how many people each needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet, Value
from django.db.models.functions import Greatest

from annotation import selection
from annotation.models import Assignment, Chore, Comparison, Prompt, PromptQuerySet, Split
from annotation.quality import disputes

WRITE, RANK, APPROVE, SORT = "write", "rank", "approve", "sort"


def which(chore: Chore) -> PromptQuerySet:
    spec = chore.spec
    if spec.get("only"):
        return chore.project.prompts.filter(pk__in=spec["only"])
    return selection.matching(chore.project, spec.get("filter", {}))


def some(chore: Chore, prompts: list[UUID]) -> int:
    """Change these prompts, or what is ranked of them. What is so already is left alone and not counted."""
    change = chore.spec["change"]
    rows = items(chore.spec["work"], prompts)
    changed = 0
    for name, value in change.items():
        changed += SETTERS[name](rows, chore.spec["work"], value)
    return changed


def items(work: str, prompts: list[UUID]) -> QuerySet[Any]:
    if work == RANK:
        return Comparison.objects.filter(prompt__in=prompts).order_by()
    if work == SORT:
        return Prompt.objects.filter(pk__in=prompts).order_by()
    return Prompt.objects.filter(pk__in=prompts).exclude(split=Split.EVALUATION).order_by()


def _set_priority(rows: QuerySet[Any], work: str, priority: int) -> int:
    return rows.exclude(priority=priority).update(priority=priority)


def _assign(rows: QuerySet[Any], work: str, assignment: int | None) -> int:
    name = "approval_assignment" if work == APPROVE else "assignment"
    kept = rows.exclude(**{name: None})
    if assignment is None:
        return kept.update(**{name: None})
    chosen = Assignment.objects.get(pk=assignment)
    return (rows.filter(**{name: None}) | kept.exclude(**{name: chosen})).update(**{name: chosen})


def _set_people(rows: QuerySet[Any], work: str, people: int) -> int:
    """Never fewer rankings than have been given. A prompt may have more answers than it now needs.

    What comes to people unannounced stays as it is: it would become a usual comparison that is never done. What was
    decided asks nobody anew.
    """
    if work == RANK:
        rows = rows.filter(repeat_of=None, gold=None, adjudication=None)
        enough: Any = Greatest(Value(people), F("rankings_done"))
        changed = list(rows.exclude(rankings_needed=enough).values_list("pk", flat=True))
        Comparison.objects.filter(pk__in=changed).update(rankings_needed=enough)
        disputes.settle(changed)
        return len(changed)
    return rows.exclude(answers_needed=people).update(answers_needed=people)


def _set_people_of_open(rows: QuerySet[Any], work: str, people: int) -> int:
    """What has enough already stays done, also where the new number is higher."""
    done, needed = ("rankings_done", "rankings_needed") if work == RANK else ("answers_done", "answers_needed")
    return _set_people(rows.filter(**{f"{done}__lt": F(needed)}), work, people)


def _set_task_type(rows: QuerySet[Any], work: str, task_type: str) -> int:
    named = rows.exclude(task_type=task_type)
    return named.update(task_type=task_type, proposed_task_type="", type_certainty=None)


def _set_difficulty(rows: QuerySet[Any], work: str, difficulty: int) -> int:
    """0: nobody has said it; the estimate holds again."""
    said = difficulty or None
    changed = rows.exclude(difficulty=said) if said is None else rows.exclude(difficulty__isnull=False, difficulty=said)
    return changed.update(difficulty=said)


SETTERS: dict[str, Callable[[QuerySet[Any], str, Any], int]] = {
    "task_type": _set_task_type,
    "difficulty": _set_difficulty,
    "priority": _set_priority,
    "assignment": _assign,
    "people": _set_people,
    "people_of_open": _set_people_of_open,
}
