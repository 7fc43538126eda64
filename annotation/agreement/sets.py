"""Agreement on what one may choose several of, or none: kinds of error in an answer, reasons; and on marked places."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from annotation.agreement.figures import FEWEST, Agreement, Judged, counted
from annotation.agreement.resampling import LEVEL, Row, beyond_chance, estimate, mean

if TYPE_CHECKING:
    import numpy as np

NOBODY_MARKED = "Nobody has marked anything in what two people have judged."
ONE_MARKED = "Only one of the items that two people have judged has marks; agreement needs at least two such items."

Span = tuple[int, int]  # first character, and the one after the last


def sets_alpha(judged: Judged) -> Agreement:
    """Krippendorff's alpha (2011) of sets, two of which differ by the number of choices that only one of them has.

    With that difference the observed and the expected disagreement are the sums of those of every single choice, so
    that a choice which nearly nobody makes cannot pass for agreement on the others. For one choice, and where everybody
    makes exactly one, it is the nominal alpha.
    """
    counts = counted(judged.values())
    if counts.reason:
        return counts.undefined(counts.reason)
    choices = sorted({choice for row in counts.rows for label in row.values() for choice in label}, key=repr)
    return estimate((_row(list(row.values()), choices) for row in counts.rows), _alpha, counts)


def _row(labels: list[frozenset[Hashable]], choices: list[Hashable]) -> Row:
    """The unequal pairs of the item, of all choices; its judgements; how often each choice was made."""
    people = len(labels)
    made = [sum(choice in label for label in labels) for choice in choices]
    unequal = sum(2 * times * (people - times) for times in made) / (people - 1)
    return (unequal, people, *made)


def _alpha(sums: np.ndarray) -> np.ndarray:
    n, made = sums[..., 1], sums[..., 2:]
    expected = (2 * made * (n[..., None] - made)).sum(axis=-1)
    return beyond_chance((n - 1) * sums[..., 0], expected)


def overlap(judged: Mapping[Hashable, Mapping[Hashable, Iterable[Span]]]) -> Agreement:
    """F1 of the characters marked (Hripcsak and Rothschild 2005, for marks without a count of what is not marked):
    twice what two people both marked over what each of them marked, summed over all pairs of people and items.

    1 where all marked the same, 0 where no two marked the same; chance is not taken off. An item weighs as much as it
    has judgements, and items without marks say nothing. Undefined below two items with marks.
    """
    counts = counted(row for row in judged.values() if any(list(spans) for spans in row.values()))
    if counts.units < FEWEST:
        return counts.undefined(ONE_MARKED if counts.units else NOBODY_MARKED)
    found = estimate((_shared([_joined(spans) for spans in row.values()]) for row in counts.rows), mean, counts)
    if found.value == 0:  # as `estimate` does where no item shows any disagreement
        return replace(found, high=1 - ((1 - LEVEL) / 2) ** (1 / counts.units))
    return found


def _shared(people: list[list[Span]]) -> Row:
    both = sum(_common(one, other) for one, other in combinations(people, 2))
    return (2 * both / (len(people) - 1), sum(map(_length, people)))


def _joined(spans: Iterable[Span]) -> list[Span]:
    """In order, and none over another."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _common(one: list[Span], other: list[Span]) -> int:
    return sum(max(0, min(a[1], b[1]) - max(a[0], b[0])) for a in one for b in other)


def _length(spans: list[Span]) -> int:
    return sum(end - start for start, end in spans)
