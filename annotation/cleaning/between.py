"""What only many texts together show. Each class takes one text after the other and keeps little of it.

Not every text belongs here: prompts share their instruction by intent, and the candidates of a comparison are meant to
differ. Give each class the texts of which its finding would say something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from annotation import texts
from annotation.checks import similar
from annotation.cleaning.boilerplate import Boilerplate
from annotation.cleaning.contradictions import Contradiction, Contradictions

__all__ = ["Boilerplate", "Contradiction", "Contradictions", "Duplicates", "Near", "NearDuplicates"]

_DOUBT = 0.1  # how far an estimate from signatures may be below what counts: two and a half standard errors


class Duplicates:
    """The same words, whatever the case and the spacing. About 150 bytes a text."""

    def __init__(self) -> None:
        self._first: dict[bytes, str] = {}

    def first(self, key: str, *parts: str) -> str | None:
        """The key of the first text that said this; None for the first one, and for an empty text."""
        joined = "\n".join(texts.normalise(part) for part in parts)
        if not joined.strip():
            return None
        found = self._first.setdefault(blake2b(joined.encode("utf-8", "replace"), digest_size=16).digest(), key)
        return None if found == key else found


@dataclass(frozen=True)
class Near:
    key: str
    like: str  # the key of an earlier text
    share: float  # of the five-word pieces of both


class NearDuplicates:
    """By MinHash and locality-sensitive hashing (`annotation.checks.similar`). About 700 bytes a text."""

    def __init__(self, at_least: float = similar.ALIKE) -> None:
        self.at_least = at_least
        self._keys: list[str] = []
        self._signatures = bytearray()

    def add(self, key: str, signature: bytes) -> None:
        if signature:
            self._keys.append(key)
            self._signatures += signature

    def found(self, read: Callable[[str, str], tuple[str, str]] | None = None) -> Iterator[Near]:
        """Each text that is nearly the same as an earlier one, with the likest of those it meets.

        `read` gives the texts of two keys, to compare them exactly; without it the share is an estimate.
        """
        if len(self._keys) < 2:
            return
        numbers = np.frombuffer(self._signatures, dtype="<u4").reshape(-1, similar.NUMBERS)
        best: dict[int, tuple[float, int]] = {}
        for later, earlier in self._meeting(numbers):
            share = float(np.mean(numbers[later] == numbers[earlier]))
            if share >= self.at_least - (_DOUBT if read else 0) and share > best.get(later, (0.0, 0))[0]:
                best[later] = (share, earlier)
        for later, (share, earlier) in sorted(best.items()):
            key, like = self._keys[later], self._keys[earlier]
            if read is not None:
                share = similar.jaccard(*read(key, like)) or 0.0
            if share >= self.at_least:
                yield Near(key, like, share)

    @staticmethod
    def _meeting(numbers: npt.NDArray[np.uint32]) -> Iterator[tuple[int, int]]:
        """Pairs that share a band, each text with the one before it there and with the first one there."""
        seen: set[tuple[int, int]] = set()
        for band in range(similar.BANDS):
            part = np.ascontiguousarray(numbers[:, band * similar.ROWS : (band + 1) * similar.ROWS])
            rows = part.view(np.dtype((np.void, part.dtype.itemsize * similar.ROWS))).ravel()
            order = np.argsort(rows, kind="stable")
            same = rows[order[1:]] == rows[order[:-1]]
            first = -1
            for place in np.flatnonzero(same).tolist():
                before, after = int(order[place]), int(order[place + 1])
                if place == 0 or not same[place - 1]:
                    first = before
                for pair in {(after, before), (after, first)}:
                    if pair not in seen:
                        seen.add(pair)
                        yield pair
