"""Lists of words as they are written by hand."""

from __future__ import annotations


def words(text: str) -> list[str]:
    return text.split()
