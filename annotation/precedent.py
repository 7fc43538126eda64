"""What was approved for prompts like this one.

Compared are a bounded number of responses: those of the same group, and the ones of the same task type among the
latest that were handed in. Prompts are alike in the words that few of these have (tf-idf, cosine).
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from django.db.models import F, QuerySet

from annotation import texts
from annotation.models import Demonstration, Prompt, Split

LATEST = 2_000  # handed in lately, of any project: no more are looked through
COMPARED = 200
SHOWN = 3
ALIKE = 0.15
LONGEST = 4_000  # characters of a prompt that are compared


@dataclass(frozen=True)
class Precedent:
    demonstration: Demonstration
    likeness: float
    same_group: bool

    @property
    def percent(self) -> int:
        return round(100 * self.likeness)


def precedents(prompt: Prompt) -> list[Precedent]:
    """At most three, the most alike first. Nothing of what is held out, of this very prompt, or of one that others
    are still to answer on their own."""
    found = _candidates(prompt)
    if not found:
        return []
    bags = [Counter(_words(each.prompt)) for each in found]
    own = Counter(_words(prompt))
    seen = Counter(word for bag in [own, *bags] for word in bag)
    weights = {word: 1 + math.log((1 + len(bags)) / number) for word, number in seen.items()}
    compared = [
        Precedent(each, _cosine(own, bag, weights), bool(prompt.group) and each.prompt.group == prompt.group)
        for each, bag in zip(found, bags, strict=True)
    ]
    alike = [each for each in compared if each.likeness >= ALIKE]
    return sorted(alike, key=lambda each: -each.likeness)[:SHOWN]


def _candidates(prompt: Prompt) -> list[Demonstration]:
    approved = (
        Demonstration.objects.approved()
        .filter(project=prompt.project_id)
        .exclude(prompt=prompt)
        .exclude(prompt__split=Split.EVALUATION)
        .filter(prompt__answers_done__gte=F("prompt__answers_needed"))
        .exclude(text="")
        .select_related("prompt", "author")
    )
    latest = Demonstration.objects.approved().order_by("-submitted_at").values("pk")[:LATEST]
    same_kind = approved.filter(pk__in=latest, prompt__task_type=prompt.task_type).order_by("-submitted_at")
    near = _of_group(approved, prompt)
    return list({each.pk: each for each in [*near, *same_kind[:COMPARED]]}.values())


def _of_group(approved: QuerySet[Demonstration], prompt: Prompt) -> list[Demonstration]:
    if not prompt.group:
        return []
    prompts = prompt.project.prompts.filter(group=prompt.group, task_type=prompt.task_type).values("pk")[:COMPARED]
    return list(approved.filter(prompt__in=prompts).order_by()[:COMPARED])


def _words(prompt: Prompt) -> list[str]:
    """What it is about: the input, for the instruction is often the same for all."""
    about = "\n".join([*prompt.said_before, prompt.input or prompt.instruction])
    return texts.words(about[:LONGEST])


def _cosine(one: Counter[str], other: Counter[str], weights: dict[str, float]) -> float:
    shared = sum(one[word] * other[word] * weights[word] ** 2 for word in one.keys() & other.keys())
    lengths = _length(one, weights) * _length(other, weights)
    return shared / lengths if lengths else 0.0


def _length(bag: Counter[str], weights: dict[str, float]) -> float:
    return math.sqrt(sum((number * weights[word]) ** 2 for word, number in bag.items()))
