"""Typing errors, told by the project's own words.

There is no dictionary here: a word is taken for a typing error only where it occurs in one text, a word that the
project uses often is one or two letters away, and the two are not forms of one word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from annotation.cleaning.terms import Term

_WORD = re.compile(r"(?<![\w@./'’-])[^\W\d_]{5,24}(?![\w@/]|['’-]\w|\.\w)")
_PART = re.compile(r"[^\W\d_]+")
SHORTEST = 5  # letters; shorter words are too near to one another
SHORTEST_TWICE = 9  # letters of a word that may be two edits away
OFTEN = 5  # texts that the right word stands in
KNOWN = 3  # texts after which a word is a word
MOST_WORDS = 200_000


class WordCounts:
    """Counts in how many texts each word stands, for `Settings.known`; rare words are forgotten when there are many."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, text: str) -> None:
        self.counts.update({word.casefold() for word in _PART.findall(text)})
        if len(self.counts) > 2 * MOST_WORDS:
            self.counts = Counter(dict(self.counts.most_common(MOST_WORDS)))

    def add_words(self, words: Iterable[str]) -> None:
        """Words that are right whether the project uses them or not, such as those of a model's vocabulary."""
        for word in words:
            self.counts[word.casefold()] += KNOWN

    def known(self) -> dict[str, int]:
        return {word: number for word, number in self.counts.items() if number >= KNOWN}


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
            if word[1:].islower() and (meant := self._meant(word, text, match.start())):
                yield match.start(), match.end(), meant

    def _meant(self, word: str, text: str, start: int) -> str:
        return ""
