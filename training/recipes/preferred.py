"""What the rankings prefer, read from the pairs themselves, and what they do not ask to change. No torch.

A trait is something of a text that can be counted: all headings in order, a dated section, the words it ends with.
The one on which chosen and rejected answers differ most is what a round should move; all others are guarded.
"""

from __future__ import annotations

import math
import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from annotation import metrics

CLEAR = 25.0  # points by which chosen and rejected answers have to differ in a trait
SURE = 3.0  # ... and standard errors
NEARLY = 0.8  # what the project asks for is taken where it separates nearly as well as anything else, length last
MOST = 10.0  # standard deviations; more say nothing more
ALIKE = 80.0  # per cent of the rejected answers' words, from which on a chosen answer is the same one with a change
LONGEST_PHRASE = 5
SHARES = "%"
Piece = tuple[str, ...]  # of a text, word by word


@dataclass(frozen=True)
class Trait:
    """`value` is in points, 0 or 100, for something that a text has or has not."""

    key: str
    label: str
    value: Callable[[str, str], float]  # of a text and the prompt it answers
    unit: str = SHARES


@dataclass(frozen=True)
class Preference:
    """What the rankings ask for, with its value in chosen and in rejected answers."""

    trait: Trait
    chosen: float
    rejected: float

    @property
    def rises(self) -> bool:
        return self.chosen > self.rejected

    def sentence(self) -> str:
        return (
            f"What the rankings prefer: {self.trait.label} "
            f"(chosen {shown(self.chosen, self.trait.unit)}, rejected {shown(self.rejected, self.trait.unit)})."
        )


def shown(value: float, unit: str) -> str:
    return f"{value:.0f} %" if unit == SHARES else f"{value:.0f} {unit}".rstrip()


def share(true: bool) -> float:
    return 100.0 if true else 0.0


# --- Traits ---------------------------------------------------------------------------------------------------


def of_project(headings: Sequence[str], dated: str) -> list[Trait]:
    """The traits that the project itself asks for."""
    found = []
    if headings:
        found.append(
            Trait(
                "complete",
                "all headings, in order",
                lambda text, _prompt: share(getattr(metrics.adherence(text, headings), "complete", False)),
            )
        )
    if dated:
        found.append(
            Trait(
                "dated",
                f"{dated} with a date",
                lambda text, _prompt: share(bool(metrics.dated_section(text, dated, headings))),
            )
        )
    return found


def of_any_text() -> list[Trait]:
    return [
        Trait("supported", "no figure that the prompt does not have", _supported),
        Trait("date", "a date", lambda text, _prompt: share(metrics.has_date(text))),
        Trait("list", "a list", lambda text, _prompt: share(bool(re.search(r"^\s*([-*•]|\d+[.)]) ", text, re.M)))),
        Trait("sentences", "more than one sentence", lambda text, _prompt: share(_sentences(text) > 1)),
        Trait("question", "a question", lambda text, _prompt: share("?" in text)),
    ]


LENGTH = Trait("words", "length", lambda text, _prompt: float(len(text.split())), unit="words")


def _supported(text: str, prompt: str) -> float:
    return share(not metrics.unsupported_figures(text, prompt))


def _sentences(text: str) -> int:
    return len(re.findall(r"[^\s.!?][.!?](?=\s|$)", text.strip())) or 1


def of_words(chosen: Sequence[str], rejected: Sequence[str]) -> list[Trait]:
    """The beginning, the end and the phrase of which one side has more than the other by the most texts."""
    found = []
    for key, says, pieces, has in (
        ("begins", "beginning with", _beginnings, _begins),
        ("ends", "ending with", _endings, _ends),
        ("contains", "containing", _phrases, _contains),
    ):
        piece = _most_different(chosen, rejected, pieces)
        if piece:
            found.append(_word_trait(f"{key}:{' '.join(piece)}", f"{says} “{' '.join(piece)}”", piece, has))
    return found


def _word_trait(key: str, label: str, piece: Piece, has: Callable[[list[str], Piece], bool]) -> Trait:
    return Trait(key, label, lambda text, _prompt: share(has(_words(text), piece)))


def _words(text: str) -> list[str]:
    """Words without the marks around them, so that a phrase may end a sentence or not."""
    return [word for word in (raw.strip(".,;:!?“”\"'()*") for raw in text.lower().split()) if word]


def _beginnings(words: list[str]) -> Iterable[Piece]:
    return (tuple(words[:size]) for size in range(1, min(LONGEST_PHRASE, len(words)) + 1))


def _endings(words: list[str]) -> Iterable[Piece]:
    return (tuple(words[-size:]) for size in range(1, min(LONGEST_PHRASE, len(words)) + 1))


