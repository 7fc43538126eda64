"""Where a text has a term of a list: one pass over its words against one tree of all terms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from annotation.bias.lists import Group

WORD = re.compile(r"[^\W_]+")
BETWEEN = frozenset(("-", "'", "‐", "‑"))
AGE = re.compile(
    r"\b(?:aged?|age of)\s+(\d{1,3})\b(?!\s*(?:%|percent))|\b(\d{1,3})[- ]years?[- ]olds?\b", re.IGNORECASE
)
YOUNG, OLD = "age/young", "age/old"
GROWN_UP, SENIOR, OLDEST = 18, 65, 120
Words = list[tuple[int, int, str]]


class Match(NamedTuple):
    """Characters `start` to `end` of the text name the group with this key."""

    start: int
    end: int
    key: str


@dataclass
class _Node:
    """After the words so far: what may follow, and what ends here as {exact spelling or "": keys}."""

    next: dict[str, _Node] = field(default_factory=dict)
    ends: dict[str, list[str]] = field(default_factory=dict)


class Matcher:
    """Terms of groups, longest first, at word boundaries, in any case unless they are exact, with endings.

    `ages`: years of age count too. `longest`: of terms that overlap only the longest ("not guilty" is not "guilty").
    """

    def __init__(self, groups: Iterable[Group], *, ages: bool = False, longest: bool = False) -> None:
        self._root = _Node()
        self._ages = ages
        self._longest = longest
        for group in groups:
            for term in group.terms:
                self._add(term.text, group.key, exact=term.exact)
                for form in () if term.exact else plurals(term.text):
                    self._add(form, group.key)

    def _add(self, text: str, key: str, *, exact: bool = False) -> None:
        node = self._root
        for word in WORD.findall(text.lower()):
            node = node.next.setdefault(word, _Node())
        keys = node.ends.setdefault(_plain(text) if exact else "", [])
        if key not in keys:
            keys.append(key)

    def find(self, text: str, read: Words | None = None) -> list[Match]:
        """In the order of the text; a term inside a longer one of the same group is not counted again.

        `read`: the text's words, where several look for something in them.
        """
        words = words_of(text) if read is None else read
        found: list[Match] = []
        covered: dict[str, int] = {}  # of each group (or, of the longest only, of all): where its last term ended
        firsts = self._root.next
        for at in [at for at, word in enumerate(words) if word[2] in firsts]:
            start = words[at][0]
            for end, keys in self._ends(text, words, at):
                for key in keys:
                    of = "" if self._longest else key
                    if covered.get(of, -1) < end and (not self._longest or covered.get(of, -1) <= start):
                        covered[of] = end
                        found.append(Match(start, end, key))
        return sorted({*found, *_ages(text)}) if self._ages else found

    def _ends(self, text: str, words: Words, at: int) -> list[tuple[int, list[str]]]:
        """Where terms that begin with this word end, the longest first."""
        node, ends = self._root, list[tuple[int, list[str]]]()
        for place in range(at, len(words)):
            start, end, word = words[place]
            if place > at and not _joined(text[words[place - 1][1] : start]):
                break
            if word not in node.next:
                break
            node = node.next[word]
            if keys := _keys(node, text[words[at][0] : end]):
                ends.append((end, keys))
        return ends[::-1]


def words_of(text: str) -> Words:
    """Where each begins and ends, and the word in small letters."""
    return [(*word.span(), word[0].lower()) for word in WORD.finditer(text)]


def plurals(term: str) -> Iterator[str]:
    """A term with its regular endings; irregular ones stand in the lists."""
    yield f"{term}s"
    if term.endswith(("s", "x", "ch", "sh")):
        yield f"{term}es"
    if term.endswith("y") and len(term) > 1 and term[-2] not in "aeiou":
        yield f"{term[:-1]}ies"


def _keys(node: _Node, written: str) -> list[str]:
    if not node.ends:
        return []
    return [*node.ends.get("", []), *node.ends.get(_plain(written), [])] if written else []


def _plain(text: str) -> str:
    return text.replace("’", "'")


def _joined(between: str) -> bool:
    return between.replace("’", "'") in BETWEEN or (between.isspace() and "\n\n" not in between)


def _ages(text: str) -> Iterator[Match]:
    for match in AGE.finditer(text):
        years = int(match[1] or match[2])
        if years < GROWN_UP:
            yield Match(match.start(), match.end(), YOUNG)
        elif SENIOR <= years <= OLDEST:
            yield Match(match.start(), match.end(), OLD)
