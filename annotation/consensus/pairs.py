"""A pair that people agree on, and how much each may weigh in training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from annotation.consensus.judgements import Judgement, pair_votes


@dataclass(frozen=True, slots=True)
class Pair:
    """`votes` of `judged` people prefer `chosen`.

    `probability`: how sure it is that `chosen` is the better one, by the method that made the pair.
    `strength`: the mean over those votes of the stated strength, or of how many places lie between.
    `weight`: this pair's part of the 1 that every prompt counts.
    """

    comparison: str
    chosen: str
    rejected: str
    probability: float
    votes: int
    judged: int
    strength: float
    weight: float = 1.0

    @property
    def agreement(self) -> float:
        return round(self.votes / self.judged, 3)


@dataclass(slots=True)
class Tally:
    """What all judges of one comparison say of one pair, seen from `one`; `neither`: who ties them or refuses both."""

    wins: int = 0
    losses: int = 0
    gap_of_wins: int = 0
    gap_of_losses: int = 0
    neither: tuple[str, ...] = ()

    def turned(self) -> Tally:
        return Tally(self.losses, self.wins, self.gap_of_losses, self.gap_of_wins, self.neither)

    @property
    def strength(self) -> float:
        return round(self.gap_of_wins / self.wins, 3) if self.wins else 0.0


def tallies(judgements: Iterable[Judgement], among_unacceptable: bool) -> dict[tuple[str, str], Tally]:
    """By pair of candidates, the lower id first."""
    found: dict[tuple[str, str], Tally] = {}
    for judgement in judgements:
        for vote in pair_votes(judgement, among_unacceptable):
            tally = found.setdefault((vote.one, vote.other), Tally())
            if not vote.side:
                tally.neither = (*tally.neither, judgement.rater)
            elif vote.side > 0:
                tally.wins += 1
                tally.gap_of_wins += vote.gap
            elif vote.side < 0:
                tally.losses += 1
                tally.gap_of_losses += vote.gap
    return found


def shared_out(pairs: Iterable[Pair], prompt_of: Mapping[str, str] | None = None) -> list[Pair]:
    """The same pairs with weights that add up to 1 for every prompt.

    Five candidates imply ten pairs and two candidates one, yet both are one piece of evidence about one prompt. So a
    prompt's 1 is shared equally among its comparisons that have pairs, and each share equally among its pairs. A
    comparison that `prompt_of` does not name is a prompt of its own.
    """
    all_pairs = list(pairs)
    prompts = prompt_of or {}
    sizes = Counter(pair.comparison for pair in all_pairs)
    comparisons = Counter(_prompt(prompts, comparison) for comparison in sizes)
    return [
        replace(pair, weight=1 / (sizes[pair.comparison] * comparisons[_prompt(prompts, pair.comparison)]))
        for pair in all_pairs
    ]


def _prompt(prompts: Mapping[str, str], comparison: str) -> tuple[str, str]:
    """Named apart, so that a comparison's own id never meets the id of another's prompt."""
    return ("prompt", prompts[comparison]) if comparison in prompts else ("comparison", comparison)