def _phrases(words: list[str]) -> Iterable[Piece]:
    sizes = range(1, min(LONGEST_PHRASE, len(words)) + 1)
    return (tuple(words[place : place + size]) for size in sizes for place in range(len(words) - size + 1))


def _begins(words: list[str], piece: Piece) -> bool:
    return tuple(words[: len(piece)]) == piece


def _ends(words: list[str], piece: Piece) -> bool:
    return tuple(words[-len(piece) :]) == piece


def _contains(words: list[str], piece: Piece) -> bool:
    return any(tuple(words[place : place + len(piece)]) == piece for place in range(len(words) - len(piece) + 1))


def _most_different(
    chosen: Sequence[str], rejected: Sequence[str], pieces: Callable[[list[str]], Iterable[Piece]]
) -> Piece | None:
    """Of equally telling ones the longest: it says most."""
    counts: Counter[Piece] = Counter()
    for texts, step in ((chosen, 1), (rejected, -1)):
        for text in texts:
            for piece in set(pieces(_words(text))):
                counts[piece] += step
    if not counts:
        return None
    return max(counts, key=lambda piece: (abs(counts[piece]), len(piece), piece))


# --- What the pairs say ---------------------------------------------------------------------------------------


def texts_of(pair: dict[str, Any]) -> tuple[str, str, str]:
    return pair["prompt"][-1]["content"], pair["chosen"][-1]["content"], pair["rejected"][-1]["content"]


def difference(trait: Trait, pairs: Sequence[dict[str, Any]]) -> tuple[float, float, float, float]:
    """Mean of the chosen, of the rejected, and their difference in standard deviations and in standard errors."""
    chosen, rejected = [], []
    for prompt, better, worse in map(texts_of, pairs):
        chosen.append(trait.value(better, prompt))
        rejected.append(trait.value(worse, prompt))
    gaps = [better - worse for better, worse in zip(chosen, rejected, strict=True)]
    mean = statistics.fmean(gaps)
    spread = math.sqrt((statistics.pvariance(chosen) + statistics.pvariance(rejected)) / 2)
    error = (statistics.pstdev(gaps) or 1e-9) / math.sqrt(len(gaps))
    effect = mean / (spread or 1e-9) if mean else 0.0
    return statistics.fmean(chosen), statistics.fmean(rejected), effect, mean / error


def preference(pairs: Sequence[dict[str, Any]], headings: Sequence[str], dated: str) -> Preference | None:
    """None where no trait tells chosen from rejected answers."""
    sides = [texts_of(pair) for pair in pairs]
    words = of_words([chosen for _p, chosen, _r in sides], [rejected for _p, _c, rejected in sides])
    best: tuple[float, Preference] | None = None
    for favour, family in (
        (1.0, of_project(headings, dated)),
        (NEARLY, words),  # the more telling: a second sentence may be any, and a new last one is a second one
        (NEARLY, of_any_text()),
        (NEARLY**2, [LENGTH]),
    ):
        for trait in family:
            chosen, rejected, effect, errors = difference(trait, pairs)
            if not _is_clear(trait, chosen, rejected, errors):
                continue
            strength = favour * min(abs(effect), MOST)
            if best is None or strength > best[0]:
                best = strength, Preference(trait, chosen, rejected)
    return best[1] if best else None


def are_alike(pairs: Sequence[dict[str, Any]]) -> bool:
    """Whether chosen answers mostly keep what the others say, so that the rest of an answer should stay as it is."""
    texts = [texts_of(pair) for pair in pairs]
    return statistics.fmean(100 * metrics.kept(chosen, rejected) for _prompt, chosen, rejected in texts) >= ALIKE


def _is_clear(trait: Trait, chosen: float, rejected: float, errors: float) -> bool:
    apart = abs(chosen - rejected)
    if trait.unit != SHARES:
        apart = 100 * apart / max(chosen, rejected, 1.0)
    return apart >= CLEAR and abs(errors) >= SURE


def guarded(
    pairs: Sequence[dict[str, Any]], headings: Sequence[str], dated: str, wanted: Preference | None
) -> list[Trait]:
    """The traits that rankings do not ask to lower; the wanted one is none of them."""
    always = [trait for trait in of_any_text() if trait.key == "supported"]
    found = []
    for trait in [*of_project(headings, dated), *always]:
        if wanted and trait.key == wanted.trait.key:
            continue
        chosen, rejected, _effect, errors = difference(trait, pairs)
        if chosen < rejected and _is_clear(trait, chosen, rejected, errors):
            continue
        found.append(trait)
    return found
