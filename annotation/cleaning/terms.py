"""The project's glossary: terms with the form it prefers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WORD = re.compile(r"\w+(?:['’-]\w+)*")
_APART = re.compile(r"[ \t\u00a0]*(?:\n[ \t]*)?[.,]?[ \t]*")


@dataclass(frozen=True)
class Term:
    preferred: str
    variants: tuple[str, ...] = ()


class Glossary:
    """All variants in one pass: the words of the text are looked up, whatever the number of terms."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._by_first: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for term in terms:
            for variant in term.variants:
                if (first := WORD.search(variant)) and variant != term.preferred:
                    self._by_first[first[0].casefold()].append((variant, term.preferred))
        for variants in self._by_first.values():
            variants.sort(key=lambda each: -len(each[0]))

    def found(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and the preferred form; the longest variant at each place, none inside another."""
        if self._by_first.keys().isdisjoint(map(str.casefold, WORD.findall(text))):
            return
        after = 0
        for word in WORD.finditer(text):
            if word.start() < after:
                continue
            for variant, preferred in self._by_first.get(word[0].casefold(), ()):
                end = _end(text, word.start(), variant)
                if end is not None:
                    after = end
                    if not text.startswith(preferred, word.start()):
                        yield word.start(), end, _like(text[word.start() : end], preferred)
                    break


def _end(text: str, start: int, variant: str) -> int | None:
    """Where the variant ends that begins here, in capitals or not; None where it is not there as whole words."""
    lead = WORD.search(variant)
    begin = start - (lead.start() if lead else 0)
    end = begin + len(variant)
    if begin != start or text[start:end].casefold() != variant.casefold():
        return None
    return None if text[end : end + 1].isalnum() else end


def _like(written: str, preferred: str) -> str:
    """A capital at the beginning stays one: “Lessor” becomes “Landlord”."""
    if written[:1].isupper() and preferred[:1].islower():
        return preferred[:1].upper() + preferred[1:]
    return preferred
