"""Long passages that stand word by word in many texts.

Each run of WINDOW words is hashed, all of a text's by one rolling sum, and counted in a table of fixed size, once for
each text. Two passages may share a cell; with CELLS far above what is counted in one cell by chance, none reaches
`at_least` so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import numpy.typing as npt

WINDOW = 15  # words
CELLS = 1 << 23
FEWEST_TEXTS = 10
LEAST_SHARE = 0.01
_WORD = re.compile(r"\w+")
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_POWERS = np.array([pow(0x9E3779B97F4A7C15, WINDOW - 1 - i, 1 << 64) for i in range(WINDOW)], dtype=np.uint64)


class Boilerplate:
    """`add` every text first; then `passages` tells of each what it shares with many. 16 MB, however many texts."""

    def __init__(self, fewest: int = FEWEST_TEXTS, share: float = LEAST_SHARE) -> None:
        self._fewest, self._share = fewest, share
        self._counts = np.zeros(CELLS, dtype=np.uint16)
        self.texts = 0

    @property
    def at_least(self) -> int:
        """In how many texts a passage stands that is boilerplate."""
        return max(self._fewest, int(self._share * self.texts))

    def add(self, text: str) -> None:
        self.add_all(1, windows([text]))

    def add_all(self, texts: int, cells: npt.NDArray[np.uint32]) -> None:
        """What `windows` made of that many texts."""
        self.texts += texts
        seen, times = np.unique(cells, return_counts=True)
        self._counts[seen] = np.minimum(self._counts[seen] + times, np.iinfo(np.uint16).max)

    def passages(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Start, end and in how many texts (at least) the passage stands."""
        return _marked(text, self._counts[_cells(text)], self.at_least)

    def often(self) -> Passages:
        cells = np.flatnonzero(self._counts >= self.at_least).astype(np.uint32)
        return Passages(cells, self._counts[cells])


@dataclass(frozen=True)
class Passages:
    """What many texts share, without all that few have: small enough to be sent to other processes."""

    cells: npt.NDArray[np.uint32]  # in order
    counts: npt.NDArray[np.uint16]

    def found(self, text: str) -> Iterator[tuple[int, int, int]]:
        """As `Boilerplate.passages`."""
        if not self.cells.size:
            return iter(())
        asked = _cells(text)
        places = np.minimum(np.searchsorted(self.cells, asked), self.cells.size - 1)
        return _marked(text, np.where(self.cells[places] == asked, self.counts[places], 0), 1)


def windows(texts: Iterable[str]) -> npt.NDArray[np.uint32]:
    """Where the windows of these texts are counted, those of each text once."""
    return np.concatenate([np.empty(0, np.uint32), *(np.unique(_cells(text)) for text in texts)])


def _marked(text: str, counts: npt.NDArray[np.uint16], at_least: int) -> Iterator[tuple[int, int, int]]:
    often = np.flatnonzero(counts >= at_least)
    if not often.size:
        return
    words = list(_WORD.finditer(text))
    for run in np.split(often, np.flatnonzero(np.diff(often) > WINDOW) + 1):
        first, last = int(run[0]), int(run[-1]) + WINDOW - 1
        yield words[first].start(), words[last].end(), int(counts[run].min())


def _cells(text: str) -> npt.NDArray[np.uint32]:
    """Where each window is counted; none for a text that is shorter than one."""
    words = _WORD.findall(text)
    if len(words) < WINDOW:
        return np.empty(0, dtype=np.uint32)
    hashed = np.array([crc32(word.encode("utf-8", "replace")) for word in words], dtype=np.uint64)
    sums = np.convolve(hashed * _FACTOR, _POWERS[::-1], mode="valid")
    mixed = (sums ^ (sums >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return (mixed >> np.uint64(64 - 23)).astype(np.uint32)
