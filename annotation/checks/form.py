"""Required sections and required words: what is missing, and what stands in the wrong place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from annotation import headings
from annotation.checks.hints import Hint, listed

PLURAL_IN_S = frozenset({"", "en", "es", "fr", "pt"})  # languages where a plural is the word with -s or -es
_WORD = re.compile(r"\w+")
_SHORTEST = 3  # letters of a word whose plural is looked for


def section_hints(text: str, required: Sequence[str]) -> list[Hint]:
    """Nothing for an empty text: it lacks everything, as its author knows."""
    if not required or not text.strip():
        return []
    written = headings.sections(text, required)
    absent = headings.missing(text, required)
    hints = [Hint("sections", f"Still missing: {listed(absent)}.")] if absent else []
    firsts = {section.heading: section for section in reversed(written)}
    seen = sorted(firsts.values(), key=lambda section: section.start)
    hints += [_misplaced(section, seen, required) for section in _out_of_order(seen, required)]
    hints += [
        Hint("sections", f"“{section.heading}” is there twice.", section.start, section.end)
        for section in written
        if section is not firsts[section.heading]
    ]
    return hints


def _out_of_order(seen: list[headings.Section], required: Sequence[str]) -> list[headings.Section]:
    """The fewest sections that would have to move: those outside the longest part that is in order."""
    order = {heading.strip(): place for place, heading in enumerate(required)}
    places = [order[section.heading] for section in seen]
    best: list[list[int]] = []  # the longest rising run that ends at each section
    for index, place in enumerate(places):
        before = [best[i] for i in range(index) if places[i] < place]
        best.append([*_longest(before), index])
    kept = set(_longest(best))
    return [section for index, section in enumerate(seen) if index not in kept]


def _longest(runs: list[list[int]]) -> list[int]:
    return max(runs, key=lambda run: len(run)) if runs else []


def _misplaced(section: headings.Section, seen: list[headings.Section], required: Sequence[str]) -> Hint:
    order = [heading.strip() for heading in required]
    place = order.index(section.heading)
    later = [other for other in seen if order.index(other.heading) > place]
    if later and later[0].start < section.start:
        where = f"should come before “{later[0].heading}”"
    else:
        earlier = [other for other in seen if order.index(other.heading) < place]
        where = f"should come after “{earlier[-1].heading}”"
    return Hint("sections", f"“{section.heading}” {where}.", section.start, section.end)


def keyword_hints(text: str, required: Sequence[str], language: str = "") -> list[Hint]:
    """Words and phrases that the project asks for and the text lacks.

    Whole words in their order, whatever stands between them but letters and digits. Case and accents do not count:
    “Jose” is found as “José”. The last word may be singular or plural where that is told by -s or -es (English,
    French, Spanish, Portuguese, or no language named); in other languages only the word as it is.
    """
    if not required or not text.strip():
        return []
    written = _words(text)
    absent = [keyword for keyword in required if keyword.strip() and not _has(written, text, keyword, language)]
    return [Hint("keywords", f"Not mentioned yet: {listed(absent)}.")] if absent else []


def _has(written: str, text: str, keyword: str, language: str) -> bool:
    if not _WORD.search(keyword):
        return keyword.strip() in text  # “§” is made of no word
    *first, last = _words(keyword).split()
    return any(f" {' '.join([*first, form])} " in written for form in _forms(last, language))


def _words(text: str) -> str:
    """The folded words with one blank around each, so that looking for a phrase is looking for a piece."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return f" {' '.join(_WORD.findall(''.join(letter for letter in plain if not unicodedata.combining(letter))))} "


def _forms(word: str, language: str) -> set[str]:
    if language not in PLURAL_IN_S or len(word) < _SHORTEST or not word.isalpha():
        return {word}
    forms = {word, f"{word}s", f"{word}es"}
    if word.endswith("y"):
        forms.add(f"{word[:-1]}ies")
    if word.endswith("ies"):
        forms.add(f"{word[:-3]}y")
    if word.endswith(("ses", "xes", "zes", "ches", "shes", "oes")):
        forms.add(word[:-2])
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        forms.add(word[:-1])
    return {form for form in forms if len(form) >= _SHORTEST}
