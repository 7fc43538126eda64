"""Candidates for one prompt, with what people judged of them, as they arrive or go out."""

from __future__ import annotations

from dataclasses import dataclass

from annotation.shapes.messages import Refused, Turn


@dataclass(frozen=True)
class Candidate:
    """`source` says what wrote it."""

    text: str
    source: str = ""


@dataclass(frozen=True)
class Judgement:
    """What one person said of all candidates, in their order: either `ranks` or `ratings`, the other is empty.

    Rank 1 is the best and equal ranks are a tie; a rating is the higher the better, and None where there is none.
    """

    who: str = ""
    ranks: tuple[int, ...] = ()
    ratings: tuple[float | None, ...] = ()

    @property
    def groups(self) -> list[list[int]]:
        """The candidates' numbers from 0, best group first; without those that nobody rated."""
        rated = tuple(-each if each is not None else None for each in self.ratings)
        marks: tuple[float | None, ...] = self.ranks or rated
        levels = sorted({mark for mark in marks if mark is not None})
        return [[number for number, mark in enumerate(marks) if mark == level] for level in levels]


@dataclass(frozen=True)
class Ranked:
    """Beside the prompt's own fields, which are those of a record, the candidates and every judgement of them."""

    line: int
    instruction: str
    candidates: tuple[Candidate, ...]
    judgements: tuple[Judgement, ...] = ()
    input: str = ""
    external_id: str = ""
    group: str = ""
    task_type: str = ""
    split: str = ""
    history: tuple[Turn, ...] = ()

    @property
    def chosen_and_rejected(self) -> tuple[Candidate, Candidate] | None:
        """The better and the worse one of two; None where there are not two, or nobody says which, or not clearly."""
        if len(self.candidates) != 2 or len(self.judgements) != 1:
            return None
        groups = self.judgements[0].groups
        return (self.candidates[groups[0][0]], self.candidates[groups[1][0]]) if len(groups) == 2 else None


def pair(chosen: str, rejected: str) -> tuple[tuple[Candidate, ...], tuple[Judgement, ...]]:
    """Two candidates and the one judgement that says which is better. Raises Refused where there is nothing to say."""
    if not chosen or not rejected:
        raise Refused(f"The {'rejected' if chosen else 'chosen'} response is empty.")
    if chosen == rejected:
        raise Refused("The chosen and the rejected response are the same.")
    return (Candidate(chosen), Candidate(rejected)), (Judgement(ranks=(1, 2)),)
