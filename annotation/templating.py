"""A project's instruction template, filled in. Plain replacement: nothing in a text is ever executed."""

from __future__ import annotations

import re

PLACE = re.compile(r"\{(instruction|input)\}")
PLACES = frozenset({"instruction", "input"})


def render(template: str, instruction: str, input: str) -> str:
    """What the model is asked. One pass, so that a text that itself holds "{input}" stays as it is."""
    values = {"instruction": instruction, "input": input}
    return PLACE.sub(lambda match: values[match[1]], template).strip()


def problems(template: str) -> list[str]:
    """What keeps a template from working, in sentences."""
    used = set(PLACE.findall(template))
    if "instruction" not in used:
        return ["The template needs {instruction}: the place where each prompt's own instruction goes."]
    return []
