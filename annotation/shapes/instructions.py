"""Instructions with their answers in columns: Alpaca's, and columns of any known name."""

from __future__ import annotations

from typing import Any

from annotation.imports.records import PRIORITIES, Mapping, Record, guess_columns, record_of
from annotation.shapes import messages
from annotation.shapes.base import Item, Shape, Values, carrying, filled, labels_in
from annotation.shapes.messages import Refused, Turn

NAMES = {number: name for name, number in PRIORITIES.items()}


def _is_alpaca(values: Values) -> bool:
    return all(isinstance(values.get(name), str) for name in ("instruction", "output"))


def _read_alpaca(values: Values, line: int) -> list[Item]:
    """A system message has no place of its own here: it stands before the instruction."""
    instruction = filled(messages.text(values.get("instruction"), "instruction"), "instruction")
    system = messages.text(values.get("system"), "system message")
    return [
        Record(
            line=line,
            instruction=f"{system}\n\n{instruction}" if system else instruction,
            input=messages.text(values.get("input"), "input"),
            response=messages.text(values.get("output"), "output"),
            history=_before(values.get("history")),
        )
    ]


def _before(value: Any) -> tuple[Turn, ...]:
    """Pairs of what was asked and what was answered."""
    if not value:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, list) and len(each) == 2 for each in value):
        raise Refused("The history is not a list of pairs: what was asked, what was answered.")
    roles = ("user", "assistant")
    said = [(role, messages.text(text, "history")) for each in value for role, text in zip(roles, each, strict=True)]
    return messages.alternating(said)


def _write_alpaca(record: Record) -> Values:
    row: Values = {"instruction": record.instruction, "input": record.input, "output": record.response}
    texts = [text for _role, text in record.history]
    pairs = [list(each) for each in zip(texts[::2], texts[1::2], strict=True)]
    return {**row, "history": pairs} if pairs else row


def _is_plain(values: Values) -> bool:
    known = guess_columns(values)
    return "instruction" in known or "conversation" in known


def _read_plain(values: Values, line: int) -> list[Item]:
    return [record_of(line, values, Mapping(guess_columns(values)))]


def _write_plain(record: Record) -> Values:
    row: Values = {**labels_in(record), "instruction": record.instruction, "input": record.input}
    if record.history:
        row["history"] = messages.messages(record.history)
    row["response"] = record.response
    if record.priority is not None:
        row["priority"] = NAMES[record.priority]
    if record.answers_needed is not None:
        row["answers_needed"] = record.answers_needed
    return row


SHAPES = [
    Shape(
        "alpaca",
        "Alpaca instructions",
        "prompts",
        _is_alpaca,
        _read_alpaca,
        _write_alpaca,
        carries=carrying("input", "history"),
        cannot="Ids, groups, task types and splits have no place.",
        flat=True,
    ),
    Shape(
        "plain",
        "Plain columns",
        "prompts",
        _is_plain,
        _read_plain,
        _write_plain,
        carries=carrying("input", "history", "priority", "answers_needed", labels=True),
        extra=True,
        flat=True,
    ),
]
