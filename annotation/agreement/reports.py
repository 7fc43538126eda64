"""How much the people of a project agree on one kind of label: overall, pair by pair, and item by item.

"Both bad" and "all bad" answer another question than a preference does: not which answer is better, but whether any
is of use. They have no place between "A is much better" and "B is much better"; as a tie they would count as the same
answer as "both equally good". So they are two figures: the preference, among those who stated one, and beside it
whether any answer is usable, as yes or no among all. An item on which one person prefers A and the other calls both
bad has no disagreement in the first figure, a full one in the second, and a full one when items are sorted for
adjudication. "Cannot judge" is no judgement: its label is None, and it counts nowhere.

Sides must be those of the stored pair, never those of a person's screen, and which candidate is stored first must not
follow the model it comes from: or else a project in which one model mostly wins has little left to agree on by more
than chance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations
from typing import Any

from annotation.agreement import orders
from annotation.agreement.alpha import Level, krippendorff_alpha
from annotation.agreement.figures import ALL_THE_SAME, NOBODY, NOT_TWICE, Agreement, Judged
from annotation.agreement.kappa import Weights, cohen_kappa
from annotation.agreement.sets import sets_alpha

BAD = "bad"  # "both bad" for a pair, "all bad" for a list of candidates
NOBODY_CHOSE = "Nobody has chosen this."
NO_PREFERENCE = "No item has a preference from two people: others called every answer bad."


class Kind(StrEnum):
    PREFERENCE = "preference"  # -2 first much better .. 2 second much better, or BAD
    WINNER = "winner"  # which side, "tie", BAD: any values that mean the same on every item
    ORDER = "order"  # groups of candidate ids, best first, or BAD
    SCORE = "score"  # 1 to 5 on one criterion: one report per criterion
    UTILITY = "utility"  # 0 to 10
    DECISION = "decision"  # accepted or returned
    CHOICES = "choices"  # a frozen set of what one chose among what is on offer, none included


@dataclass(frozen=True)
class Judgement:
    item: Hashable
    rater: Hashable
    label: Any


@dataclass(frozen=True)
class Figure:
    """A second figure that belongs beside the overall one."""

    question: str
    measure: str
    agreement: Agreement


@dataclass(frozen=True)
class PairOfRaters:
    one: Hashable
    other: Hashable
    agreement: Agreement


@dataclass(frozen=True)
class ItemDisagreement:
    """How far two people who judged the item are apart on average (0 to 1), and its part of all such disagreement.

    `impact` weighs with the number of people, as alpha does: settling the item with the greatest raises agreement
    most. The impacts of all items add up to 1, or are all 0.
    """

    item: Hashable
    judgements: int
    disagreement: float
    impact: float


@dataclass(frozen=True)
class Report:
    kind: Kind
    measure: str
    overall: Agreement
    beside: tuple[Figure, ...]
    pair_measure: str
    pairs: tuple[PairOfRaters, ...]  # those who share an item; who agree least first, undefined last
    items: tuple[ItemDisagreement, ...]  # those two people judged; greatest impact first


@dataclass(frozen=True)
class _Way:
    """How one kind of label is measured. `scale`: lowest and highest, or None where labels have no order."""

    level: Level
    measure: str
    pair_measure: str
    scale: tuple[int, int] | None = None
    weights: Weights = "none"


WAYS: dict[Kind, _Way] = {
    Kind.PREFERENCE: _Way(
        Level.ORDINAL, "Krippendorff's alpha, ordinal", "Cohen's kappa, quadratic weights", (-2, 2), "quadratic"
    ),
    Kind.WINNER: _Way(Level.NOMINAL, "Krippendorff's alpha, nominal", "Cohen's kappa"),
    Kind.SCORE: _Way(
        Level.ORDINAL, "Krippendorff's alpha, ordinal", "Cohen's kappa, quadratic weights", (1, 5), "quadratic"
    ),
    Kind.UTILITY: _Way(Level.INTERVAL, "Krippendorff's alpha, interval", "Krippendorff's alpha, interval", (0, 10)),
    Kind.DECISION: _Way(Level.NOMINAL, "Krippendorff's alpha, nominal", "Cohen's kappa"),
}
SETS = "Krippendorff's alpha of sets"
TAU = "mean of Kendall's tau-b"


def report(kind: Kind, judgements: Iterable[Judgement]) -> Report:
    """Everything about agreement on one kind of label; raises ValueError for a label the kind does not have.

    Where a person judged an item more than once, the first counts: repeats tell how steady one person is, not how
    far two agree.
    """
    table = _table(kind, judgements)
    judged = _without_bad(table) if kind in (Kind.PREFERENCE, Kind.ORDER) else table
    measure, pair_measure = _measures(kind)
    return Report(
        kind=kind,
        measure=measure,
        overall=_overall(kind, table, judged),
        beside=_beside(kind, table, judged),
        pair_measure=pair_measure,
        pairs=_pairs(kind, judged),
        items=_items(kind, table),
    )


def of_each(judgements: Iterable[Judgement], names: Mapping[Hashable, str]) -> tuple[Figure, ...]:
    """Of `Kind.CHOICES`, choice by choice: whether one makes it or not, by the name it goes under."""
    table = _table(Kind.CHOICES, judgements)
    chosen = {choice for row in table.values() for label in row.values() for choice in label}
    found = []
    for choice, name in names.items():
        made = {item: {who: choice in label for who, label in row.items()} for item, row in table.items()}
        alpha = krippendorff_alpha(made, Level.NOMINAL)
        if choice not in chosen and alpha.reason == ALL_THE_SAME:
            alpha = replace(alpha, reason=NOBODY_CHOSE)
        found.append(Figure(name, WAYS[Kind.WINNER].measure, alpha))
    return tuple(found)


def _measures(kind: Kind) -> tuple[str, str]:
    if kind in (Kind.ORDER, Kind.CHOICES):
        measure = TAU if kind == Kind.ORDER else SETS
        return measure, measure
    return WAYS[kind].measure, WAYS[kind].pair_measure


def _table(kind: Kind, judgements: Iterable[Judgement]) -> Judged:
    table: dict[Hashable, dict[Hashable, Any]] = {}
    for judgement in judgements:
        if judgement.label is None:
            continue
        _check(kind, judgement.label)
        table.setdefault(judgement.item, {}).setdefault(judgement.rater, judgement.label)
    return table


def _check(kind: Kind, label: Any) -> None:
    if kind == Kind.ORDER:
        if label != BAD:
            orders.frozen(label)
        return
    if kind == Kind.CHOICES:
        if not isinstance(label, frozenset):
            raise ValueError(f"{label!r} is not a set of choices.")
        return
    scale = WAYS[kind].scale
    if scale is None or (kind == Kind.PREFERENCE and label == BAD):
        return
    low, high = scale
    fits = isinstance(label, int | float) and low <= label <= high  # NaN fits nowhere
    if not fits or (WAYS[kind].level == Level.ORDINAL and label != int(label)):
        raise ValueError(f"{label!r} is not a {kind} from {low} to {high}.")


def _without_bad(table: Judged) -> Judged:
    kept = {item: {who: label for who, label in row.items() if label != BAD} for item, row in table.items()}
    return {item: row for item, row in kept.items() if row}


def _overall(kind: Kind, table: Judged, judged: Judged) -> Agreement:
    if not table:
        return Agreement(None, None, None, 0, 0, 0, NOBODY)
    found = _figure(kind, judged)
    if found.reason == NOT_TWICE and any(len(row) > 1 for row in table.values()):
        return Agreement(None, None, None, 0, 0, 0, NO_PREFERENCE)
    return found


def _figure(kind: Kind, judged: Judged) -> Agreement:
    if kind == Kind.ORDER:
        return orders.mean_tau(judged)
    return sets_alpha(judged) if kind == Kind.CHOICES else krippendorff_alpha(judged, WAYS[kind].level)


def _beside(kind: Kind, table: Judged, judged: Judged) -> tuple[Figure, ...]:
    found = []
    if judged is not table and any(label == BAD for row in table.values() for label in row.values()):
        usable = {item: {who: label != BAD for who, label in row.items()} for item, row in table.items()}
        question = "Is any of the answers usable?"
        found.append(Figure(question, WAYS[Kind.WINNER].measure, krippendorff_alpha(usable, Level.NOMINAL)))
    if kind == Kind.ORDER and table:
        question = "How much do all orders of an item have in common?"
        found.append(Figure(question, "mean of Kendall's W, corrected for ties", orders.mean_w(judged)))
    return tuple(found)


def _pairs(kind: Kind, judged: Judged) -> tuple[PairOfRaters, ...]:
    shared: dict[tuple[Hashable, Hashable], list[tuple[Any, Any]]] = defaultdict(list)
    for row in judged.values():
        for one, other in combinations(sorted(row, key=_sorting), 2):
            shared[one, other].append((row[one], row[other]))
    found = [PairOfRaters(*pair, _of_two(kind, shared[pair])) for pair in sorted(shared, key=_sorting_pair)]
    return tuple(sorted(found, key=_least_first))


def _of_two(kind: Kind, answers: Sequence[tuple[Any, Any]]) -> Agreement:
    if kind in (Kind.ORDER, Kind.UTILITY, Kind.CHOICES):
        return _figure(kind, {item: {0: one, 1: other} for item, (one, other) in enumerate(answers)})
    way = WAYS[kind]
    scale = None if way.scale is None else range(way.scale[0], way.scale[1] + 1)
    return cohen_kappa(answers, way.weights, scale)


def _items(kind: Kind, table: Judged) -> tuple[ItemDisagreement, ...]:
    far = {item: apart(kind, row.values()) for item, row in table.items()}
    found = [(item, len(table[item]), value) for item, value in far.items() if value is not None]
    total = sum(people * far for _, people, far in found)
    items = [ItemDisagreement(item, people, far, people * far / total if total else 0.0) for item, people, far in found]
    return tuple(sorted(items, key=lambda each: -each.impact))  # equal impacts stay in the order they came


def apart(kind: Kind, labels: Iterable[Any]) -> float | None:
    """How far two of these people are apart on average, from 0 to 1; None where no two can be compared."""
    far = _distance(kind)
    between = [value for one, other in combinations(labels, 2) if (value := far(one, other)) is not None]
    return sum(between) / len(between) if between else None


def _distance(kind: Kind) -> Callable[[Any, Any], float | None]:
    """From 0, the same, to 1, as far apart as the kind allows; "bad" is as far as can be from every preference. Of
    choices, the part that only one person made of all that either did."""
    scale = WAYS[kind].scale if kind in WAYS else None

    def between(one: Any, other: Any) -> float | None:
        if kind == Kind.ORDER and BAD not in (one, other):
            return orders.distance(one, other)
        if kind == Kind.CHOICES:
            return len(one ^ other) / len(one | other) if one or other else 0.0
        if scale is None or BAD in (one, other):
            return float(one != other)
        return abs(one - other) / (scale[1] - scale[0])

    return between


def _sorting(rater: Hashable) -> tuple[str, Any]:
    return type(rater).__name__, rater


def _sorting_pair(pair: tuple[Hashable, Hashable]) -> tuple[tuple[str, Any], tuple[str, Any]]:
    return _sorting(pair[0]), _sorting(pair[1])


def _least_first(pair: PairOfRaters) -> tuple[bool, float]:
    value = pair.agreement.value
    return (True, 0.0) if value is None else (False, value)
