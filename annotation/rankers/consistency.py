"""Whether somebody agrees with themselves, with the known answers, and goes round in no circles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations

from annotation.intervals import wilson
from annotation.rankers.figures import FEWEST, Figure, count, percent, share, undefined
from annotation.rankers.judgements import Judgement, RelationPair, alike_by_chance, share_alike, side_by_side

PASS_MARK = 0.7
CIRCLES_BY_CHANCE = 0.25  # of the 8 ways to decide three pairs by coin, 2 are circles (Kendall, Babington Smith 1940)


def self_consistency(judgements: Sequence[Judgement]) -> Figure:
    """How often a hidden repeat, with its sides swapped, gets the verdict of the original.

    A list counts with the share of its pairs. Needs attention when the interval lies below the middle between
    chance and always (a kappa of one half).
    """
    name = "self_consistency"
    first: dict[str, Judgement] = {}
    alike: list[float] = []
    compared: list[RelationPair] = []
    strengths: list[bool] = []
    without = 0
    for each in judgements:
        if each.repeat_of is None:
            first.setdefault(each.comparison, each)
            continue
        original = first.get(each.repeat_of)
        both = side_by_side(original.verdict, each.verdict, each.shown) if original else []
        if original is None or not both or list(original.shown) == list(each.shown):
            without += 1
            continue
        alike.append(share_alike(both))
        compared += both
        if alike[-1] == 1 and None not in (original.verdict.strength, each.verdict.strength):
            strengths.append(original.verdict.strength == each.verdict.strength)
    n = len(alike)
    if not n:
        return undefined(name, "No hidden repeat is judged yet.", left_out=without)
    value, interval = share(sum(alike), n)
    chance = alike_by_chance(compared)
    sentence = (
        f"Said the same again in {percent(value)} of {count(n, 'hidden repeat')} with the sides swapped; "
        f"choosing blindly gives {percent(chance)}."
    )
    if strengths:
        sentence += f" Of {len(strengths):,} the same again, {sum(strengths):,} as strong as before."
    attention = n >= FEWEST and interval.high < chance + (1 - chance) / 2
    return Figure(name, value, n, interval, sentence, attention, chance, without)


def gold_accuracy(judgements: Sequence[Judgement], pass_mark: float = PASS_MARK) -> Figure:
    """How often the verdict is the known right one; a list counts with the share of its pairs.

    Needs attention when the interval lies below the pass mark. A hidden repeat of a gold item does not count again.
    """
    name = "gold_accuracy"
    right: list[float] = []
    compared: list[RelationPair] = []
    for each in judgements:
        if each.gold is None or each.repeat_of is not None:
            continue
        both = side_by_side(each.gold, each.verdict, each.shown)
        if both:
            right.append(share_alike(both))
            compared += both
    n = len(right)
    if not n:
        return undefined(name, "No item with a known answer is judged yet.")
    value, interval = share(sum(right), n)
    chance = alike_by_chance(compared)
    sentence = (
        f"Right in {percent(value)} of {count(n, 'item')} with a known answer; "
        f"the pass mark is {percent(pass_mark)}, choosing blindly gives {percent(chance)}."
    )
    return Figure(name, value, n, interval, sentence, n >= FEWEST and interval.high < pass_mark, chance)


def circles(judgements: Sequence[Judgement]) -> Figure:
    """The share of triples of candidates, each pair judged by itself, that go round: A over B over C over A.

    Only comparisons of two count: a list cannot contradict itself. Triples with a tie are left out and counted.
    Triples of one prompt hang together, so the interval takes Kish's effective number (1965) of prompts, not the
    number of triples. Needs attention when it lies above half of what coins give.
    """
    name = "circles"
    beats = _net_winners(judgements)
    triples = _triples(beats)
    decided = [each for each in triples if all(beats[frozenset(pair)] for pair in combinations(each, 2))]
    tied = len(triples) - len(decided)
    if not decided:
        return undefined(name, "No three candidates of a prompt have all been compared two by two.", left_out=tied)
    round_trips = sum(_goes_round(beats, each) for each in decided)
    groups = _groups(beats)
    by_prompt = Counter(groups[each[0]] for each in decided)
    prompts = len(decided) ** 2 / sum(size**2 for size in by_prompt.values())
    value = round_trips / len(decided)
    interval = wilson(value * prompts, prompts)
    sentence = (
        f"{round_trips:,} of {count(len(decided), 'triple')} from {count(len(by_prompt), 'prompt')} "
        f"{'goes' if round_trips == 1 else 'go'} round in a circle; "
        f"choosing blindly gives {percent(CIRCLES_BY_CHANCE)}."
    )
    attention = prompts >= FEWEST and interval.low > CIRCLES_BY_CHANCE / 2
    return Figure(name, value, len(decided), interval, sentence, attention, CIRCLES_BY_CHANCE, tied)


Winners = dict[frozenset[str], str]


def _net_winners(judgements: Iterable[Judgement]) -> Winners:
    """Who wins each pair of candidates, over all comparisons of just these two; "" for a tie."""
    score: dict[tuple[str, str], int] = {}
    for each in judgements:
        if not each.is_pair or each.repeat_of is not None:
            continue
        one, other = sorted(each.shown)
        relation = each.verdict.relation(one, other)
        if relation:
            change = {"better": 1, "worse": -1}.get(relation, 0)
            score[one, other] = score.get((one, other), 0) + change
    return {
        frozenset(pair): "" if not balance else pair[0] if balance > 0 else pair[1] for pair, balance in score.items()
    }


def _neighbours(beats: Winners) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for pair in beats:
        one, other = pair
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return found


def _triples(beats: Winners) -> list[tuple[str, str, str]]:
    near = _neighbours(beats)
    return [
        (one, other, third)
        for one, other in sorted(tuple(sorted(pair)) for pair in beats)
        for third in sorted(near[one] & near[other])
        if third > other
    ]


def _goes_round(beats: Winners, triple: tuple[str, str, str]) -> bool:
    """Every one of the three wins once."""
    return len({beats[frozenset(pair)] for pair in combinations(triple, 2)}) == 3


def _groups(beats: Winners) -> dict[str, str]:
    """Each candidate's group: those that comparisons connect, which are those of one prompt."""
    near = _neighbours(beats)
    group: dict[str, str] = {}
    for start in sorted(near):
        ahead = [start]
        while ahead:
            here = ahead.pop()
            if here not in group:
                group[here] = start
                ahead.extend(near[here])
    return group
