"""Texts beside each other in a terminal. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import zip_longest

BETWEEN = " │ "
NARROWEST = 24


def side_by_side(texts: Sequence[tuple[str, str]], width: int) -> str:
    """Pairs of heading and text; below each other where a column would be too narrow to read."""
    each = (width - len(BETWEEN) * (len(texts) - 1)) // max(1, len(texts))
    if each < NARROWEST:
        return "\n\n".join("\n".join(_column(*pair, width)) for pair in texts)
    rows = zip_longest(*(_column(*pair, each) for pair in texts), fillvalue="")
    return "\n".join(BETWEEN.join(cell.ljust(each) for cell in row).rstrip() for row in rows)


def _column(heading: str, text: str, width: int) -> list[str]:
    return [*_wrapped(heading, width), "─" * width, *_wrapped(text, width)]


def _wrapped(text: str, width: int) -> list[str]:
    return [part for line in _visible(text).split("\n") for part in textwrap.wrap(line, width) or [""]]


def _visible(text: str) -> str:
    """What a model writes must not steer the terminal."""
    return "".join(sign if sign == "\n" or sign.isprintable() else "�" for sign in text.strip().expandtabs(4))
