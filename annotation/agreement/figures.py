"""A figure of agreement as people see it: with its interval, what it counts, and what it means in plain words."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

TOO_FEW = 10  # items drawn anew from so few look surer of themselves than they are
FEWEST = 2  # one item says nothing about how answers vary between items, so chance cannot be told from agreement

NOBODY = "Nobody has judged anything yet."
NOT_TWICE = "No item has been judged by two people yet."
ONE_ITEM = "Only one item has been judged by two people; agreement needs at least two such items."
ALL_THE_SAME = "Everybody gave the same answer everywhere, so agreement cannot be told from chance."

RELY = 0.800
TENTATIVE = 0.667
SOURCE = (
    "Krippendorff, Content Analysis (2nd edition, 2004), p. 241: rely on figures of at least .800; "
    "draw only tentative conclusions between .667 and .800. The limits are made for his alpha; "
    "for kappa and tau-b, which are 0 at chance and 1 at perfect agreement as well, they are a convention."
)

Judged = Mapping[Hashable, Mapping[Hashable, Any]]  # item -> rater -> label


@dataclass(frozen=True)
class Agreement:
    """A figure with its 95 % interval: 1 is perfect, 0 is what chance gives, below 0 is worse than chance.

    `units` are the items judged by two people or more, `raters` and `judgements` those behind them: what nobody
    else judged says nothing about agreement. Undefined is None, never NaN, and `reason` says why.
    """

    value: float | None
    low: float | None
    high: float | None
    units: int
    raters: int
    judgements: int
    reason: str = ""


@dataclass(frozen=True)
class Reading:
    """What a figure means for somebody who has to decide whether to train on the labels."""

    grade: Literal["good", "tentative", "low", "chance", "unknown"]
    sentence: str


Grade = Literal["good", "tentative", "low", "chance", "unknown"]
SENTENCES: dict[Grade, str] = {
    "good": "People agree well enough to train on.",
    "tentative": "People agree enough for a first try: settle the items they differ on before relying on it.",
    "low": "People agree too little to train on: make the guidelines clearer and settle the items they differ on.",
    "chance": "People agree no more than by chance: they may read the question in different ways.",
}
NOT_LEARNED: dict[Grade, str] = {  # of labels that people read, and no model learns
    "good": "People agree well.",
    "tentative": "People agree roughly: look at the items they differ on before relying on it.",
    "low": "People agree little: say in the guidelines when to choose what.",
    "chance": "People agree no more than by chance: they may understand the choices in different ways.",
}


@dataclass(frozen=True)
class Counted:
    """The items that two people or more judged, and how many people and judgements are behind them."""

    rows: list[Mapping[Hashable, Any]]
    units: int
    raters: int
    judgements: int

    @property
    def reason(self) -> str:
        """Why these items are too few for any figure; empty when they are not."""
        if self.units >= FEWEST:
            return ""
        return ONE_ITEM if self.units else NOT_TWICE

    def undefined(self, reason: str) -> Agreement:
        return Agreement(None, None, None, self.units, self.raters, self.judgements, reason)


def counted(rows: Iterable[Mapping[Hashable, Any]]) -> Counted:
    shared = [row for row in rows if len(row) >= 2]
    raters = {rater for row in shared for rater in row}
    return Counted(shared, len(shared), len(raters), sum(len(row) for row in shared))


def reading(agreement: Agreement, sentences: Mapping[Grade, str] = SENTENCES) -> Reading:
    """The figure in one or two plain sentences; the limits and where they come from are in `SOURCE`.

    Not for Kendall's W, which chance alone brings to one over the number of people.
    """
    if agreement.value is None:
        return Reading("unknown", agreement.reason)
    grade = _grade(agreement.value)
    sentence = sentences[grade]
    if agreement.units < TOO_FEW:
        few = f"only {agreement.units} items stand behind it, and a few more can turn it round."
        return Reading(grade, f"{sentence} This is not sure yet: {few}")
    low, high = agreement.low, agreement.high
    if low is None or high is None or _grade(low) == _grade(high):
        return Reading(grade, sentence)
    bounds = f"{low:.3f} to {high:.3f}".replace("-", "−")
    return Reading(
        grade,
        f"{sentence} This is not sure yet: anything from {bounds} is possible, "
        "and more items judged by two people will narrow it.",
    )


def _grade(value: float) -> Literal["good", "tentative", "low", "chance"]:
    if value >= RELY:
        return "good"
    if value >= TENTATIVE:
        return "tentative"
    return "low" if value > 0 else "chance"
