"""Typing errors, told by the project's own words.

There is no dictionary here: a word is taken for a typing error only where it occurs in one text, a word that the
project uses often is one or two letters away, and the two are not forms of one word.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from annotation.cleaning.terms import Term
from annotation.cleaning.word_lists import words

_WORD = re.compile(r"(?<![\w@./'’-])[^\W\d_]{5,24}(?![\w@/]|['’-]\w|\.\w)")
_PART = re.compile(r"[^\W\d_]+")
SHORTEST = 5  # letters; shorter words are too near to one another
SHORTEST_TWICE = 10  # letters of a word that may be two edits away
SHORTEST_EXCHANGED = 8  # letters of a word with another letter in it: shorter ones are mostly words (horse, house)
OFTEN = 5  # texts that the right word stands in
KNOWN = 3  # texts after which a word is a word
LEAD = 5  # times as often as the next word that is as near
MOST_WORDS = 200_000
MOST_REMEMBERED = 100_000
_ENDINGS = frozenset(
    [
        "",
        *words("""
    s e es d ed r er ers rs or ors ing ings ion ions ly al ally y ies ied ier ily able ible ably ive ives ment
    ments ness
    t st est n en ens ant ent ance ence ation ations ic ical ity ism ist ists th a i o um us
    """),
    ]
)


def vocabulary(tokenizer: Path) -> Iterator[str]:
    """Words that a base model's tokenizer (tokenizer.json) has as a whole: thousands of common ones, for WordCounts.

    A piece that begins with a blank and is lower case is nearly always a word or the beginning of a longer one.
    """
    pieces = json.loads(tokenizer.read_text(encoding="utf-8")).get("model", {}).get("vocab", {})
    for piece in pieces:
        if isinstance(piece, str) and piece[:1] in "Ġ▁" and piece[1:].isalpha() and len(piece) > SHORTEST:
            yield piece[1:].casefold()


class WordCounts:
    """Counts in how many texts each word stands, for `Settings.known`; rare words are forgotten when there are many."""

    def __init__(self, right: Iterable[str] = ()) -> None:
        """`right`: words that are no errors whether the project uses them or not, such as a model's `vocabulary`."""
        self.counts: Counter[str] = Counter()
        self._right = frozenset(word.casefold() for word in right)

    def add(self, text: str) -> None:
        self.add_all(words_of([text]))

    def add_all(self, counted: Counter[str]) -> None:
        """What `words_of` counted in some texts."""
        self.counts.update(counted)
        if len(self.counts) > 2 * MOST_WORDS:
            self.counts = Counter(dict(self.counts.most_common(MOST_WORDS)))

    def known(self) -> dict[str, int]:
        often = {word: number for word, number in self.counts.items() if number >= KNOWN}
        return dict.fromkeys(self._right, KNOWN) | often


def words_of(texts: Iterable[str]) -> Counter[str]:
    """In how many of these texts each word stands."""
    counted: Counter[str] = Counter()
    for text in texts:
        counted.update(set(map(str.casefold, _PART.findall(text))))
    return counted


class Typos:
    def __init__(self, known: Mapping[str, int], glossary: Sequence[Term] = ()) -> None:
        terms = {word.casefold() for term in glossary for word in _PART.findall(term.preferred)}
        also = {word.casefold() for term in glossary for one in term.variants for word in _PART.findall(one)}
        self._known = frozenset(word for word, number in known.items() if number >= KNOWN) | terms | also
        self._often = {word: number for word, number in known.items() if number >= OFTEN and len(word) >= SHORTEST}
        self._often |= {word: max(OFTEN, self._often.get(word, 0)) for word in terms if len(word) >= SHORTEST}
        self._cached: dict[str, str] = {}

    def found(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and the word that was meant."""
        if not self._often:
            return
        for match in _WORD.finditer(text):
            word = match[0]
            if word.islower() and word not in self._known and (meant := self._meant(word)):
                yield match.start(), match.end(), meant

    def _meant(self, word: str) -> str:
        """The one word that is meant, if it is clear which; remembered, since errors come again."""
        if word not in self._cached:
            if len(self._cached) > MOST_REMEMBERED:
                self._cached.clear()
            self._cached[word] = self._nearest(word)
        return self._cached[word]

    def _nearest(self, word: str) -> str:
        edits = 2 if len(word) >= SHORTEST_TWICE else 1
        near: dict[str, int] = {}
        for shorter in _shortened(word, edits):
            for other in self._by_shorter.get(shorter, ()):
                if other not in near and not _are_forms(word, other) and not _is_exchange(word, other):
                    near[other] = distance(word, other, edits)
        for edit in range(1, edits + 1):
            right = sorted((other for other, many in near.items() if many == edit), key=lambda each: -self._often[each])
            if right:
                clear = len(right) == 1 or self._often[right[0]] >= LEAD * self._often[right[1]]
                return right[0] if clear else ""
        return ""

    @cached_property
    def _by_shorter(self) -> dict[str, list[str]]:
        """What is left of each frequent word when one or two letters are taken out (Garbe's symmetric deletion)."""
        table: dict[str, list[str]] = {}
        for word in self._often:
            for shorter in _shortened(word, 2 if len(word) >= SHORTEST_TWICE - 1 else 1):
                table.setdefault(shorter, []).append(word)
        return table


def _shortened(word: str, edits: int) -> set[str]:
    """Errors in the first letter are rare, so it stays."""
    found = {word}
    for _ in range(edits):
        found |= {each[:place] + each[place + 1 :] for each in found for place in range(1, len(each))}
    return found


def _is_exchange(one: str, other: str) -> bool:
    if len(one) != len(other) or len(one) >= SHORTEST_EXCHANGED:
        return False
    return sum(a != b for a, b in zip(one, other, strict=True)) == 1


def _are_forms(one: str, other: str) -> bool:
    """“insured” and “insurer”, “claim” and “claims”: what differs is the ending alone."""
    shared = 0
    while shared < min(len(one), len(other)) and one[shared] == other[shared]:
        shared += 1
    return one[shared:] in _ENDINGS and other[shared:] in _ENDINGS


def distance(one: str, other: str, most: int) -> int:
    """Letters left out, added, exchanged or swapped with their neighbour; more than `most` counts as `most` + 1."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, another in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != another))
            if last and j > 1 and letter == other[j - 2] and one[i - 2] == another:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
