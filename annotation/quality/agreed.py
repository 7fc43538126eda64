"""What people's judgements say together: pairs to learn from, with how sure they are and where they come from.

A known answer, or a reviewer's decision, stands in place of people's rankings: its pairs count once, however many
people ranked the same comparison to be checked by it. All other pairs are those that people agree on, by the majority
or with each person counted by their reliability. Better answers win over what they were made from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from annotation import corrected
from annotation.consensus.judgements import Judgement, pair_votes
from annotation.consensus.majority import majority_pairs
from annotation.consensus.pairs import Pair, shared_out
from annotation.consensus.reliability import SUREST
from annotation.consensus.weighted import weighted_consensus
from annotation.models import Adjudication, ComparisonQuerySet, Gold, Project, Ranking
from annotation.quality.judged import ballot_of, line_of

FEWEST_SHARED = 30
"""Comparisons that two people or more have judged: with fewer, nobody's reliability can be told from luck."""


class Consensus(StrEnum):
    MAJORITY = "majority"
    WEIGHTED = "weighted"


class Origin(StrEnum):
    """Where a pair comes from, beside the origins that a better answer has."""

    RANKED = "ranked"
    DECIDED = "decided"
    KNOWN = "known answer"


@dataclass(frozen=True)
class Agreed:
    """`pairs` by comparison, with weights that add up to 1 for each prompt, corrections counted in.

    `rankers`: how many people ranked each comparison.
    """

    consensus: Consensus
    judged_twice: int
    pairs: dict[str, list[Pair]]
    origins: dict[str, Origin]
    rankers: Counter[str]
    corrections: list[tuple[corrected.CorrectedPair, Pair]] = field(default_factory=list)

    def figures(self, pair: Pair) -> dict[str, Any]:
        """What a row carries of its pair, so that training can filter or weigh by it."""
        origin = self.origins.get(pair.comparison, Origin.RANKED)
        return {
            **_figures(pair),
            "rankers": self.rankers[pair.comparison],
            "origin": origin.value,
            "consensus": self.consensus.value if origin == Origin.RANKED else "",
        }


def of_correction(made: corrected.CorrectedPair, pair: Pair, rankers: int) -> dict[str, Any]:
    return {**_figures(pair), "rankers": rankers, "origin": made.origin, "consensus": ""}


def _figures(pair: Pair) -> dict[str, Any]:
    return {
        "votes": pair.votes,
        "judged": pair.judged,
        "agreement": pair.agreement,
        "strength": pair.strength,
        "probability": round(pair.probability, 4),
        "weight": round(pair.weight, 6),
    }


Decided = dict[str, tuple[Gold | Adjudication, Origin]]


@dataclass(frozen=True)
class Heard:
    """What people said of some comparisons, and which consensus is taken of it."""

    consensus: Consensus
    judged_twice: int
    ballots: list[Judgement]
    decided: Decided
    rankers: Counter[str]

    @property
    def origins(self) -> dict[str, Origin]:
        return {name: origin for name, (_, origin) in self.decided.items()}


def heard(comparisons: ComparisonQuerySet, consensus: str = "") -> Heard:
    wanted = comparisons.order_by().values("pk")
    rankings = Ranking.objects.filter(comparison__in=wanted, in_training=False).defer("criteria", "chips", "reason")
    ballots = [ballot_of(each) for each in rankings.order_by("created_at", "pk")]
    counts = Counter(each.comparison for each in ballots)
    judged_twice = sum(count > 1 for count in counts.values())
    kind = Consensus(consensus) if consensus else usual(judged_twice)
    return Heard(kind, judged_twice, ballots, _decided(wanted), counts)


def agreed(
    project: Project, comparisons: ComparisonQuerySet, consensus: str = "", prompts: Iterable[UUID] | None = None
) -> Agreed:
    """Of these comparisons, and of the project's approved corrections, or of those of these prompts."""
    said = heard(comparisons, consensus)
    prompt_of = {str(pk): str(prompt) for pk, prompt in comparisons.order_by().values_list("pk", "prompt_id")}
    majority = said.consensus == Consensus.MAJORITY
    found = majority_pairs(said.ballots) if majority else weighted_consensus(said.ballots).pairs
    pairs = [each for each in found if each.comparison not in said.decided]
    for name, (judged, _) in said.decided.items():
        pairs += _of_one(name, judged)
    made = list(corrected.pairs(project, prompts))
    better = [_better(each) for each in made]
    prompt_of.update((str(each.comparison_id), str(each.correction.comparison.prompt_id)) for each in made)
    shared = shared_out([*pairs, *better], prompt_of)
    by_comparison: dict[str, list[Pair]] = {}
    for each in shared[: len(pairs)]:
        by_comparison.setdefault(each.comparison, []).append(each)
    return Agreed(
        consensus=said.consensus,
        judged_twice=said.judged_twice,
        pairs=by_comparison,
        origins=said.origins,
        rankers=said.rankers,
        corrections=list(zip(made, shared[len(pairs) :], strict=True)),
    )


def usual(judged_twice: int) -> Consensus:
    """What is taken where nobody chose."""
    return Consensus.WEIGHTED if judged_twice >= FEWEST_SHARED else Consensus.MAJORITY


def _decided(wanted: Any) -> Decided:
    found: Decided = {
        str(each.comparison_id): (each, Origin.DECIDED) for each in Adjudication.objects.filter(comparison__in=wanted)
    }
    found.update((str(each.comparison_id), (each, Origin.KNOWN)) for each in Gold.objects.filter(comparison__in=wanted))
    return dict(sorted(found.items()))


def _of_one(name: str, judged: Gold | Adjudication) -> Iterable[Pair]:
    """One word that counts as the surest of rankers: no more, since nobody is always right."""
    groups = tuple(tuple(group) for group in judged.order if group)
    strength = getattr(judged, "strength", None) if sum(map(len, groups)) == 2 else None
    said = Judgement(name, "", groups, line_of(judged), strength)
    for vote in pair_votes(said, among_unacceptable=False):
        if vote.side:
            chosen, rejected = (vote.one, vote.other) if vote.side > 0 else (vote.other, vote.one)
            yield Pair(name, chosen, rejected, probability=SUREST, votes=1, judged=1, strength=float(vote.gap))


def _better(made: corrected.CorrectedPair) -> Pair:
    """One person's word, and a reviewer's, who approved the answer."""
    return Pair(
        comparison=str(made.comparison_id),
        chosen=str(made.correction.demonstration_id),
        rejected=str(made.rejected.pk),
        probability=SUREST,
        votes=1,
        judged=1,
        strength=made.strength,
    )
