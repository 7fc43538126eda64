"""How much of what is planted is found, and how much of what is found was planted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from annotation.cleaning import between
from annotation.cleaning.boilerplate import Boilerplate
from annotation.cleaning.checking import check
from annotation.cleaning.kinds import KINDS
from annotation.cleaning.planted import Span, texts
from annotation.cleaning.planted.wording import PLANTERS, answers, boilerplate, contradicting, copied, glossary
from annotation.cleaning.settings import Settings
from annotation.cleaning.signatures import signature
from annotation.cleaning.typos import WordCounts


@dataclass
class Score:
    """A planted place counts as found where what is found covers all its letters and digits; what is found counts as
    right where it touches a planted place of its kind.
    """

    planted: int = 0
    recalled: int = 0
    found: int = 0
    right: int = 0

    def add(self, text: str, planted: set[Span], found: set[Span]) -> None:
        for kind, start, end in planted:
            covered = {place for _kind, begin, stop in found if _kind == kind for place in range(begin, stop)}
            letters = {place for place in range(start, end) if text[place].isalnum()} or set(range(start, end))
            self.planted += 1
            self.recalled += letters <= covered if letters else any(one[0] == kind for one in found)
        for kind, start, end in found:
            self.found += 1
            self.right += any(kind == other and start <= stop and begin <= end for other, begin, stop in planted)


def measure(which: str, number: int) -> dict[str, Score]:
    """By kind, in the order of KINDS. `number`: texts for personal data; the other kinds have as many."""
    scores: defaultdict[str, Score] = defaultdict(Score)
    for kind, text, planted, found in _all(which, number):
        scores[kind].add(text, planted, found)
    return {kind: scores[kind] for kind in KINDS if kind in scores}


def _all(which: str, number: int) -> Iterator[tuple[str, str, set[Span], set[Span]]]:
    yield from _personal(which, number)
    written = list(answers(which, number))
    yield from _wording(written)
    yield from _boilerplate(written)
    yield from _between(written)


def _personal(which: str, number: int) -> Iterator[tuple[str, str, set[Span], set[Span]]]:
    personal = [kind.name for kind in KINDS.values() if kind.group == "personal" and kind.name != "pattern"]
    settings = Settings(kinds=frozenset(personal))
    for place, text in enumerate(texts(which, number)):
        found = {(each.kind, each.start, each.end) for each in check({"input": text.written}, settings, str(place))}
        for kind in personal:
            yield kind, text.written, _of(kind, text.planted), _of(kind, found)


def _wording(written: list[str]) -> Iterator[tuple[str, str, set[Span], set[Span]]]:
    """Every second text has something planted."""
    counts = WordCounts()
    for text in written:
        counts.add(text)
    settings = Settings(kinds=frozenset(PLANTERS), language="en", known=counts.known(), glossary=glossary())
    draw = Random(len(written))  # noqa: S311 - the same texts each time
    for kind, plant in PLANTERS.items():
        for place, text in enumerate(written):
            changed, planted = (text, set()) if place % 2 else plant(text, draw)
            found = {(each.kind, each.start, each.end) for each in check({"response": changed}, settings)}
            yield kind, changed, planted, _of(kind, found)


def _boilerplate(written: list[str]) -> Iterator[tuple[str, str, set[Span], set[Span]]]:
    made = [boilerplate(text, place) for place, text in enumerate(written)]
    counted = Boilerplate()
    for text, _planted in made:
        counted.add(text)
    for text, planted in made:
        yield "boilerplate", text, planted, {("boilerplate", start, end) for start, end, _n in counted.passages(text)}


def _between(written: list[str]) -> Iterator[tuple[str, str, set[Span], set[Span]]]:
    """Whole texts: a finding is where it begins and ends at 0."""
    draw = Random(len(written))  # noqa: S311 - the same texts each time
    same, near = between.Duplicates(), between.NearDuplicates()
    made = [each for text in written for each in copied(text, draw)]
    for place, (text, _kind) in enumerate(made):
        near.add(str(place), signature(text))
    alike = {int(each.key) for each in near.found(lambda one, other: (made[int(one)][0], made[int(other)][0]))}
    for place, (text, planted) in enumerate(made):
        duplicate = same.first(str(place), text) is not None
        yield "duplicate", text, _whole("duplicate", planted == "duplicate"), _whole("duplicate", duplicate)
        found = place in alike and not duplicate
        yield (
            "near_duplicate",
            text,
            _whole("near_duplicate", planted == "near_duplicate"),
            _whole("near_duplicate", found),
        )
    opposed = between.Contradictions()
    for place, (prompt, answer, contradicts) in enumerate(contradicting(written, draw)):
        found = bool(opposed.add(str(place), prompt, answer))
        yield "contradiction", answer, _whole("contradiction", contradicts), _whole("contradiction", found)


def _of(kind: str, spans: set[Span]) -> set[Span]:
    return {span for span in spans if span[0] == kind}


def _whole(kind: str, there: bool) -> set[Span]:
    return {(kind, 0, 0)} if there else set()
