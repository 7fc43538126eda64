"""What a file's judgements of some candidates say together. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean

from annotation.ranking import LETTERS
from annotation.shapes import Judgement, Ranked

MOST_NAMED = 5


@dataclass(frozen=True)
class Verdict:
    """`order`: groups of places among the candidates, counted from 0, best first; a group is a tie."""

    order: tuple[tuple[int, ...], ...]
    judges: tuple[str, ...]
    judgements: int


def unfit(ranked: Ranked) -> str:
    """Why no comparison can be made of it; empty where one can."""
    texts = [candidate.text.strip() for candidate in ranked.candidates]
    if not 2 <= len(texts) <= len(LETTERS):
        return f"There are {len(texts)} answers to compare; a comparison has 2 to {len(LETTERS)}."
    if not all(texts):
        return "One of the answers to compare is empty."
    return "Two of the answers to compare say the same." if len(set(texts)) < len(texts) else ""


def verdict(ranked: Ranked) -> Verdict | None:
    """One person's word as it is, several people's by their mean ranks. None where nobody judged all candidates, or
    several people together prefer none: that is for the project's own people to say."""
    size = len(ranked.candidates)
    whole = [each for each in ranked.judgements if sum(map(len, each.groups)) == size]
    if not whole:
        return None
    ranks = [fmean(column) for column in zip(*map(_ranks, whole), strict=True)]
    places = sorted(range(size), key=lambda place: ranks[place])
    order = tuple(tuple(group) for _rank, group in groupby(places, key=lambda place: ranks[place]))
    if len(order) == 1 and len(whole) > 1:
        return None
    return Verdict(order, tuple(dict.fromkeys(each.who for each in whole if each.who)), len(whole))


def _ranks(judgement: Judgement) -> Sequence[float]:
    """Of each candidate, tied ones in the middle of the places they take up."""
    ranks: dict[int, float] = {}
    for group in judgement.groups:
        ranks.update(dict.fromkeys(group, len(ranks) + (len(group) + 1) / 2))
    return [ranks[place] for place in range(len(ranks))]


def best(ranked: Ranked) -> str:
    """The answer that is placed first alone; empty where none is."""
    said = verdict(ranked)
    return ranked.candidates[said.order[0][0]].text.strip() if said and len(said.order[0]) == 1 else ""


def reason(said: Verdict, source: str) -> str:
    people = f"{said.judgements} people's judgements, by their mean ranks" if said.judgements > 1 else "one judgement"
    names = ", ".join(said.judges[:MOST_NAMED]) + (" and others" if len(said.judges) > MOST_NAMED else "")
    return f"Imported from {source}: {people}{f' ({names})' if names else ''}."


def in_words(ranked: Ranked) -> str:
    said = verdict(ranked)
    if said is None:
        return "The file does not say clearly which is better: your people rank them."
    groups = [" and ".join(str(place + 1) for place in sorted(group)) for group in said.order]
    return f"Best first: {', then '.join(groups)}." if len(groups) > 1 else "All equally good."
