"""Which type of task a prompt likely is, told from the words of those whose type people have given.

Multinomial naive Bayes over distinct words in hashed buckets, with add-one smoothing (Manning, Raghavan, Schütze:
Introduction to Information Retrieval, ch. 13). Its probabilities are too sure of themselves, so that what counts is
how often it is right about prompts that it has not seen: `share_right`.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.texts import words

BUCKETS = 4096
MOST_WORDS = 400
FEWEST = 5  # prompts of a type, below which it is not told from others
PARTS = 5  # in which prompts are held back in turn, to see how often it is right


@dataclass(frozen=True)
class Told:
    task_type: str
    certainty: float


def buckets(text: str) -> list[int]:
    return sorted({zlib.crc32(word.encode()) % BUCKETS for word in words(text)[:MOST_WORDS]})


class Types:
    def __init__(self, counts: Mapping[str, Counter[int]], prompts: Mapping[str, int]) -> None:
        self._prompts = {name: number for name, number in prompts.items() if number >= FEWEST}
        self._counts = {name: counts[name] for name in self._prompts}
        self._words = {name: sum(found.values()) for name, found in self._counts.items()}

    @classmethod
    def of(cls, typed: Iterable[tuple[str, list[int]]]) -> Types:
        """From (type, buckets) of prompts whose type is known."""
        counts: dict[str, Counter[int]] = {}
        prompts: Counter[str] = Counter()
        for name, found in typed:
            counts.setdefault(name, Counter()).update(found)
            prompts[name] += 1
        return cls(counts, prompts)

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> Types:
        counts = {name: Counter({int(one): number for one, number in found}) for name, found in kept["counts"].items()}
        return cls(counts, kept["prompts"])

    def as_json(self) -> dict[str, Any]:
        return {
            "prompts": self._prompts,
            "counts": {name: sorted(found.items()) for name, found in self._counts.items()},
        }

    @property
    def can_tell(self) -> bool:
        return len(self._prompts) > 1

    def tell(self, found: Sequence[int]) -> Told | None:
        """None where there are not two types to choose from, or no words to tell by."""
        if not self.can_tell or not found:
            return None
        scores = {name: self._score(name, found) for name in sorted(self._prompts)}
        best = max(scores, key=lambda name: scores[name])
        total = sum(math.exp(score - scores[best]) for score in scores.values())
        return Told(best, round(1 / total, 3))

    def _score(self, name: str, found: Sequence[int]) -> float:
        """The mean over the words, so that long prompts are not surer by their length alone."""
        below = math.log(self._words[name] + BUCKETS)
        counts = self._counts[name]
        likely = sum(math.log(counts[one] + 1) - below for one in found)
        prior = math.log(self._prompts[name] / sum(self._prompts.values()))
        return prior + likely / math.sqrt(len(found))


def share_right(typed: Sequence[tuple[str, list[int]]], certainty: float) -> tuple[int, int]:
    """Of prompts held back in turn, those told with at least this certainty: how many rightly, of how many."""
    right = told = 0
    for part in range(PARTS):
        known = Types.of(each for place, each in enumerate(typed) if place % PARTS != part)
        for name, found in typed[part::PARTS]:
            answer = known.tell(found)
            if answer and answer.certainty >= certainty:
                told += 1
                right += answer.task_type == name
    return right, told
