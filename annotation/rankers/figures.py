"""One figure of the report on a ranker: a number that comes with its n, its interval and a plain sentence."""

from __future__ import annotations

from dataclasses import dataclass

from annotation.intervals import Interval, wilson

FEWEST = 6  # judgements before a figure may ask for attention: five coins all fall alike in 1 of 16 cases


@dataclass(frozen=True)
class Figure:
    """`value` is None where the figure is undefined; the sentence then says why.

    `interval` is the 95 % one; `chance` is what somebody would get who does not read. `left_out`: judgements that
    say nothing here, such as ties. `attention`: there are at least `FEWEST` judgements and the interval as a whole
    lies beyond what is tolerated, so that few judgements never accuse anybody.
    """

    name: str
    value: float | None
    n: int
    interval: Interval | None
    sentence: str
    attention: bool = False
    chance: float | None = None
    left_out: int = 0


def undefined(name: str, why: str, n: int = 0, left_out: int = 0) -> Figure:
    return Figure(name, None, n, None, why, left_out=left_out)


def share(successes: float, n: float) -> tuple[float, Interval]:
    return successes / n, wilson(successes, n)


def percent(value: float) -> str:
    return f"{100 * value:.0f} %"


def points(value: float) -> str:
    return f"{abs(100 * value):.0f} points"


def count(n: int, one: str, many: str = "") -> str:
    return f"{n:,} {one if n == 1 else many or one + 's'}"
