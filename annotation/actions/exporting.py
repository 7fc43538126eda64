"""A project's data as JSON Lines, row by row: the same rows in the same bytes as long as nothing changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Prefetch, Q

from annotation.models import Comparison, ComparisonQuerySet, Demonstration, Event, Priority, Project, Prompt, Ranking
from annotation.quality.agreed import agreed, of_correction
from annotation.templating import render

CHUNK = 500


def lines(project: Project, kind: str) -> Iterator[str]:
    """One JSON object per line."""
    for row in KINDS[kind](project):
        yield json.dumps(row, ensure_ascii=False) + "\n"


def record_export(*, project: Project, kind: str, by: User) -> None:
    """Who took what out is part of the history."""
    Event.record("exported data", project, by=by, project=project, kind=kind)


def file_name(project: Project, kind: str) -> str:
    return f"{project.name} {kind}.jsonl"


def _demonstrations(project: Project) -> Iterator[dict[str, Any]]:
    """TRL's prompt-completion format."""
    approved = Demonstration.objects.approved().filter(prompt__project=project).select_related("prompt")
    for one in approved.order_by("prompt__position", "pk").iterator(CHUNK):
        yield {
            "id": _id(one.prompt),
            "group": one.prompt.group,
            "split": one.prompt.split,
            "prompt": _asked(project, one.prompt),
            "completion": _said(one.text),
        }


def _preferences(project: Project) -> Iterator[dict[str, Any]]:
    """TRL's preference format with an explicit prompt; pairs that too few agree on are left out."""
    together = agreed(project, _judged(project))
    for comparison in _compared(project):
        texts = {str(candidate.pk): candidate.text for candidate in comparison.candidates.all()}
        for pair in together.pairs.get(str(comparison.pk), []):
            yield {
                "id": f"{comparison.pk}:{pair.chosen[:8]}:{pair.rejected[:8]}",
                "group": comparison.prompt.group,
                "split": comparison.prompt.split,
                "prompt": _asked(project, comparison.prompt),
                "chosen": _said(texts[pair.chosen]),
                "rejected": _said(texts[pair.rejected]),
                **together.figures(pair),
            }
    for made, pair in together.corrections:
        prompt, answer = made.correction.comparison.prompt, str(made.correction.demonstration_id)
        yield {
            "id": f"{made.comparison_id}:{answer[:8]}:{str(made.rejected.pk)[:8]}",
            "group": prompt.group,
            "split": prompt.split,
            "prompt": _asked(project, prompt),
            "chosen": _said(made.chosen),
            "rejected": _said(made.rejected.text),
            **of_correction(made, pair, together.rankers[pair.comparison]),
        }


def _rankings(project: Project) -> Iterator[dict[str, Any]]:
    """Every judgement as it was given, with what it was given for: work, training, or to be asked again."""
    for comparison in _compared(project, again=True):
        candidates = [
            {"id": str(candidate.pk), "source": candidate.source, "text": candidate.text}
            for candidate in comparison.candidates.all()
        ]
        for ranking in comparison.rankings.all():
            yield {
                "id": str(ranking.pk),
                "comparison": str(comparison.pk),
                "prompt": _id(comparison.prompt),
                "candidates": candidates,
                "order": ranking.order,
                "strength": ranking.strength,
                "acceptable": ranking.acceptable,
                "all_bad": ranking.all_bad,
                "criteria": ranking.criteria,
                "chips": ranking.chips,
                "reason": ranking.reason,
                "marks": [
                    {"candidate": str(mark.candidate_id), "kind": mark.kind, "start": mark.start, "end": mark.end}
                    for mark in ranking.marks.all()
                ],
                "shown": ranking.shown,
                "active_seconds": ranking.active_seconds,
                "repeat_of": str(comparison.repeat_of_id or ""),
                "known_answer": hasattr(comparison, "gold"),
                "in_training": ranking.in_training,
                "ranker": ranking.ranker.username,
                "created_at": ranking.created_at.isoformat(),
            }


def _prompts(project: Project) -> Iterator[dict[str, Any]]:
    """What the importer takes: a project can be moved with it."""
    approved = Prefetch("demonstrations", Demonstration.objects.approved().order_by("reviewed_at", "pk"))
    for prompt in project.prompts.order_by("position").prefetch_related(approved).iterator(CHUNK):
        answers = [one.text for one in prompt.demonstrations.all()]
        yield {
            "id": _id(prompt),
            "group": prompt.group,
            "task_type": prompt.task_type,
            "split": prompt.split,
            "priority": Priority(prompt.priority).label.lower(),
            **({"answers_needed": prompt.answers_needed} if prompt.answers_needed else {}),
            "instruction": prompt.instruction,
            "input": prompt.input,
            **({"history": prompt.history} if prompt.history else {}),
            "response": answers[0] if answers else prompt.reference,
        }


KINDS: dict[str, Callable[[Project], Iterator[dict[str, Any]]]] = {
    "demonstrations": _demonstrations,
    "preferences": _preferences,
    "rankings": _rankings,
    "prompts": _prompts,
}


def _judged(project: Project, again: bool = False) -> ComparisonQuerySet:
    """Those that somebody ranked, or whose answer is known or decided; `again`: also those asked once more."""
    found = Comparison.objects.filter(project=project)
    ranked = Q(Exists(Ranking.objects.filter(comparison_id=OuterRef("pk"))))
    return (found if again else found.originals()).filter(ranked | Q(pk__in=found.decided().values("pk")))


def _compared(project: Project, again: bool = False) -> Iterator[Comparison]:
    given = Ranking.objects.select_related("ranker").prefetch_related("marks")
    rankings = Prefetch("rankings", given.order_by("created_at", "pk"))
    comparisons = _judged(project, again).select_related("prompt", "gold").prefetch_related("candidates", rankings)
    return comparisons.order_by("prompt__position", "created_at", "pk").iterator(CHUNK)


def _id(prompt: Prompt) -> str:
    return prompt.external_id or str(prompt.pk)


def _asked(project: Project, prompt: Prompt) -> list[dict[str, str]]:
    last = {"role": "user", "content": render(project.instruction_template, prompt.instruction, prompt.input)}
    return [*prompt.history, last]


def _said(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]
