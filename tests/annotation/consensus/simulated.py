"""People who judge with known reliability, and the truth that no method is shown."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from itertools import combinations

from annotation.consensus.choices import Choice
from annotation.consensus.judgements import Judgement, by_comparison
from annotation.consensus.pairs import Pair, tallies
from annotation.consensus.strengths import Strengths

SURE, GUESSING, ALWAYS_LEFT = 4.0, 0.0, None
CROWD = {
    "sure-1": SURE,
    "sure-2": SURE,
    "sure-3": SURE,
    "guessing-1": GUESSING,
    "guessing-2": GUESSING,
    "guessing-3": GUESSING,
    "left": ALWAYS_LEFT,
}
Gold = dict[str, dict[str, float]]


def rankings(
    seed: int,
    comparisons: int = 300,
    each: int = 4,
    sizes: Sequence[int] = (2, 3, 4, 5),
    crowd: Mapping[str, float | None] = CROWD,
) -> tuple[list[Judgement], Gold]:
    """Each comparison is ranked by some of the crowd, from sides drawn anew for everybody.

    Sure people see the true strengths through noise a quarter as wide, and tie what looks nearly equal; guessing people
    see only noise; the last one takes the candidates as they stand.
    """
    lot = random.Random(seed)
    judgements, gold = [], {}
    for number in range(comparisons):
        ids = [f"{number}-{each}" for each in range(lot.choice(sizes))]
        truth = {each: lot.gauss(0, 1) for each in ids}
        gold[str(number)] = truth
        for name in lot.sample(sorted(crowd), each):
            shown = lot.sample(ids, len(ids))
            judgements.append(Judgement(str(number), name, _ranked(lot, shown, truth, crowd[name])))
    return judgements, gold


def _ranked(
    lot: random.Random, shown: list[str], truth: dict[str, float], sureness: float | None
) -> tuple[tuple[str, ...], ...]:
    if sureness is None:
        return tuple((each,) for each in shown)
    seen = {each: sureness * truth[each] - math.log(-math.log(lot.random())) for each in shown}
    groups: list[tuple[str, ...]] = []
    for each in sorted(shown, key=lambda one: -seen[one]):
        if groups and seen[groups[-1][-1]] - seen[each] < 0.4:
            groups[-1] = (*groups[-1], each)
        else:
            groups.append((each,))
    return tuple(groups)


def accuracy(pairs: Sequence[Pair], gold: Gold) -> tuple[float, float]:
    """The share of right ones among the pairs given, and among all that there are."""
    every = sum(math.comb(len(truth), 2) for truth in gold.values())
    right = sum(gold[pair.comparison][pair.chosen] > gold[pair.comparison][pair.rejected] for pair in pairs)
    return right / len(pairs), right / every


OUTCOMES = ("one", "tie", "other", "both bad")
SHARES = (0.4, 0.1, 0.4, 0.1)


def choices(seed: int, items: int = 300, each: int = 5) -> tuple[list[Choice], dict[str, str]]:
    """Three people are right nine times in ten, three guess by the shares, one always says the same."""
    lot = random.Random(seed)
    made, gold = [], {}
    for number in range(items):
        truth = lot.choices(OUTCOMES, SHARES)[0]
        gold[str(number)] = truth
        for name in lot.sample(sorted(CROWD), each):
            made.append(Choice(str(number), name, _chosen(lot, name, truth)))
    return made, gold


def _chosen(lot: random.Random, name: str, truth: str) -> str:
    if name == "left":
        return "one"
    if name.startswith("sure") and lot.random() < 0.9:
        return truth
    return lot.choices(OUTCOMES, SHARES)[0]


def right_of_surest(pairs: Sequence[Pair], number: int, gold: Gold) -> float:
    """The share of right ones among the `number` most probable pairs: compares methods that keep differently many."""
    return accuracy(sorted(pairs, key=lambda pair: (-pair.probability, pair.comparison, pair.chosen))[:number], gold)[0]


def plain_votes(judgements: Sequence[Judgement], gold: Gold) -> float:
    """The share of all pairs that more votes decide rightly; where votes are even, a half."""
    right = 0.0
    for comparison, group in by_comparison(judgements).items():
        truth = gold[comparison]
        for (one, other), tally in tallies(group, among_unacceptable=False).items():
            lead = (tally.wins - tally.losses) * (truth[one] - truth[other])
            right += 0.5 if lead == 0 else lead > 0
    return right / sum(math.comb(len(truth), 2) for truth in gold.values())


def by_strength(strengths: Mapping[str, Strengths], gold: Gold) -> float:
    """The share of all pairs that the strengths order rightly; where they are equal or unknown, a half."""
    right = 0.0
    for comparison, truth in gold.items():
        for one, other in combinations(truth, 2):
            gap = strengths[comparison].gap(one, other) if comparison in strengths else 0.0
            lead = gap * (truth[one] - truth[other])
            right += 0.5 if lead == 0 else lead > 0
    return right / sum(math.comb(len(truth), 2) for truth in gold.values())
