"""Texts that say nearly the same in the same words, found among very many.

Two texts are as alike as the sets of their five-word pieces (shingles; Broder 1997): the Jaccard index. A signature of
120 numbers estimates it. It is made by fast similarity sketching (Dahlgaard, Knudsen and Thorup, FOCS 2017): each
number agrees with probability J, as with MinHash, but every shingle is hashed about once and not 120 times, so that
plain Python needs a few milliseconds. Bands of six numbers are hashed to one integer each; texts that share a band are
candidates (Indyk and Motwani 1998). With 20 bands, two texts meet with probability 1 - (1 - J^6)^20: 0.998 at
J = 0.8, 0.03 at J = 0.35. What meets is compared exactly.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import blake2b

from annotation import texts
from annotation.checks.hints import Hint

WORDS = 5
BANDS = 20
ROWS = 6
NUMBERS = BANDS * ROWS
ALIKE = 0.8
_MASK = (1 << 64) - 1
LOW = (1 << 32) - 1
_PACKED = struct.Struct(f"<{NUMBERS}I")
_SHORTEST = 8  # words: below, two honest answers may well be the same


@dataclass(frozen=True)
class Other:
    key: str
    text: str
    name: str = ""  # as people call it


Lookup = Callable[[list[int]], Iterable[Other]]


def shingles(text: str) -> frozenset[str]:
    """Every run of five words; a shorter text is one piece."""
    words = texts.words(text)
    if not words:
        return frozenset()
    return frozenset(" ".join(words[i : i + WORDS]) for i in range(max(1, len(words) - WORDS + 1)))


def jaccard(first: str, second: str) -> float | None:
    """The share of pieces both have of those either has; None for two texts without words: nothing to compare."""
    return _jaccard(shingles(first), shingles(second))


def _jaccard(first: frozenset[str], second: frozenset[str]) -> float | None:
    return len(first & second) / len(first | second) if first or second else None


def signature(text: str) -> bytes:
    """120 numbers of 32 bits; empty for a text without words."""
    return _sketch(shingles(text))


def _sketch(pieces: frozenset[str]) -> bytes:
    """Round by round each piece draws a place and a value, and each place keeps the least of the first round that
    reached it. Rounds end when no place is empty; NUMBERS further ones draw for one place each, so they do end.
    """
    if not pieces:
        return b""
    hashes = [int.from_bytes(blake2b(piece.encode(), digest_size=8).digest(), "little") for piece in pieces]
    kept: list[int | None] = [None] * NUMBERS
    empty = NUMBERS
    for round_number in range(2 * NUMBERS):
        salt = mixed(round_number + 1)
        fresh: dict[int, int] = {}
        for number in hashes:
            drawn = mixed(number ^ salt)
            place = (drawn >> 32) % NUMBERS if round_number < NUMBERS else round_number - NUMBERS
            value = drawn & LOW
            if kept[place] is None and value < fresh.get(place, LOW + 1):
                fresh[place] = value
        for place, value in fresh.items():
            kept[place] = (value + round_number * 0x9E3779B1) & LOW  # equal values of two rounds are not the same
        empty -= len(fresh)
        if not empty:
            break
    return _PACKED.pack(*(value or 0 for value in kept))


def mixed(number: int) -> int:
    """The finaliser of splitmix64 (Steele, Lea and Flood 2014): every bit that goes in moves all that come out."""
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)


def bands(of: bytes) -> list[int]:
    """One integer per band, its place in it too, that fits a signed 64-bit column. None for an empty signature."""
    width = 4 * ROWS
    return [
        int.from_bytes(blake2b(of[i : i + width], digest_size=8, salt=struct.pack("<I", i)).digest(), "little") >> 1
        for i in range(0, len(of), width)
    ]


def similarity(first: bytes, second: bytes) -> float | None:
    """An estimate of the Jaccard index, with a standard error of at most 0.05; None where a text had no words."""
    if not first or not second:
        return None
    pairs = zip(_PACKED.unpack(first), _PACKED.unpack(second), strict=True)
    return sum(one == other for one, other in pairs) / NUMBERS


def closest(text: str, others: Iterable[Other], at_least: float = ALIKE) -> tuple[Other, float] | None:
    """The other text most like this one, compared exactly."""
    return _closest(shingles(text), others, at_least)


def _closest(pieces: frozenset[str], others: Iterable[Other], at_least: float) -> tuple[Other, float] | None:
    compared = [(other, _jaccard(pieces, shingles(other.text)) or 0.0) for other in others]
    found = [(other, share) for other, share in compared if share >= at_least]
    return max(found, key=lambda each: each[1], default=None)


def duplicate_hints(text: str, lookup: Lookup) -> list[Hint]:
    """`lookup` gives the texts that share a band with this one."""
    if len(texts.words(text)) < _SHORTEST:
        return []
    pieces = shingles(text)
    match = _closest(pieces, lookup(bands(_sketch(pieces))), ALIKE)
    if match is None:
        return []
    other, share = match
    alike = "The same words as" if share == 1 else f"Nearly the same text ({int(100 * share)} % of it) as"
    return [Hint("duplicate", f"{alike} {other.name or 'an answer that is already there'}.", about=other.key)]
