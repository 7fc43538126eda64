"""Answers to the same prompt that cannot both be right.

Told by what differs, not by what is meant: one says yes and the other no; both are a word or two and not the same; or
a sentence stands in both but for its figures or for a “not”. Answers that merely differ are no finding.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from annotation import texts

_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?!\s|$)[^.!?\n]*)*")
_PIECE = re.compile(r"\w+(?:[.,:/]\d+)*(?:['’]\w+)?")
_NOT = re.compile(r"not|never|no|none|neither|nor|without|cannot|\w+n['’]t")
_DO = frozenset({"do", "does", "did"})
_YES = frozenset({"yes", "true", "correct", "agreed", "granted", "liable", "allowed"})
_NO = frozenset({"no", "false", "incorrect", "disagreed", "denied", "refused"})
_SHORT = 4  # words of an answer that is a label
_SHORTEST = 4  # words of a sentence that says something
_MOST_SENTENCES = 60
_MOST_ANSWERS = 20  # to one prompt that are kept to be compared
_PACKED = struct.Struct("<QII")  # the sentence without figures and negations, its figures, its negations


@dataclass(frozen=True)
class Contradiction:
    other: str  # the key of an earlier answer
    start: int  # what contradicts it
    end: int
    note: str


@dataclass(frozen=True)
class _Said:
    start: int
    end: int
    skeleton: int
    figures: int
    negations: int


@dataclass(frozen=True)
class _Kept:
    key: str
    verdict: bool | None
    label: str
    sentences: bytes


class Contradictions:
    """About 200 bytes an answer of ten sentences.

    `read` gives an earlier answer by its key, so that the only answer to a prompt is not looked into.
    """

    def __init__(self, read: Callable[[str], str] | None = None) -> None:
        self._answers: dict[bytes, list[_Kept]] = {}
        self._alone: dict[bytes, str] = {}
        self._read = read

    def add(self, key: str, prompt: str, answer: str) -> list[Contradiction]:
        """With which earlier answers to this prompt it cannot agree, once each."""
        place = blake2b(texts.normalise(prompt).encode("utf-8", "replace"), digest_size=16).digest()
        if self._read and place not in self._answers and place not in self._alone:
            self._alone[place] = key
            return []
        said = list(_sentences(answer))
        kept = _kept(key, answer, said)
        earlier = self._answers.setdefault(place, [])
        if self._read and (alone := self._alone.pop(place, None)) is not None:
            again = self._read(alone)
            earlier.append(_kept(alone, again, list(_sentences(again))))
        found = [each for other in earlier if (each := _between(kept, said, other, len(answer)))]
        if len(earlier) < _MOST_ANSWERS:
            earlier.append(kept)
        return found


def _kept(key: str, answer: str, said: list[_Said]) -> _Kept:
    return _Kept(key, _verdict(answer), _label(answer), b"".join(_packed(one) for one in said))


def _between(kept: _Kept, said: list[_Said], other: _Kept, length: int) -> Contradiction | None:
    if kept.verdict is not None and other.verdict is not None and kept.verdict != other.verdict:
        return Contradiction(other.key, 0, length, "One answer says yes, the other no.")
    if kept.label and other.label and kept.label != other.label:
        return Contradiction(other.key, 0, length, "Both answers are short, and they are not the same.")
    theirs: dict[int, set[tuple[int, int]]] = {}
    for skeleton, figures, negations in _PACKED.iter_unpack(other.sentences):
        theirs.setdefault(skeleton, set()).add((figures, negations))
    for one in said:
        known = theirs.get(one.skeleton)
        if known and (one.figures, one.negations) not in known:
            same_figures = any(figures == one.figures for figures, _negations in known)
            note = (
                "The same sentence is denied there." if same_figures else "The same sentence has other figures there."
            )
            return Contradiction(other.key, one.start, one.end, note)
    return None


def _packed(one: _Said) -> bytes:
    return _PACKED.pack(one.skeleton, one.figures, one.negations)


def _sentences(answer: str) -> Iterator[_Said]:
    for match, _number in zip(_SENTENCE.finditer(answer), range(_MOST_SENTENCES), strict=False):
        read = [_read(word) for word in _PIECE.findall(match[0].casefold())]
        plain = [each.plain for each in read if each.plain]
        if len(plain) >= _SHORTEST:
            figures = " ".join(each.figure for each in read if each.figure)
            start, end = _trimmed(answer, *match.span())
            negations = sum(each.negates for each in read) % 2
            yield _Said(start, end, _hashed(" ".join(plain), 8), _hashed(figures, 4), negations)


class _Word(NamedTuple):
    plain: str
    figure: str
    negates: bool


@lru_cache(maxsize=50_000)
def _read(word: str) -> _Word:
    """“isn't” is “is” and a negation; “does” says nothing that its sentence does not."""
    if any(letter.isdigit() for letter in word):
        return _Word("", word, False)
    negates = bool(_NOT.fullmatch(word))
    plain = word.replace("’", "'")
    if negates:
        plain = {"can't": "can", "won't": "will", "cannot": "can"}.get(plain, plain.removesuffix("n't"))
        plain = "" if plain == word else plain
    return _Word("" if plain in _DO else plain, "", negates)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    inner = text[start:end]
    return start + len(inner) - len(inner.lstrip()), start + len(inner.rstrip())


def _hashed(text: str, size: int) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=size).digest(), "little")


def _verdict(answer: str) -> bool | None:
    """What the first word says, where it is an answer by itself: “No, the clause…”, “Denied.”"""
    first = re.match(r"\W*(\w+)(?=\s*(?:[,.;:!–—-]|\n|$))", answer)
    if first is None:
        return None
    word = first[1].casefold()
    return True if word in _YES else False if word in _NO else None


def _label(answer: str) -> str:
    words = texts.words(answer)
    return " ".join(words) if 0 < len(words) <= _SHORT else ""
