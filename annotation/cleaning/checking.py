"""All that can be told of an item by its own texts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from annotation.checks import language, personal
from annotation.cleaning import characters, whole
from annotation.cleaning.kinds import STRUCTURED, Found, is_answer
from annotation.cleaning.people import find_people, people_in
from annotation.cleaning.pseudonyms import Pseudonyms
from annotation.cleaning.settings import Settings

_Detector = Callable[[str, str, Settings], Iterator[Found]]


@dataclass(frozen=True)
class Item:
    """Texts that belong together by field (“instruction”, “input”, “response”, “chosen”, “rejected”, “candidate 2”).

    `group`: what shares its stand-ins, such as a matter; items of one group follow one another.
    """

    key: str
    texts: Mapping[str, str]
    group: str = ""


def check(texts: Mapping[str, str], settings: Settings, group: str = "", people: Collection[str] = ()) -> list[Found]:
    """In the order of the fields' names, then of the text. Spans of one kind do not overlap.

    `people`: names that other texts of the group have shown to be people (`people_in`).
    """
    found: list[Found] = []
    pseudonyms = _pseudonyms(settings.secret, group)
    names = people_in(texts.values()) | set(people) if "person" in settings.kinds else set()
    for field, text in texts.items():
        found += _personal(field, text, settings, pseudonyms, names)
        for kind, detector in _DETECTORS.items():
            if kind in settings.kinds:
                found += detector(field, text, settings)
    return sorted(found, key=lambda each: (each.field, each.start, each.end, each.kind))


def check_many(items: Sequence[Item], settings: Settings) -> list[tuple[str, list[Found]]]:
    """Each item's key with what is found in it; people named in one item are found in all of its group."""
    people: dict[str, set[str]] = {}
    if "person" in settings.kinds:
        for item in items:
            if item.group:
                people.setdefault(item.group, set()).update(people_in(item.texts.values()))
    return [(item.key, check(item.texts, settings, item.group, people.get(item.group, ()))) for item in items]


def replaced(text: str, found: Iterable[Found]) -> str:
    """The text with every replacement in its place. Of two that overlap the first one counts."""
    pieces, at = [], 0
    for each in sorted(found, key=lambda one: (one.start, -one.end)):
        if each.replacement is not None and each.start >= at:
            pieces += [text[at : each.start], each.replacement]
            at = each.end
    return "".join([*pieces, text[at:]])


@lru_cache(maxsize=16)
def _pseudonyms(secret: str, group: str) -> Pseudonyms:
    return Pseudonyms(secret, group)


def _personal(
    field: str, text: str, settings: Settings, pseudonyms: Pseudonyms, names: Collection[str]
) -> Iterator[Found]:
    taken = []
    for span in personal.find(text, settings.regions) if settings.kinds.intersection(STRUCTURED) else ():
        written = span.of(text)
        taken.append((span.start, span.end))
        if span.kind in settings.kinds and not pseudonyms.made(span.kind, written):
            yield Found(field, span.start, span.end, span.kind, pseudonyms.of(span.kind, written))
    if "pattern" in settings.kinds:
        for pattern in settings.patterns:
            for start, end in pattern.spans(text):
                instead = pseudonyms.of_pattern(pattern, text[start:end])
                taken.append((start, end))
                yield Found(field, start, end, "pattern", instead, pattern.name)
    if "person" in settings.kinds:
        for start, end in find_people(text, names):
            if not _meets(taken, start, end) and not pseudonyms.made("person", text[start:end]):
                yield Found(field, start, end, "person", pseudonyms.of("person", text[start:end]))


def _meets(taken: list[tuple[int, int]], start: int, end: int) -> bool:
    return any(start < other_end and other_start < end for other_start, other_end in taken)


def _typos(field: str, text: str, settings: Settings) -> Iterator[Found]:
    for start, end, meant in settings.typos.found(text):
        yield Found(field, start, end, "typo", meant)


def _terms(field: str, text: str, settings: Settings) -> Iterator[Found]:
    for start, end, preferred in settings.terms.found(text):
        yield Found(field, start, end, "term", preferred)


def _boilerplate(field: str, text: str, settings: Settings) -> Iterator[Found]:
    """Prompts share their instruction by intent, and candidates are meant to be like one another."""
    if settings.passages and field in ("response", "text"):
        for start, end, number in settings.passages.found(text):
            yield Found(field, start, end, "boilerplate", "", f"It stands in {number} texts or more.")


def _characters(field: str, text: str, settings: Settings) -> Iterator[Found]:
    for start, end, instead, note in characters.found(text, settings.language):
        yield Found(field, start, end, "characters", instead, note)


def _chatter(field: str, text: str, _settings: Settings) -> Iterator[Found]:
    for start, end in whole.chatter(text, is_answer(field)):
        yield Found(field, start, end, "chatter", "")


def _language(field: str, text: str, settings: Settings) -> Iterator[Found]:
    for hint in language.language_hints(text, settings.language):
        yield Found(field, 0, 0, "language", None, hint.sentence)


def _empty(field: str, text: str, _settings: Settings) -> Iterator[Found]:
    if (is_answer(field) or field == "instruction") and whole.is_empty(text):
        yield Found(field, 0, 0, "empty")


def _truncated(field: str, text: str, _settings: Settings) -> Iterator[Found]:
    if note := whole.why_truncated(text, is_answer(field)):
        yield Found(field, 0, 0, "truncated", None, note)


_DETECTORS: dict[str, _Detector] = {
    "typo": _typos,
    "term": _terms,
    "characters": _characters,
    "chatter": _chatter,
    "boilerplate": _boilerplate,
    "language": _language,
    "empty": _empty,
    "truncated": _truncated,
}
