"""What a comparison means, in sentences. Pure: a comparison in, findings out."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from annotation.texts import capital, counted
from evaluation import measures, order
from evaluation.comparison import Comparison, Difference, Pair
from evaluation.statistics import FEWEST, Estimate

BETTER, WORSE, UNCLEAR = "better", "worse", "unclear"


@dataclass(frozen=True)
class Finding:
    tone: str
    text: str


@dataclass(frozen=True)
class Verdict:
    """One contestant against another; the findings in the order in which they matter."""

    first: str
    second: str
    findings: list[Finding]


def verdicts(comparison: Comparison) -> list[Verdict]:
    return [verdict(pair) for pair in comparison.pairs]


def verdict(pair: Pair) -> Verdict:
    differences = [each for each in pair.differences if each.measure.in_verdict and each.measure.better]
    judged = [each for each in differences if each.measure.group == measures.PEOPLE]
    measured = [each for each in differences if each.measure.group != measures.PEOPLE]
    findings = [*_by_people(pair, judged), *_by_measures(pair, measured)]
    question = order.ORDER if pair.asks_for_order else order.HALF if pair.asks_for_half else None
    if question is None:
        return Verdict(pair.first.label, pair.second.label, findings)
    side, words = order.sentence(differences, _lower, question)
    answer = Finding({1: BETTER, -1: WORSE}.get(side, UNCLEAR), f"{words}{_rows(pair)}")
    return Verdict(pair.first.label, f"{pair.second.label}, {question.beside}", [answer, *findings])


def _rows(pair: Pair) -> str:
    """What each of two rounds learned from, where that is what differs."""
    one, other = pair.first.version, pair.second.version
    if one is None or other is None or not pair.asks_for_half:
        return ""
    return f" All the rows are {one.train_rows:,}, the best half is {other.train_rows:,}."


def _by_people(pair: Pair, judged: Sequence[Difference]) -> list[Finding]:
    utility = pair.of(measures.UTILITY.key)
    if utility.estimate.n == 0:
        return [Finding(UNCLEAR, f"No person has judged {pair.first.name} and {pair.second.name} on the same prompts.")]
    if utility.estimate.n < FEWEST:
        few = counted(utility.estimate.n, "prompt")
        return [
            Finding(
                UNCLEAR,
                f"People have judged {pair.first.name} and {pair.second.name} on {few} only: "
                f"too few to tell them apart (it takes {FEWEST} at least).",
            )
        ]
    others = [each for each in judged if each is not utility]
    return [
        _headline(pair, utility),
        *(_clear(pair, each) for each in others if each.side < 0),
        *_clear_together(
            pair,
            [each for each in others if each.side > 0],
            f"By people's scores it is {'also ' if utility.side > 0 else ''}better on",
        ),
        *_unclear([each for each in others if each.side == 0], "On {} no difference can be told yet."),
    ]


def _headline(pair: Pair, utility: Difference) -> Finding:
    if utility.side:
        return _clear(pair, utility)
    text = (
        f"On {_lower(utility.measure.label)} no difference between {pair.first.name} and {pair.second.name} can be "
        f"told yet: {_against(utility)} ({_evidence(utility)})."
    )
    return Finding(UNCLEAR, text)


def _clear(pair: Pair, difference: Difference) -> Finding:
    word, tone = ("better", BETTER) if difference.side > 0 else ("worse", WORSE)
    text = (
        f"{capital(pair.first.name)} is clearly {word} than {pair.second.name} on "
        f"{_lower(difference.measure.label)}: {_against(difference)} ({_evidence(difference)})."
    )
    return Finding(tone, text)


def _clear_together(pair: Pair, better: Sequence[Difference], opening: str) -> list[Finding]:
    if not better:
        return []
    named = _listed([f"{_lower(each.measure.label)} ({_against(each)})" for each in better])
    return [Finding(BETTER, f"{opening} {named}.")]


def _unclear(unclear: Sequence[Difference], sentence: str) -> list[Finding]:
    told = [each for each in unclear if each.estimate.value is not None]
    if not told:
        return []
    return [Finding(UNCLEAR, sentence.format(_listed([_lower(each.measure.label) for each in told])))]


def _by_measures(pair: Pair, measured: Sequence[Difference]) -> list[Finding]:
    told = [each for each in measured if each.estimate.value is not None]
    if not told:
        return []
    most = max(each.estimate.n for each in told)
    if most < FEWEST:
        return [Finding(UNCLEAR, f"{capital(counted(most, 'prompt'))} are too few to compare the automatic measures.")]
    return [
        *(_clear(pair, each) for each in told if each.side < 0),
        *_clear_together(
            pair,
            [each for each in told if each.side > 0],
            f"By the automatic measures {pair.first.name} is better than {pair.second.name} on",
        ),
        *_unclear([each for each in told if each.side == 0], "On {} the automatic measures tell no difference."),
    ]


def _against(difference: Difference) -> str:
    show = difference.measure.show
    return f"{show(difference.first)} against {show(difference.second)}"


def _evidence(difference: Difference) -> str:
    estimate = difference.estimate
    prompts = counted(estimate.n, "prompt")
    if estimate.low is None:
        return f"the same difference on each of {prompts}" if estimate.value else f"no difference on any of {prompts}"
    return f"difference {difference_text(difference)}, 95 % interval {interval_text(difference)}, {prompts}"


def difference_text(difference: Difference) -> str:
    return _signed(difference, difference.estimate.value)


def interval_text(difference: Difference) -> str:
    estimate: Estimate = difference.estimate
    if estimate.low is None:
        return ""
    return f"{_signed(difference, estimate.low).removesuffix(' points')} to {_signed(difference, estimate.high)}"


def _signed(difference: Difference, value: float | None) -> str:
    """A difference of shares is in percentage points, which are not percent.

    One that is clear is never shown as zero: an interval that begins at 0.00 would seem to include it.
    """
    is_share = difference.measure.style == "share"
    shown = difference.measure.show(value)
    if value and difference.side and not re.search("[1-9]", shown):
        exact = 100 * value if is_share else value
        digits = math.ceil(-math.log10(abs(exact)))
        shown = f"{exact:.{digits}f}{' %' if is_share else ''}".replace("-", "−")
    return shown.replace(" %", " points") if is_share else shown


def _lower(label: str) -> str:
    """Labels that are names keep their capitals."""
    return label if label[:2].isupper() or " with a date" in label else label[:1].lower() + label[1:]


def _listed(items: Sequence[str]) -> str:
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
