"""Small work on texts: the same words found to be the same, and a number beside what it counts."""

from __future__ import annotations

import hashlib
import re
import unicodedata

WORD = re.compile(r"\w+")


def normalise(text: str) -> str:
    """Case, width, accents' composition and spacing removed: two texts a reader calls the same become equal."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def fingerprint(*parts: str) -> str:
    """sha256 of the normalised parts; the separator cannot occur in them, since normalising removes it."""
    return hashlib.sha256("\n".join(normalise(part) for part in parts).encode()).hexdigest()


def words(text: str) -> list[str]:
    return WORD.findall(normalise(text))


def counted(number: int, noun: str, plural: str = "") -> str:
    """“1 prompt”, “3 prompts”; `plural` for nouns that take more than an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def capital(text: str) -> str:
    """The first letter alone: names further on keep theirs."""
    return text[:1].upper() + text[1:]
