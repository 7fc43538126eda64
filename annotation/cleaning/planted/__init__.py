"""Texts in which everything that can be found is known, to measure what is found.

Templates of two sets are filled by a seed. `development` is for tuning; `measured` is for the figures, and is neither
read nor filled while somebody tunes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from annotation.cleaning.planted import development, measured
from annotation.cleaning.planted.values import IDENTIFIERS, NEGATIVES, Names, email

SETS = {"development": (development.TEMPLATES, 1), "measured": (measured.TEMPLATES, 20_240)}
_SLOT = re.compile(r"<(?P<kind>\w+)(?: (?P<who>\w))?>")
Span = tuple[str, int, int]  # kind, start, end


@dataclass
class Text:
    written: str
    planted: set[Span] = field(default_factory=set)


def texts(which: str, number: int) -> Iterator[Text]:
    """`number` texts of a set, always the same."""
    written, seed = SETS[which]
    templates = [" ".join(each.split()) for each in written.strip().split("-----")]
    draw = Random(seed)  # noqa: S311 - the same texts each time
    for place in range(number):
        yield _filled(templates[place % len(templates)], draw)


def _filled(template: str, draw: Random) -> Text:
    names, pieces, planted, at, length = Names(draw), [], set(), 0, 0
    for slot in _SLOT.finditer(template):
        kind, value = _value(slot["kind"], slot["who"], names, draw)
        before = template[at : slot.start()]
        pieces += [before, value]
        length += len(before)
        if kind:
            planted.add((kind, length, length + len(value)))
        length += len(value)
        at = slot.end()
    return Text("".join([*pieces, template[at:]]), planted)


def _value(slot: str, who: str | None, names: Names, draw: Random) -> tuple[str, str]:
    """The kind that is planted, empty where it only looks like one, and what is written."""
    if slot in NEGATIVES:
        return "", NEGATIVES[slot](draw)
    if slot in IDENTIFIERS:
        return slot, IDENTIFIERS[slot](draw)
    first, last = names.of(who or "A")
    if slot == "email":
        return "email", email(draw, first, last)
    return "person", {"person": f"{first} {last}", "first": first, "last": last}[slot]
