"""A project's instruction template, filled in. Plain replacement: nothing in a text is ever executed."""

from __future__ import annotations

import re

PLACE = re.compile(r"\{(instruction|input)\}")
PLACES = frozenset({"instruction", "input"})


def render(template: str, instruction: str, input: str) -> str:
    """What the model is asked. One pass, so that a text that itself holds "{input}" stays as it is."""
    values = {"instruction": instruction, "input": input}
    return PLACE.sub(lambda match: values[match[1]], template).strip()
