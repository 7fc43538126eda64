"""From whose answers the model would learn most: an estimate for each prompt, between 0 and 1.

Three parts, each between 0 and 1; the value is the mean of those that are known of a prompt.

- Diversity: how much of the prompt's wording the answered prompts do not cover yet. Words are hashed into buckets; an
  answered prompt adds one to the mass m of each bucket that its distinct words fall into. What a prompt x would add to
  the sum of the square roots of the masses, divided by what it would add to nothing: a feature-based submodular
  coverage function (Wei, Iyer, Bilmes: Submodularity in Data Subset Selection and Active Learning, ICML 2015). Words
  that every prompt has are soon covered and weigh nothing.
- Disagreement: how much the candidates prepared for the prompt differ, the mean over pairs of the share of their
  distinct words that only one of both has (Jaccard distance; a query-by-committee criterion).
- Doubt: how unsure the model was of what it wrote, where the apps above have measured it; they add a function to
  `doubts`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from itertools import combinations
from math import sqrt
from uuid import UUID

from annotation import texts
from annotation.models import Candidate, Chore, Project, Prompt, PromptQuerySet

BUCKETS = 4096
STEP = 0.01  # of the values that are stored: fewer differ, so fewer are written
COVERED_FIRST = 20_000  # answered prompts that are read to know what they cover; the newest of them
IN_ONE_LINE = (
    "First come prompts that differ most from those answered already, whose candidates differ most from each other, "
    "and of whose candidates the model was least sure; priorities still go first."
)
Doubts = Callable[[Project, list[UUID]], dict[UUID, float]]
doubts: list[Doubts] = []


def wording(instruction: str, input_: str, history: list[dict[str, str]]) -> str:
    """All that is said to the model, before this turn too."""
    return " ".join([*(message["content"] for message in history), instruction, input_])


def buckets(text: str) -> set[int]:
    return {zlib.crc32(word.encode()) % BUCKETS for word in set(texts.words(text))}


def novelty(found: Iterable[int], mass: list[int]) -> float:
    """1 where nothing of it is covered; 0 for a text without words, from which nothing can be learned."""
    own = list(found)
    return sum(sqrt(mass[one] + 1) - sqrt(mass[one]) for one in own) / len(own) if own else 0.0


def disagreement(candidates: list[str]) -> float | None:
    """None where there are not two to compare."""
    sets = [set(texts.words(text)) for text in candidates]
    pairs = [1 - len(one & other) / len(one | other) for one, other in combinations(sets, 2) if one | other]
    return sum(pairs) / len(pairs) if pairs else None


def value(parts: Iterable[float | None]) -> float:
    known = [part for part in parts if part is not None]
    return round(sum(known) / len(known) / STEP) * STEP if known else 0.0


# --- As a chore: first what is covered, then each open prompt --------------------------------------------------


def begin(chore: Chore) -> None:
    """What the answered prompts cover, once for the whole of it."""
    if "mass" in chore.state:
        return
    mass = [0] * BUCKETS
    answered = chore.project.prompts.for_teaching().filter(answers_done__gt=0).order_by("-position")
    rows = answered.values_list("instruction", "input", "history")[:COVERED_FIRST]
    for asked in rows.iterator(chunk_size=500):
        for one in buckets(wording(*asked)):
            mass[one] += 1
    chore.state["mass"] = mass


def which(chore: Chore) -> PromptQuerySet:
    return chore.project.prompts.awaiting_response()


def some(chore: Chore, prompts: list[UUID]) -> int:
    rows = Prompt.objects.filter(pk__in=prompts).values_list("pk", "expected_value", "instruction", "input", "history")
    candidates = _candidates(prompts)
    unsure: dict[UUID, float] = {}
    for ask in doubts:
        unsure |= ask(chore.project, prompts)
    groups: dict[float, list[UUID]] = {}
    for pk, before, *asked in rows:
        new = novelty(buckets(wording(*asked)), chore.state["mass"])
        now = value([new, disagreement(candidates.get(pk, [])), unsure.get(pk)])
        if abs(now - before) > STEP / 2:
            groups.setdefault(now, []).append(pk)
    return sum(Prompt.objects.filter(pk__in=pks).update(expected_value=now) for now, pks in groups.items())


def _candidates(prompts: list[UUID]) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = {}
    rows = Candidate.objects.filter(comparison__prompt__in=prompts).order_by()
    for prompt, text in rows.values_list("comparison__prompt_id", "text"):
        found.setdefault(prompt, []).append(text)
    return found
