"""What a check hands to the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["sections", "keywords", "length", "personal", "duplicate", "language"]


@dataclass(frozen=True)
class Hint:
    """One sentence beside the text. It never keeps anybody from submitting."""

    kind: Kind
    sentence: str
    start: int | None = None  # the part of the text it is about; None: the whole
    end: int | None = None
    about: str = ""  # which kind of personal data; the key of the text that is nearly the same


def listed(names: list[str]) -> str:
    """“A”, “A” and “B”."""
    quoted = [f"“{name}”" for name in names]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
