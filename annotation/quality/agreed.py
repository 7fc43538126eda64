"""What people's judgements say together: pairs to learn from, with how sure they are and where they come from.

A known answer, or a reviewer's decision, stands in place of people's rankings: its pairs count once, however many
people ranked the same comparison to be checked by it. All other pairs are those that people agree on, by the majority
or with each person counted by their reliability. Better answers win over what they were made from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

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

    `good`: whether a candidate is good enough to use, by comparison and candidate, where people agree on that.
    `rankers`: how many people ranked each comparison.
    """

    consensus: Consensus
    judged_twice: int
    pairs: dict[str, list[Pair]]
    origins: dict[str, Origin]
    good: dict[str, dict[str, bool]]
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


def agreed(project: Project, comparisons: ComparisonQuerySet, consensus: str = "") -> Agreed:
    """Of these comparisons, and of the project's approved corrections."""
    wanted = comparisons.order_by().values("pk")
    prompt_of = {str(pk): str(prompt) for pk, prompt in comparisons.order_by().values_list("pk", "prompt_id")}
    rankings = Ranking.objects.filter(comparison__in=wanted, in_training=False).defer("criteria", "chips", "reason")
    ballots = [ballot_of(each) for each in rankings.order_by("created_at", "pk")]
    counts = Counter(each.comparison for each in ballots)
    judged_twice = sum(count > 1 for count in counts.values())
    kind = Consensus(consensus) if consensus else usual(judged_twice)
    decided = _decided(wanted)
    found = majority_pairs(ballots) if kind == Consensus.MAJORITY else weighted_consensus(ballots).pairs
    pairs = [each for each in found if each.comparison not in decided]
    for name, (judged, _) in decided.items():
        pairs += _of_one(name, judged)
    made = list(corrected.pairs(project))
    better = [_better(each) for each in made]
    prompt_of.update((str(each.comparison_id), str(each.correction.comparison.prompt_id)) for each in made)
    shared = shared_out([*pairs, *better], prompt_of)
    by_comparison: dict[str, list[Pair]] = {}
    for each in shared[: len(pairs)]:
        by_comparison.setdefault(each.comparison, []).append(each)
    return Agreed(
        consensus=kind,
        judged_twice=judged_twice,
        pairs=by_comparison,
        origins={name: origin for name, (_, origin) in decided.items()},
        good=_good(ballots, decided),
        rankers=counts,
        corrections=list(zip(made, shared[len(pairs) :], strict=True)),
    )


def usual(judged_twice: int) -> Consensus:
    """What is taken where nobody chose."""
    return Consensus.WEIGHTED if judged_twice >= FEWEST_SHARED else Consensus.MAJORITY


def _decided(wanted: Any) -> dict[str, tuple[Gold | Adjudication, Origin]]:
    found: dict[str, tuple[Gold | Adjudication, Origin]] = {
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


def _good(
    ballots: list[Judgement], decided: dict[str, tuple[Gold | Adjudication, Origin]]
) -> dict[str, dict[str, bool]]:
    """What at least two thirds of a comparison's judges place on the same side of the line, or who decided does.

    Who drew no line says neither.
    """
    judged = Counter(each.comparison for each in ballots)
    votes: Counter[tuple[str, str, bool]] = Counter()
    for ballot in ballots:
        votes.update((ballot.comparison, *side) for side in _sides(ballot.groups, ballot.acceptable))
    found: dict[str, dict[str, bool]] = {}
    for (name, candidate, good), count in votes.items():
        if name not in decided and 3 * count >= 2 * judged[name]:
            found.setdefault(name, {})[candidate] = good
    return found | {name: dict(_sides(each.order, line_of(each))) for name, (each, _) in decided.items()}


def _sides(groups: Iterable[Iterable[str]], line: int | None) -> Iterator[tuple[str, bool]]:
    """Each candidate, and whether it stands above the line."""
    if line is None:
        return
    for place, group in enumerate(groups):
        yield from ((each, place < line) for each in group)
