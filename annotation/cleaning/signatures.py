"""The signatures of `annotation.checks.similar`, number for number, several times as fast for a page and more."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from annotation.checks.similar import LOW, NUMBERS, mixed, shingles
from annotation.checks.similar import signature as one_by_one

_MANY = 32  # pieces from which on working on all at once is faster
_SALTS = [np.uint64(mixed(number + 1)) for number in range(2 * NUMBERS)]


def signature(text: str) -> bytes:
    pieces = shingles(text)
    if len(pieces) < _MANY:
        return one_by_one(text)
    digests = b"".join([blake2b(piece.encode(), digest_size=8).digest() for piece in pieces])
    return _sketch(np.frombuffer(digests, dtype="<u8"))


def _sketch(hashes: npt.NDArray[np.uint64]) -> bytes:
    kept = np.zeros(NUMBERS, dtype=np.uint32)
    empty = np.ones(NUMBERS, dtype=bool)
    for round_number, salt in enumerate(_SALTS):
        drawn = _mixed(hashes ^ salt)
        values = (drawn & np.uint64(LOW)).astype(np.int64)
        fresh = np.full(NUMBERS, LOW + 1, dtype=np.int64)
        if round_number < NUMBERS:
            np.minimum.at(fresh, (drawn >> np.uint64(32)).astype(np.int64) % NUMBERS, values)
        else:
            fresh[round_number - NUMBERS] = values.min()
        reached = empty & (fresh <= LOW)
        kept[reached] = (fresh[reached] + round_number * 0x9E3779B1) & LOW
        empty &= ~reached
        if not empty.any():
            break
    return kept.astype("<u4").tobytes()


def _mixed(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
