"""What changed between two texts, word by word."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

PIECE = re.compile(r"\s*\w+(?:(?<=\d)[.,:/](?=\d)\w+)*|\s*[^\w\s]|\s+")  # 1,450 and 3/14/25 are one word each
LONGEST = 20_000  # characters compared word by word
MOST_PAIRS = 2_000_000  # of equal words, one in each text: what matching looks at, and a text of one word has many

Kind = Literal["same", "added", "removed"]


@dataclass(frozen=True)
class Piece:
    kind: Kind
    text: str


def words(before: str, after: str) -> list[Piece]:
    """Pieces that give `before` without the added ones and `after` without the removed ones."""
    if before == after:
        return [Piece("same", before)] if before else []
    if max(len(before), len(after)) > LONGEST:
        return _pieces(("removed", before), ("added", after))
    old, new = PIECE.findall(before), PIECE.findall(after)
    if _equal_pairs(old, new) > MOST_PAIRS:
        return _pieces(("removed", before), ("added", after))
    found: list[Piece] = []
    for tag, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = "".join(old[old_from:old_to]), "".join(new[new_from:new_to])
        found += _pieces(("same", gone)) if tag == "equal" else _pieces(("removed", gone), ("added", come))
    return found


def _equal_pairs(old: list[str], new: list[str]) -> int:
    counts = Counter(old)
    return sum(counts[word] * number for word, number in Counter(new).items())


def _pieces(*parts: tuple[Kind, str]) -> list[Piece]:
    return [Piece(kind, text) for kind, text in parts if text]
