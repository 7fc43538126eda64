"""From a file's rows to records: a mapping says which column is what, and each record is checked as it passes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from annotation.imports.rows import Problem, Row
from annotation.project_rules import MOST_PER_ITEM
from annotation.shapes import messages
from annotation.shapes.messages import Refused, Turn

# field -> names it is known by in other people's files, the likeliest first
KNOWN_NAMES: dict[str, tuple[str, ...]] = {
    "instruction": ("instruction", "prompt", "question", "query", "task"),
    "input": ("input", "context", "source", "note", "document", "text"),
    "response": ("response", "output", "completion", "answer", "summary", "target", "reference"),
    "external_id": ("external_id", "id", "uuid", "key"),
    "group": ("group", "group_id", "matter", "document_id"),
    "task_type": ("task_type", "task type", "type", "category", "kind"),
    "split": ("split", "subset"),
    "priority": ("priority",),
    "answers_needed": ("answers_needed", "answers needed", "overlap"),
    "history": ("history", "earlier turns", "earlier_turns"),
    "conversation": ("messages", "conversations", "conversation"),
}
TEXTS = ("instruction", "input", "response", "history")
PRIORITIES = {"later": -1, "usual": 0, "soon": 1, "first": 2}
WHOLE = re.compile(r"-?[0-9]{1,4}")


@dataclass(frozen=True)
class Mapping:
    """field -> column, and an instruction for records whose file has none."""

    columns: dict[str, str]
    instruction: str = ""


@dataclass(frozen=True)
class Record:
    """A prompt as it arrives; `split` is empty, and the last two are None, when the file does not say.

    `history`: (role, text) of what was said before it, which a model reads and does not learn.
    """

    line: int
    instruction: str
    input: str = ""
    response: str = ""
    external_id: str = ""
    group: str = ""
    task_type: str = ""
    split: str = ""
    history: tuple[Turn, ...] = ()
    priority: int | None = None
    answers_needed: int | None = None


@dataclass(frozen=True)
class TextRecord:
    """A text without a question, as it arrives."""

    line: int
    text: str
    title: str = ""
    group: str = ""


def guess_columns(columns: Iterable[str]) -> dict[str, str]:
    """The mapping most files mean, by the names of their columns. No column is used twice."""
    by_name = {column.strip().lower(): column for column in columns}
    guessed: dict[str, str] = {}
    for field, names in KNOWN_NAMES.items():
        known = next((by_name[name] for name in names if name in by_name), None)
        if known is not None and known not in guessed.values():
            guessed[field] = known
    if "conversation" in guessed:
        for field in TEXTS:
            guessed.pop(field, None)
    return guessed


def read_records(rows: Iterable[Row | Problem], mapping: Mapping) -> Iterator[Record | Problem]:
    """Each row as a record or as what is wrong with it."""
    earlier = Earlier()
    for row in rows:
        record = row if isinstance(row, Problem) else read_record(row, mapping)
        yield record if isinstance(record, Problem) else earlier.against(record) or record


def read_record(row: Row, mapping: Mapping) -> Record | Problem:
    try:
        return record_of(row.line, row.values, mapping)
    except Refused as refused:
        return Problem(row.line, str(refused))


class Labelled(Protocol):
    """A prompt as it arrives, with an answer or with several to compare."""

    @property
    def line(self) -> int: ...
    @property
    def instruction(self) -> str: ...
    @property
    def input(self) -> str: ...
    @property
    def history(self) -> tuple[Turn, ...]: ...
    @property
    def external_id(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def split(self) -> str: ...


class Earlier:
    """What the lines before say of ids and groups: no later line may say otherwise."""

    def __init__(self) -> None:
        self.lines: dict[str, tuple[int, int]] = {}
        self.sides: dict[str, tuple[str, int]] = {}

    def against(self, record: Labelled) -> Problem | None:
        """What of them is against this one."""
        reason = self._repeats(record) or self._parts_a_group(record)
        return Problem(record.line, reason) if reason else None

    def _repeats(self, record: Labelled) -> str:
        """An id stands once, but for several sets of answers to the very same prompt."""
        if not record.external_id:
            return ""
        asked = hash((record.instruction, record.input, record.history))
        line, before = self.lines.setdefault(record.external_id, (record.line, asked))
        if line == record.line or (before == asked and not isinstance(record, Record)):
            return ""
        return f"The id “{record.external_id}” is the same as on line {line}."

    def _parts_a_group(self, record: Labelled) -> str:
        if not record.group or not record.split:
            return ""
        split, line = self.sides.setdefault(record.group, (record.split, record.line))
        if split == record.split:
            return ""
        return (
            f"The group “{record.group}” is {split} on line {line} and {record.split} here. "
            "A group belongs to one split."
        )


def read_texts(rows: Iterable[Row | Problem]) -> Iterator[TextRecord | Problem]:
    """Each row's “text”, with its “title” and “group” if it has them, or what is wrong with it."""
    for row in rows:
        if isinstance(row, Problem):
            yield row
            continue
        try:
            yield _text_record(row)
        except Refused as refused:
            yield Problem(row.line, str(refused))


