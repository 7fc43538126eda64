"""What every shape says of itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.imports.records import Record
from annotation.shapes import messages
from annotation.shapes.messages import Refused, Turn
from annotation.shapes.ranked import Ranked

Item = Record | Ranked
Values = dict[str, Any]

LABELS = ("external_id", "group", "task_type", "split")
IN_COLUMNS = {"external_id": "id", "group": "group", "task_type": "task_type", "split": "split"}
WHOLE_TEXT = frozenset({"input", "history"})


@dataclass(frozen=True)
class Shape:
    """A way to lay out a row.

    `recognise` says yes, no, or None where a row could be of it and does not show it. `carries` names the fields,
    beside the texts every shape has, that come back when what was written is read; `cannot` says to a person what is
    left behind. `templated` shapes hold what a model is asked as one text, the others the instruction and the input
    each in its place. `extra` allows columns of one's own; `flat` rows fit into the cells of a table.
    """

    name: str
    title: str
    holds: str
    recognise: Callable[[Values], bool | None]
    read: Callable[[Values, int], list[Item]]
    write: Callable[[Any], Values]
    carries: frozenset[str] = frozenset()
    cannot: str = ""
    templated: bool = False
    extra: bool = False
    flat: bool = False
    trains: bool = False
    needs_response: bool = False


def carrying(*names: str, labels: bool = False) -> frozenset[str]:
    return frozenset(names) | (frozenset(LABELS) if labels else frozenset())


def labels_of(values: Values) -> dict[str, Any]:
    """From columns of their usual names."""
    found = {field: values.get(column) for field, column in IN_COLUMNS.items()}
    if found["external_id"] is None:
        found["external_id"] = values.get("external_id")
    return messages.labels(found)


def labels_in(item: Item) -> dict[str, str]:
    """As columns; none for what is not known."""
    return {column: value for field, column in IN_COLUMNS.items() if (value := getattr(item, field))}


def asked(item: Item) -> list[dict[str, str]]:
    """The prompt as a conversation: with an input, the instruction is the system's message."""
    before: list[Turn] = [("system", item.instruction)] if item.input else []
    return messages.messages([*before, *item.history, ("user", item.input or item.instruction)])


def said(text: str) -> list[dict[str, str]]:
    return messages.messages([("assistant", text)])


def prompt(value: Any) -> dict[str, Any]:
    """Instruction, input and history of a text or of messages."""
    if isinstance(value, list):
        instruction, given, before = messages.question(messages.turns(value, "prompt"))
    else:
        instruction, given, before = messages.text(value, "prompt"), "", ()
    if not instruction:
        raise Refused("The prompt is empty.")
    return {"instruction": instruction, "input": given, "history": before}


def filled(value: str, what: str) -> str:
    if not value:
        raise Refused(f"The {what} is empty.")
    return value


def first_of(values: Values, names: Sequence[str]) -> Any:
    """The first of these columns that there is."""
    return next((values[name] for name in names if values.get(name) is not None), None)


def better_and_worse(ranked: Ranked) -> tuple[str, str]:
    both = ranked.chosen_and_rejected
    if both is None:
        raise Refused("Only one better and one worse answer can be written this way.")
    return both[0].text, both[1].text
