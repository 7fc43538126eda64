"""The worker's estimate of each prompt's type and difficulty. What a person has said is never changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, Sum

from annotation.informative import wording
from annotation.models import Chore, Comparison, Demonstration, Prompt, PromptQuerySet
from annotation.sorting import difficulty
from annotation.sorting.difficulty import Ranks
from annotation.sorting.types import Types, buckets, share_right
from annotation.texts import words

LOOKED_AT = 5_000  # prompts from which types and ranks are learned; the newest of them
CERTAIN = 0.8
RIGHT_ENOUGH = 0.7  # of prompts held back, or no type is proposed
DONE = [Demonstration.Status.SUBMITTED, Demonstration.Status.APPROVED]
Signs = dict[str, float]


def begin(chore: Chore) -> None:
    """What is learned from the project, once for the whole of it."""
    if "signs" in chore.state:
        return
    newest = list(chore.project.prompts.order_by("-position").values_list("pk", flat=True)[:LOOKED_AT])
    values: dict[str, list[float]] = defaultdict(list)
    for start in range(0, len(newest), 500):
        for signs in signs_of(newest[start : start + 500]).values():
            for name, value in signs.items():
                values[name].append(value)
    typed = _typed(chore)
    right, told = share_right(typed, CERTAIN)
    trusted = Types.of(typed if told and right >= RIGHT_ENOUGH * told else [])
    chore.state = {"signs": Ranks(values).as_json(), "types": trusted.as_json()}
    chore.spec = {**chore.spec, "right": right, "told": told}
    Chore.objects.filter(pk=chore.pk).update(spec=chore.spec)


def _typed(chore: Chore) -> list[tuple[str, list[int]]]:
    known = chore.project.prompts.exclude(task_type="").order_by("-position")
    rows = known.values_list("task_type", "instruction", "input", "history")[:LOOKED_AT]
    return [(name, buckets(wording(*asked))) for name, *asked in rows.iterator(chunk_size=500)]


def which(chore: Chore) -> PromptQuerySet:
    return chore.project.prompts.all()


def some(chore: Chore, prompts: list[UUID]) -> int:
    known, ranks = Types.of_json(chore.state["types"]), Ranks(chore.state["signs"])
    signs = signs_of(prompts)
    changed = []
    for prompt in Prompt.objects.filter(pk__in=prompts).defer("reference"):
        if _estimate(prompt, known, ranks, signs.get(prompt.pk, {})):
            changed.append(prompt)
    fields = ["proposed_task_type", "type_certainty", "estimated_difficulty", "difficulty_reasons"]
    Prompt.objects.bulk_update(changed, fields, batch_size=200)
    return len(changed)


def _estimate(prompt: Prompt, known: Types, ranks: Ranks, signs: Signs) -> bool:
    """Whether anything about it is estimated otherwise than before."""
    before = _estimates(prompt)
    told = None if prompt.task_type else known.tell(buckets(wording(prompt.instruction, prompt.input, prompt.history)))
    sure = told if told and told.certainty >= CERTAIN else None
    prompt.proposed_task_type, prompt.type_certainty = (sure.task_type, sure.certainty) if sure else ("", None)
    found = difficulty.estimate(signs, ranks)
    prompt.estimated_difficulty = found.difficulty if found else None
    prompt.difficulty_reasons = list(found.reasons) if found else []
    return _estimates(prompt) != before


def _estimates(prompt: Prompt) -> tuple[Any, ...]:
    return (
        prompt.proposed_task_type,
        prompt.type_certainty,
        prompt.estimated_difficulty,
        tuple(prompt.difficulty_reasons),
    )


def signs_of(prompts: Iterable[UUID]) -> dict[UUID, Signs]:
    """What is known of each: words to read, and what its answers and rankings cost."""
    wanted = list(prompts)
    found: dict[UUID, Signs] = {}
    asked = Prompt.objects.filter(pk__in=wanted).order_by().values_list("pk", "instruction", "input", "history")
    for pk, *texts in asked:
        found[pk] = {"words": float(len(words(wording(*texts))))}
    _of_answers(wanted, found)
    disputed = Comparison.objects.filter(prompt__in=wanted, dispute__isnull=False).order_by().values("prompt_id")
    for row in disputed.annotate(most=Max("dispute")):
        found[row["prompt_id"]]["dispute"] = float(row["most"])
    return found


def _of_answers(wanted: list[UUID], found: dict[UUID, Signs]) -> None:
    answers = Demonstration.objects.filter(prompt__in=wanted, status__in=DONE).order_by()
    for pk, text in answers.values_list("prompt_id", "text"):
        found[pk]["answer"] = max(found[pk].get("answer", 0.0), float(len(words(text))))
    returned = Q(revisions__status=Demonstration.Status.RETURNED)
    own = answers.exclude(origin=Demonstration.Origin.IMPORTED).values("prompt_id")
    for row in own.annotate(returns=Count("revisions", filter=returned)):
        found[row["prompt_id"]]["returns"] = float(row["returns"])
    for spent in own.annotate(seconds=Sum("active_seconds")):
        if spent["seconds"]:
            found[spent["prompt_id"]]["seconds"] = float(spent["seconds"])
