"""The rows of a project as the bias audit counts them: each response with what was decided about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.db.models import Avg, F

from annotation.bias.tallies import Row
from annotation.models import Comparison, Demonstration, Project, Prompt, Revision

Status = Demonstration.Status
# Prompt ids -> blind review's score from 0 to 1 of each that has one; the app that knows reviews adds itself.
scores: list[Callable[[list[UUID]], dict[UUID, float]]] = []


def of_project(project: Project, after: int, number: int) -> tuple[list[Row], int | None]:
    """The rows of the next prompts by position, and how far they go; None at the end. Drafts are their author's."""
    prompts = list(project.prompts.filter(position__gt=after).order_by("position")[:number])
    if not prompts:
        return [], None
    responses = Demonstration.objects.filter(prompt__in=prompts).exclude(status=Status.DRAFT).exclude(text="")
    by_prompt: dict[UUID, list[Demonstration]] = defaultdict(list)
    for response in responses.order_by("prompt_id", "pk"):
        by_prompt[response.prompt_id].append(response)
    told = facts([response.pk for each in by_prompt.values() for response in each])
    agreed, scored = _agreement(prompts), _scores(prompts)
    rows = [
        Row(
            id=str(response.pk if response else prompt.pk),
            prompt_id=str(prompt.pk),
            prompt=prompt.source,
            response=response.text if response else "",
            first=at == 0,
            agreement=agreed.get(prompt.pk) if at == 0 else None,
            score=scored.get(prompt.pk) if at == 0 else None,
            **(told.get(response.pk, {}) if response else {}),
        )
        for prompt in prompts
        for at, response in enumerate(by_prompt.get(prompt.pk) or [None])
    ]
    return rows, prompts[-1].position


def facts(demonstrations: Iterable[UUID]) -> dict[UUID, dict[str, float]]:
    """Of each that was decided on: whether it stands, was ever returned, and was changed by who approved it."""
    found = dict(Demonstration.objects.filter(pk__in=list(demonstrations)).values_list("pk", "status"))
    decided = {pk: status for pk, status in found.items() if status in (Status.APPROVED, Status.RETURNED)}
    said: dict[UUID, list[tuple[str, str]]] = defaultdict(list)
    revisions = Revision.objects.filter(demonstration__in=decided).order_by("pk")
    for pk, status, text in revisions.values_list("demonstration_id", "status", "text"):
        said[pk].append((status, text))
    return {pk: _facts(status, said[pk]) for pk, status in decided.items()}


def _facts(status: str, said: list[tuple[str, str]]) -> dict[str, float]:
    told = {
        "approved": float(status == Status.APPROVED),
        "returned": float(any(one == Status.RETURNED for one, _text in said)),
    }
    submitted = [text for one, text in said if one == Status.SUBMITTED]
    approved = [text for one, text in said if one == Status.APPROVED]
    if submitted and approved:
        told["corrected"] = float(submitted[-1] != approved[-1])
    return told


def _agreement(prompts: list[Prompt]) -> dict[UUID, float]:
    """Mean of the prompt's comparisons that several people ranked: 1 less how far they are apart on average."""
    ranked = Comparison.objects.filter(prompt__in=prompts, dispute__isnull=False, rankings_done__gt=1)
    apart = ranked.order_by().values("prompt_id").annotate(apart=Avg(F("dispute") / F("rankings_done")))
    return {each["prompt_id"]: min(1.0, max(0.0, 1.0 - each["apart"])) for each in apart}


def _scores(prompts: list[Prompt]) -> dict[UUID, float]:
    found: dict[UUID, float] = {}
    for ask in scores:
        found |= ask([prompt.pk for prompt in prompts])
    return found


def text_of(messages: Any) -> str:
    """Of a conversation as it is frozen."""
    return "\n".join(message["content"] for message in messages or [])
