"""A leak as a page shows it: both texts side by side, with what they have in common marked."""

from __future__ import annotations

from dataclasses import dataclass

from annotation import diff
from annotation.texts import words
from training.leaks import gate
from training.models import Leak

FEWEST = 2  # words in a row from which what both say is marked
MOST = 3_000  # characters of a held-out text


@dataclass(frozen=True)
class Beside:
    leak: Leak
    ours: list[tuple[str, bool]]
    theirs: list[tuple[str, bool]]

    @property
    def sentence(self) -> str:
        return gate.sentence(self.leak).removesuffix(":") + "."


def beside(leak: Leak) -> Beside:
    theirs = _theirs(leak)
    if leak.passage and leak.kind == Leak.Kind.PASSAGE:
        return Beside(leak, _around(leak.text, leak.passage), _around(theirs, leak.passage))
    pieces = diff.words(leak.text, theirs)
    ours = [(piece.text, _counts(piece)) for piece in pieces if piece.kind != "added"]
    return Beside(leak, ours, [(piece.text, _counts(piece)) for piece in pieces if piece.kind != "removed"])


def _theirs(leak: Leak) -> str:
    if leak.against == Leak.Against.REFERENCE:
        return leak.held_out.reference[:MOST]
    return (leak.held_out.input if len(words(leak.held_out.input)) > FEWEST else leak.held_out.instruction)[:MOST]


def _counts(piece: diff.Piece) -> bool:
    return piece.kind == "same" and len(words(piece.text)) >= FEWEST


def _around(text: str, passage: str) -> list[tuple[str, bool]]:
    """Where the passage is written otherwise (other spaces, other case), what both write alike is marked."""
    before, found, after = text.partition(passage)
    if found:
        return [(before, False), (found, True), (after, False)]
    pieces = diff.words(passage, text)
    return [(piece.text, _counts(piece)) for piece in pieces if piece.kind != "removed"]
