"""People's rankings as the pure modules read them: verdicts, ballots, labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from annotation.agreement import BAD
from annotation.consensus.judgements import Judgement as Ballot
from annotation.models import Ranking
from annotation.rankers.judgements import Verdict


def line_of(judged: Any) -> int | None:
    """How many groups are good enough, of a ranking, a known answer or a decision; None where nobody was asked."""
    return 0 if judged.all_bad else getattr(judged, "acceptable", None)


def verdict_of(judged: Any, names: Mapping[str, str] | None = None) -> Verdict:
    """Of a ranking, a known answer or a decision; `names` are the candidates' ids elsewhere."""
    order = judged.order
    if names is not None:
        order = [[names[each] for each in group] for group in order]
    return Verdict(order, line_of(judged), getattr(judged, "strength", None))


def prefers(judged: Any, better: str, worse: str) -> bool:
    """Whether a pair of the two follows from a ranking, a known answer or a decision."""
    if judged.all_bad:
        return False
    place = {each: at for at, group in enumerate(judged.order) for each in group}
    return better in place and worse in place and place[better] < place[worse]


def ballot_of(ranking: Ranking) -> Ballot:
    groups = tuple(tuple(group) for group in ranking.order if group)
    two = sum(map(len, groups)) == 2
    strength = ranking.strength if two and ranking.strength in (1, 2) else None
    line = line_of(ranking)
    if line is not None and not 0 <= line <= len(groups):
        line = None
    return Ballot(str(ranking.comparison_id), str(ranking.ranker_id), groups, line, strength)


def preference_of(ranking: Ranking, first: str) -> int | str | None:
    """-2 where `first` is much better, 2 where the other one is; None for what is no pair."""
    if ranking.all_bad:
        return BAD
    if sum(map(len, ranking.order)) != 2:
        return None
    if len(ranking.order) == 1:
        return 0
    return (ranking.strength or 1) * (-1 if ranking.order[0] == [first] else 1)
