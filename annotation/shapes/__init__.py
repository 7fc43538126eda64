"""The shapes of rows that people have and take away: read and written. Pure: no database, no HTTP.

A family of shapes is a file with `SHAPES`. What is common to all of them is said here: which one a file is in, and
that no text is lost on the way out.
"""

from __future__ import annotations

from typing import Any

from annotation.imports.records import Record
from annotation.shapes import argilla, chat, instructions, kiln, label_studio, lists, trl
from annotation.shapes.base import WHOLE_TEXT, Item, Shape
from annotation.shapes.messages import Refused
from annotation.shapes.ranked import Candidate, Judgement, Ranked

__all__ = ["SHAPES", "Candidate", "Item", "Judgement", "Ranked", "Refused", "Shape", "detect", "read", "write"]

FAMILIES = (kiln, label_studio, argilla, lists, trl, chat, instructions)  # what says most about itself first
SHAPES: dict[str, Shape] = {shape.name: shape for family in FAMILIES for shape in family.SHAPES}


def detect(samples: list[dict[str, Any]]) -> str | None:
    """The shape that no sample speaks against and at least one speaks for."""
    for shape in SHAPES.values():
        said = [_recognises(shape, sample) for sample in samples]
        if any(said) and False not in said:
            return shape.name
    return None


def _recognises(shape: Shape, sample: dict[str, Any]) -> bool | None:
    try:
        return shape.recognise(sample)
    except Refused:
        return False


def read(shape: str, values: dict[str, Any], line: int) -> list[Item]:
    """What one row holds: mostly one thing, and a prompt with its answer beside a pair where the row says both.

    Raises Refused with the reason, a sentence for the person whose row it is.
    """
    return SHAPES[shape].read(values, line)


def write(shape: str, item: Item) -> dict[str, Any]:
    """Labels that the shape has no place for are left behind; a text, or who is better, is not: it raises Refused."""
    known = SHAPES[shape]
    if lost := [name for name in sorted(WHOLE_TEXT - known.carries) if getattr(item, name)]:
        raise Refused(f"There is no place for the {lost[0]}.")
    if isinstance(item, Record) and known.needs_response and not item.response:
        raise Refused("There is no response.")
    return known.write(item)
