"""Rows that an app above has frozen, taken out like all others: it says here where they are found."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from annotation import shapes
from annotation.exports.kinds import FROZEN
from annotation.shapes import SHAPES

Row = dict[str, Any]
READ_AS = {
    "demonstrations": "trl_prompt_completion",
    "preferences": "trl_preference",
    "judgements": "trl_unpaired",
}
OWN = frozenset({"id", "group", "task_type", "split", "prompt", "completion", "chosen", "rejected", "label"})


@dataclass(frozen=True)
class Frozen:
    """`rows` of a part, or of all parts: each with its `split`, or `erased`. `told`: what a card says of them."""

    total: Callable[[str], int]
    rows: Callable[[str], Iterator[Row]]
    people: Callable[[], Collection[int]]
    told: Callable[[], list[str]]


finders: list[Callable[[UUID], Frozen | None]] = []


def find(pk: UUID) -> Frozen | None:
    """None where they are gone, or no longer what was frozen."""
    return next((found for finder in finders if (found := finder(pk))), None)


def rows(found: Frozen, kind: str, shape: str, part: str) -> Iterator[Row | shapes.Refused]:
    """In a shape. They say what is asked as one text already, so no template is put around them."""
    for number, row in enumerate(found.rows(part), start=1):
        if row.get("erased"):
            yield shapes.Refused("The text was erased.")
            continue
        if shape == FROZEN:
            yield row
            continue
        try:
            (item,) = shapes.read(READ_AS[kind], row, number)
            written = shapes.write(shape, item)
        except shapes.Refused as refused:
            yield refused
            continue
        more = {name: value for name, value in row.items() if name not in OWN}
        yield {**written, **more} if SHAPES[shape].extra else written
