"""What an evaluation says for and against putting an adapter in use."""

from __future__ import annotations

from dataclasses import dataclass, field

from evaluation import verdicts
from evaluation.comparison import Column, Comparison, compare
from evaluation.models import Evaluation
from evaluation.verdicts import Verdict
from training.models import Adapter

GOT_WORSE = "It got worse:"


@dataclass(frozen=True)
class Evidence:
    """`doubts`: sentences that a person has to know before promoting all the same. Empty: none."""

    verdicts: list[Verdict] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    @property
    def beside_the_verdict(self) -> list[str]:
        """The doubts that do not stand in the verdict already."""
        return [doubt for doubt in self.doubts if not doubt.startswith(GOT_WORSE)]


def evidence(adapter: Adapter, evaluation: Evaluation | None, current: Adapter | None) -> Evidence:
    """The adapter against what is in use now, or else against the base model."""
    if evaluation is None:
        return Evidence(doubts=["No evaluation is named, so nothing shows what this adapter does."])
    comparison = compare(evaluation)
    column = comparison.column_of(adapter.pk)
    if column is None:
        return Evidence(doubts=[f"The adapter has no answers in {evaluation}."])
    doubts = _missing_reviews(comparison)
    rival = _rival(comparison, column, current)
    if rival is None:
        return Evidence(
            doubts=[*doubts, "The evaluation holds it against nothing: neither the base model nor another."]
        )
    pair = comparison.pair(column, rival)
    doubts += [f"{GOT_WORSE} {finding.text}" for finding in verdicts.verdict(pair).findings if _is_setback(finding)]
    if current and current != rival.contestant.adapter:
        doubts.append("The adapter in use now does not take part in this evaluation.")
    return Evidence([verdicts.verdict(pair)], doubts)


def _is_setback(finding: verdicts.Finding) -> bool:
    return finding.tone == verdicts.WORSE


def _missing_reviews(comparison: Comparison) -> list[str]:
    if comparison.reviews_wanted == 0:
        return ["No person has reviewed any output of this evaluation."]
    if comparison.reviews_missing:
        return [f"Only {comparison.reviews_in} of {comparison.reviews_wanted} reviews are in."]
    return []


def _rival(comparison: Comparison, column: Column, current: Adapter | None) -> Column | None:
    others = [other for other in comparison.answered if other is not column]
    in_use = next((other for other in others if current and other.contestant.adapter_id == current.pk), None)
    base = next((other for other in others if other.contestant.adapter_id is None), None)
    return in_use or base or next(iter(others), None)
