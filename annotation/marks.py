"""Errors marked in a candidate, as the browser sends them and as they are stored.

The page knows candidates by letter and shows them with plain line ends; places count its characters (code points).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

MOST = 60  # in one comparison
KINDS = ("invented", "missing", "party", "number", "format", "verbose")
WRITTEN = re.compile(r"([A-E]) ([a-z]+) (\d{1,7}) (\d{1,7})")


@dataclass(frozen=True, order=True)
class Mark:
    letter: str
    start: int
    end: int
    kind: str


class Unclear(ValueError):
    """What was sent marks nothing that is there."""


def parse(written: str, texts: dict[str, str]) -> list[Mark]:
    """From "A number 3 9;B missing 10 20", each once and in order; `texts` are the shown ones, by letter."""
    found: set[Mark] = set()
    for one in filter(None, (each.strip() for each in written.split(";"))):
        match = WRITTEN.fullmatch(one)
        if match is None:
            raise Unclear("The marks could not be read. Mark again.")
        letter, kind, start, end = match[1], match[2], int(match[3]), int(match[4])
        if kind not in KINDS or letter not in texts or not start < end <= len(texts[letter]):
            raise Unclear("A mark lies outside the answers. Mark again.")
        found.add(Mark(letter, start, end, kind))
    if len(found) > MOST:
        raise Unclear(f"These are more than {MOST} marks.")
    return sorted(found)


def write(marks: Iterable[Mark]) -> str:
    return ";".join(f"{mark.letter} {mark.kind} {mark.start} {mark.end}" for mark in sorted(marks))


def quoted(words: str, text: str) -> tuple[int, int] | None:
    """Where these words stand in the text first, whatever the spaces and line breaks between them."""
    parts = words.split()
    match = re.search(r"\s+".join(map(re.escape, parts)), text, re.IGNORECASE) if parts else None
    return (match.start(), match.end()) if match else None


def shown(text: str) -> str:
    """As a page shows it: browsers make every line end a plain one."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def stored_place(place: int, text: str) -> int:
    """Where a place in the shown text is in the stored one."""
    at = 0
    for _ in range(place):
        at += 2 if text.startswith("\r\n", at) else 1
    return at


def shown_place(place: int, text: str) -> int:
    return len(shown(text[:place]))


@dataclass(frozen=True)
class Piece:
    """Words of a text; `labels` of the marks that end with them."""

    words: str
    marked: bool
    labels: tuple[str, ...]


def pieces(text: str, marked: Iterable[tuple[int, int, str]]) -> list[Piece]:
    """The text in stretches that are marked, by one or several, or not; of each mark its place and its label."""
    marked = sorted({(max(start, 0), min(end, len(text)), label) for start, end, label in marked})
    cuts = sorted({0, len(text), *(place for start, end, _ in marked if start < end for place in (start, end))})
    return [
        Piece(
            text[start:end],
            any(one <= start and end <= other for one, other, _ in marked),
            tuple(label for one, other, label in marked if other == end and one < other),
        )
        for start, end in pairwise(cuts)
    ]
