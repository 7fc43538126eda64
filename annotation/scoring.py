"""How far a response can be relied on, from 0 to 100, with a sentence for everything the number rests on. Pure.

Parts and what they weigh. What is not known of a response does not count, neither for nor against it.

- approval, 30: somebody else read it and put their name to it; nothing else tells as much.
- second look, 20: whoever read it again had a reason to, and said what came of it.
- findings, 20: what cleaning found is in the text itself, and copies teach the same thing twice.
- agreement, 10: where several people answered, answers that share few words may both be right.
- length, 10: far from what is usual for its type is more often a slip than an exception.
- guidelines, 5: older rules are often still kept to.
- time, 5: fast writers exist, and the clock misses what was thought away from the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from annotation.texts import counted

WEIGHTS = {
    "approval": 30,
    "second look": 20,
    "findings": 20,
    "agreement": 10,
    "length": 10,
    "guidelines": 5,
    "time": 5,
}
ENOUGH = 8  # responses of a type, before anything is called usual
FAR = 3.0  # times as long, or as short, as is usual
FASTEST = 1.5  # words a second: nobody writes that fast
SHARED = 0.4  # of the words of two answers that say the same
LOOKS = {
    "open": (0.2, "It stood out, and somebody is asked to read it again."),
    "kept": (1.0, "Somebody read it again and kept it as it is."),
    "corrected": (0.8, "It was corrected when somebody read it again."),
}


@dataclass(frozen=True)
class Known:
    """What is known of one response; None, or nothing, where it is not known.

    `found` and `confirmed` are None where cleaning has not looked through it.
    """

    status: str
    words: int
    independent: bool | None = None  # approved by somebody other than its author
    returned: int = 0
    fixed: bool = False
    look: str = ""
    found: int | None = None
    confirmed: int | None = None
    copies: int = 0
    shared: float | None = None  # words in common with the nearest of the other people's answers
    usual: Sequence[int] = ()  # words of other responses of its type
    seconds: float | None = None
    guidelines_behind: int | None = None


@dataclass(frozen=True)
class Part:
    name: str
    value: float
    said: str

    @property
    def weight(self) -> int:
        return WEIGHTS[self.name]

    @property
    def lost(self) -> int:
        """Of its weight, rounded."""
        return round(self.weight * (1 - self.value))


@dataclass(frozen=True)
class Score:
    parts: tuple[Part, ...]

    @property
    def score(self) -> int:
        weight = sum(part.weight for part in self.parts)
        return round(100 * sum(part.weight * part.value for part in self.parts) / weight)

    @property
    def rests_on(self) -> str:
        """How much of all that could be known is."""
        return f"{len(self.parts)} of {len(WEIGHTS)} things that can be known"


def score(known: Known) -> Score:
    return Score(tuple(part for each in PARTS if (part := each(known))))


def _approval(known: Known) -> Part:
    if known.status != "approved":
        return Part("approval", 0.3, "Nobody has approved it.")
    if known.independent is None:
        return Part("approval", 0.6, "It arrived approved; by whom is not known.")
    if not known.independent:
        return Part("approval", 0.5, "Its author approved it; nobody else has.")
    if known.returned:
        returned = counted(known.returned, "time")
        return Part("approval", 0.8, f"Somebody else approved it after returning it {returned}.")
    if known.fixed:
        return Part("approval", 0.9, "Somebody else fixed and approved it.")
    return Part("approval", 1.0, "Somebody else approved it as it was written.")


def _second_look(known: Known) -> Part | None:
    return Part("second look", *LOOKS[known.look]) if known.look in LOOKS else None


def _findings(known: Known) -> Part | None:
    if known.found is None or known.confirmed is None:
        return None
    if known.copies:
        return Part("findings", 0.0, "It is the same, or nearly the same, as another text.")
    if known.confirmed:
        return Part("findings", 0.2, f"{counted(known.confirmed, 'finding')} in it confirmed.")
    if known.found:
        return Part("findings", 0.5, f"{counted(known.found, 'finding')} in it that nobody has decided on.")
    return Part("findings", 1.0, "Cleaning looked through it, and nothing is left to decide.")


def _agreement(known: Known) -> Part | None:
    if known.shared is None:
        return None
    said = f"It shares {100 * known.shared:.0f} % of its words with another person's answer."
    return Part("agreement", min(known.shared / SHARED, 1.0), said)


def _length(known: Known) -> Part | None:
    if len(known.usual) < ENOUGH:
        return None
    usual = max(median(known.usual), 1)
    times = max(known.words / usual, usual / max(known.words, 1))
    compared = f"It has {counted(known.words, 'word')}; {usual:,.0f} are usual for its type."
    return Part("length", 1.0 if times < FAR else 0.0, compared)


def _guidelines(known: Known) -> Part | None:
    if known.guidelines_behind is None:
        return None
    if not known.guidelines_behind:
        return Part("guidelines", 1.0, "It was written under the newest guidelines.")
    behind = counted(known.guidelines_behind, "version")
    return Part("guidelines", 1 / (1 + known.guidelines_behind), f"The guidelines are {behind} newer.")


def _time(known: Known) -> Part | None:
    if not known.seconds:
        return None
    fast = known.words / known.seconds > FASTEST
    said = f"It was written in {counted(round(known.seconds), 'second')}"
    return Part("time", 0.0, f"{said}, too fast for its length.") if fast else Part("time", 1.0, f"{said}.")


PARTS: tuple[Callable[[Known], Part | None], ...] = (
    _approval,
    _second_look,
    _findings,
    _agreement,
    _length,
    _guidelines,
    _time,
)
