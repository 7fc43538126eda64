"""Whether each candidate is good enough to use: above the line of a ranking, below it, or called bad with all others.

Who drew no line says neither, and that counts: of two candidates nobody is asked for a line, so only those who call
both bad say something of each alone, and one such voice among five is no agreement. Silence is therefore an outcome
like the other two, as a tie is one between two candidates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from annotation.consensus.choices import Choice, dawid_skene
from annotation.consensus.judgements import Groups, Judgement, by_comparison

GOOD, BAD, SILENT = "good", "bad", "silent"
LEAST = 2 / 3
"""A side is taken from this probability on: where nobody is silent, good from two thirds and bad to one third."""


@dataclass(frozen=True, slots=True)
class Side:
    """`probability`: how sure it is that the candidate stands on this side, by the method that says so."""

    good: bool
    probability: float


Sides = dict[str, dict[str, Side]]
"""By comparison and candidate; who is missing stands on neither side for sure."""


def sides(groups: Groups, line: int | None) -> Iterator[tuple[str, bool]]:
    """Each candidate, and whether it stands above the line; nothing where there is no line."""
    if line is None:
        return
    for place, group in enumerate(groups):
        yield from ((each, place < line) for each in group)


def majority_sides(judgements: Iterable[Judgement]) -> Sides:
    """The side on which at least two thirds of all judges of a comparison place a candidate.

    The probability is Laplace's rule of succession, as for pairs: who is silent counts half for each side.
    """
    found: Sides = {}
    for comparison, group in by_comparison(judgements).items():
        judged = len(group)
        for candidate, votes in _votes(group).items():
            for outcome in (GOOD, BAD):
                if 3 * votes[outcome] >= 2 * judged:
                    sure = (votes[outcome] + votes[SILENT] / 2 + 1) / (judged + 2)
                    found.setdefault(comparison, {})[candidate] = Side(outcome == GOOD, sure)
    return found


def weighted_sides(
    judgements: Iterable[Judgement], known: Mapping[str, Mapping[str, bool]] | None = None, least: float = LEAST
) -> Sides:
    """The side that is at least `least` probable when everybody counts by how they err, and that somebody has taken.

    A person's habits on good and on bad candidates are told apart (Dawid and Skene), so that one who calls everything
    good says nothing by it, and still something by calling one bad. `known` sides show who errs; they are no part of
    the answer where people were silent or wrong. Without the last condition somebody who mostly errs would be turned
    round, and trusted to go on erring. The candidates of one comparison count as if judged one by one.
    """
    grouped = by_comparison(judgements)
    votes = {comparison: _votes(group) for comparison, group in grouped.items()}
    choices = [
        Choice(_item(each.comparison, candidate), each.rater, outcome)
        for group in grouped.values()
        for each in group
        for candidate, outcome in _said(each)
    ]
    given = known or {}
    fixed = {
        _item(comparison, candidate): GOOD if good else BAD
        for comparison, each in given.items()
        for candidate, good in each.items()
    }
    silence = any(each.outcome == SILENT for each in choices)
    solved = dawid_skene(choices, (GOOD, BAD, SILENT) if silence else (GOOD, BAD), known=fixed)
    found: Sides = {}
    for comparison, candidates in votes.items():
        for candidate, counted in candidates.items():
            outcome, probability = solved.best(_item(comparison, candidate))
            if outcome != SILENT and counted[outcome] and probability >= least:
                found.setdefault(comparison, {})[candidate] = Side(outcome == GOOD, probability)
    return found


def _said(judgement: Judgement) -> Iterator[tuple[str, str]]:
    placed = dict(sides(judgement.groups, judgement.acceptable))
    for candidate in judgement.places():
        good = placed.get(candidate)
        yield candidate, SILENT if good is None else GOOD if good else BAD


def _votes(group: Iterable[Judgement]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for judgement in group:
        for candidate, outcome in _said(judgement):
            found.setdefault(candidate, Counter())[outcome] += 1
    return found


def _item(comparison: str, candidate: str) -> str:
    return f"{comparison}/{candidate}"
