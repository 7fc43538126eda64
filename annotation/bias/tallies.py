"""Counts of many rows, made piece by piece and added up: what the figures of an audit are worked out from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from annotation.bias import lists
from annotation.bias.lists import Group
from annotation.bias.matching import Match, Matcher, words_of
from annotation.bias.matching import Words as Read
from annotation.bias.periods import NONE, periods
from annotation.texts import words

EXAMPLES = 5
EXCERPT = 160
SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
SHARES = ("approved", "returned", "corrected", "agreement", "score")
Tally = dict[str, Any]
Words = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Row:
    """A prompt with one response to it, or none. Shares are from 0 to 1; None where nobody has said."""

    id: str
    prompt_id: str
    prompt: str
    response: str = ""
    first: bool = True  # of its prompt's rows
    approved: float | None = None
    returned: float | None = None
    corrected: float | None = None
    agreement: float | None = None
    score: float | None = None


@dataclass(frozen=True)
class OwnLists:
    """What a project adds to our lists, in a shape that can be a key."""

    groups: Words = ()
    outcomes: Words = ()

    @classmethod
    def of(cls, groups: Iterable[Mapping[str, Any]], outcomes: Iterable[Mapping[str, Any]]) -> OwnLists:
        return cls(_frozen(groups), _frozen(outcomes))

    @property
    def all_groups(self) -> tuple[Group, ...]:
        return (*lists.groups(), *lists.own_groups(_thawed(self.groups)))

    @property
    def all_outcomes(self) -> tuple[Group, ...]:
        return lists.own_outcomes(_thawed(self.outcomes)) if self.outcomes else lists.outcomes()


@dataclass(frozen=True)
class _Matchers:
    groups: Matcher
    outcomes: Matcher
    stereotypes: Matcher
    slurs: Matcher


@lru_cache(maxsize=4)
def _matchers(own: OwnLists) -> _Matchers:
    return _Matchers(
        groups=Matcher(own.all_groups, ages=True),
        outcomes=Matcher(own.all_outcomes, longest=True),
        stereotypes=Matcher(lists.stereotypes()),
        slurs=Matcher([lists.slurs()]),
    )


def count(rows: Iterable[Row], own: OwnLists) -> Tally:
    tally = empty()
    matchers = _matchers(own)
    for row in rows:
        _count(row, tally, matchers)
    return tally


def empty() -> Tally:
    return {"all": {}, "groups": {}, "outcomes": {}, "pairs": {}, "periods": {}, "stereotypes": {}, "slurs": {}}


def merge(one: Tally, other: Tally) -> Tally:
    """Both together; of examples the first few."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {
            key: merge(one[key], other[key]) if key in one and key in other else (one | other)[key]
            for key in one | other
        }
    if isinstance(one, list):
        return (one + other)[:EXAMPLES]
    return one + other


def without(everything: Tally, group: Tally) -> Tally:
    """Counts of the rows that do not name the group."""
    return {
        key: without(value, group.get(key, {})) if isinstance(value, dict) else value - group.get(key, 0)
        for key, value in everything.items()
    }


def _count(row: Row, tally: Tally, matchers: _Matchers) -> None:
    prompt, response = words_of(row.prompt), words_of(row.response)
    asked, answered = matchers.groups.find(row.prompt, prompt), matchers.groups.find(row.response, response)
    of_prompt, of_response = {match.key for match in asked}, {match.key for match in answered}
    reached = {match.key for match in matchers.outcomes.find(row.response, response)}
    _add_row(tally["all"], row, in_prompt=True, in_response=True)
    for key in of_prompt | of_response:
        counts = tally["groups"].setdefault(key, {})
        _add_row(counts, row, in_prompt=key in of_prompt, in_response=key in of_response)
        for outcome in reached:
            _add(tally["pairs"], f"{key}|{outcome}")
    for outcome in reached:
        _add(tally["outcomes"], outcome)
    if row.first:
        for period in periods(row.prompt) or {NONE}:
            _add(tally["periods"], period)
    if row.first:
        _ascribed(row, row.prompt, prompt, asked, tally, matchers)
    _ascribed(row, row.response, response, answered, tally, matchers)


def _add_row(counts: Tally, row: Row, *, in_prompt: bool, in_response: bool) -> None:
    if row.first and in_prompt:
        _add(counts, "prompts")
    _add(counts, "rows")
    if not row.response:
        return
    _add(counts, "answered")
    if in_response:
        _add(counts, "responses")
    _add(counts.setdefault("words", {}), str(len(words(row.response))))
    for name in SHARES:
        value = getattr(row, name)
        if value is not None:
            _add(counts.setdefault(name, {}), "sum", value)
            _add(counts[name], "n")


def _ascribed(row: Row, text: str, read: Read, named: list[Match], tally: Tally, matchers: _Matchers) -> None:
    """Qualities in the same sentence as a word for the group they are ascribed to, and insults."""
    insults = matchers.slurs.find(text, read)
    qualities = matchers.stereotypes.find(text, read) if named else []
    for quality in qualities:
        start, end = _sentence(text, quality.start)
        if any(match.key == quality.key and start <= match.start < end for match in named):
            word = text[quality.start : quality.end].lower()
            _keep(tally["stereotypes"], f"{quality.key}|{word}", row, _masked(text, start, end, insults))
    for slur in insults:
        word = lists.masked(text[slur.start : slur.end].lower())
        start, end = _sentence(text, slur.start)
        _keep(tally["slurs"], word, row, _masked(text, start, end, insults))


def _masked(text: str, start: int, end: int, insults: list[Match]) -> str:
    """This sentence, with every insult in it as reports show it."""
    parts = []
    for each in insults:
        if start <= each.start < end:
            parts += [text[start : each.start], lists.masked(text[each.start : each.end])]
            start = each.end
    return "".join([*parts, text[start:end]])


def _sentence(text: str, at: int) -> tuple[int, int]:
    found = next((each.span() for each in SENTENCE.finditer(text) if each.start() <= at < each.end()), None)
    return found or (0, len(text))


def _keep(found: Tally, key: str, row: Row, sentence: str) -> None:
    kept = found.setdefault(key, {"count": 0, "examples": []})
    kept["count"] += 1
    if len(kept["examples"]) < EXAMPLES and all(each["id"] != row.id for each in kept["examples"]):
        excerpt = " ".join(sentence.split())[:EXCERPT]
        kept["examples"].append({"id": row.id, "prompt_id": row.prompt_id, "text": excerpt})


def _add(counts: Tally, key: str, by: float = 1) -> None:
    counts[key] = counts.get(key, 0) + by


def _frozen(given: Iterable[Mapping[str, Any]]) -> Words:
    return tuple((str(each["name"]), tuple(each["terms"])) for each in given)


def _thawed(given: Words) -> list[dict[str, object]]:
    return [{"name": name, "terms": list(terms)} for name, terms in given]