def _text_record(row: Row) -> TextRecord:
    if "text" not in row.values:
        there = ", ".join(list(row.values)[:8])
        raise Refused(f"There is no “text” here, only: {there}." if there else "There is no “text” here.")
    text = messages.text(row.values["text"], "text")
    if not text:
        raise Refused("The text is empty.")
    title, group = (messages.label(row.values.get(name), name, messages.LABELS["group"]) for name in ("title", "group"))
    return TextRecord(row.line, text, title, group)


def record_of(line: int, values: dict[str, Any], mapping: Mapping) -> Record:
    """Raises Refused with the reason."""
    given_values = {field: values.get(column) for field, column in mapping.columns.items() if column}
    instruction, given, response, history = _texts(given_values)
    if not instruction:
        if not mapping.instruction:
            raise Refused("The instruction is empty.")
        if not given:
            raise Refused("The input is empty.")
        instruction = mapping.instruction
    return Record(
        line=line,
        instruction=instruction,
        input=given,
        response=response,
        history=history,
        priority=_priority(given_values.get("priority")),
        answers_needed=_answers_needed(given_values.get("answers_needed")),
        **messages.labels(given_values),
    )


def _texts(values: dict[str, Any]) -> tuple[str, str, str, tuple[Turn, ...]]:
    """Instruction, input, response and what was said before, from plain columns or from messages."""
    if "conversation" in values:
        return messages.conversation(values["conversation"])
    given = messages.text(values.get("input"), "input")
    response = messages.answer(values.get("response"))
    history = messages.history(values.get("history"))
    if not isinstance(values.get("instruction"), list):
        return messages.text(values.get("instruction"), "instruction"), given, response, history
    instruction, asked, said = messages.question(messages.turns(values["instruction"], "prompt"))
    if given and asked:
        return f"{instruction}\n\n{asked}", given, response, history + said
    return instruction, asked or given, response, history + said


def _priority(value: Any) -> int | None:
    """By its name or its number, as people's files and programs have it."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    named = PRIORITIES.get(value.strip().lower()) if isinstance(value, str) else None
    number = _whole(value) if named is None else named
    if number not in PRIORITIES.values():
        raise Refused(f"The priority {_quoted(value)} is not one of {', '.join(PRIORITIES)} (or -1 to 2).")
    return number


def _answers_needed(value: Any) -> int | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    number = _whole(value)
    if number is None or not 1 <= number <= MOST_PER_ITEM:
        raise Refused(f"The number of answers {_quoted(value)} is not a whole number from 1 to {MOST_PER_ITEM}.")
    return number


def _whole(value: Any) -> int | None:
    """Of a cell of CSV, too; None for what is no whole number."""
    if isinstance(value, str) and WHOLE.fullmatch(value.strip()):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _quoted(value: Any) -> str:
    return (
        f"“{value[:40]}”"
        if isinstance(value, str)
        else f"({messages.kind(value)})"
        if isinstance(value, bool | list | dict)
        else str(value)
    )
