"""From a file's rows to records: a mapping says which column is what, and each record is checked as it passes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from annotation.imports.rows import Problem, Row
from annotation.project_rules import MOST_PER_ITEM

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
LABELS = {"external_id": 200, "group": 200, "task_type": 80, "split": 40}
SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("evaluation", "eval", "test", "held out", "held-out", "heldout"), "evaluation"),
}
PRIORITIES = {"later": -1, "usual": 0, "soon": 1, "first": 2}
WHOLE = re.compile(r"-?[0-9]{1,4}")
Turn = tuple[str, str]
ROLES = {"human": "user", "gpt": "assistant", "user": "user", "assistant": "assistant", "system": "system"}


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


class _Refused(Exception):
    pass


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
        yield row if isinstance(row, Problem) else earlier.checked(read_record(row, mapping))


def read_record(row: Row, mapping: Mapping) -> Record | Problem:
    try:
        return _record(row, mapping)
    except _Refused as refused:
        return Problem(row.line, str(refused))


class Earlier:
    """What the lines before say of ids and groups: no later line may say otherwise."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}
        self.sides: dict[str, tuple[str, int]] = {}

    def checked(self, record: Record | Problem) -> Record | Problem:
        if isinstance(record, Problem):
            return record
        reason = self._repeats(record) or self._parts_a_group(record)
        return Problem(record.line, reason) if reason else record

    def _repeats(self, record: Record) -> str:
        line = self.lines.setdefault(record.external_id, record.line) if record.external_id else record.line
        return "" if line == record.line else f"The id “{record.external_id}” is the same as on line {line}."

    def _parts_a_group(self, record: Record) -> str:
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
        except _Refused as refused:
            yield Problem(row.line, str(refused))


def _text_record(row: Row) -> TextRecord:
    if "text" not in row.values:
        there = ", ".join(list(row.values)[:8])
        raise _Refused(f"There is no “text” here, only: {there}." if there else "There is no “text” here.")
    text = _text(row.values["text"], "text")
    if not text:
        raise _Refused("The text is empty.")
    title, group = (_label(row.values.get(name), name, LABELS["group"]) for name in ("title", "group"))
    return TextRecord(row.line, text, title, group)


def _record(row: Row, mapping: Mapping) -> Record:
    values = {field: row.values.get(column) for field, column in mapping.columns.items() if column}
    labels = {field: _label(values.get(field), field, limit) for field, limit in LABELS.items()}
    if values.get("split") is not None:
        labels["split"] = _split(labels["split"])
    instruction, given, response, history = _texts(values)
    if not instruction:
        if not mapping.instruction:
            raise _Refused("The instruction is empty.")
        if not given:
            raise _Refused("The input is empty.")
        instruction = mapping.instruction
    return Record(
        line=row.line,
        instruction=instruction,
        input=given,
        response=response,
        history=history,
        priority=_priority(values.get("priority")),
        answers_needed=_answers_needed(values.get("answers_needed")),
        **labels,
    )


def _texts(values: dict[str, Any]) -> tuple[str, str, str, tuple[Turn, ...]]:
    """Instruction, input, response and what was said before, from plain columns or from messages."""
    if "conversation" in values:
        turns = _turns(values["conversation"], "conversation")
        if len(turns) < 2 or turns[-1][0] != "assistant":
            raise _Refused("The conversation does not end with the assistant's message.")
        instruction, given, history = _question(turns[:-1])
        return instruction, given, turns[-1][1], history
    given = _text(values.get("input"), "input")
    response = _answer(values.get("response"))
    history = _history(values.get("history"))
    if not isinstance(values.get("instruction"), list):
        return _text(values.get("instruction"), "instruction"), given, response, history
    instruction, asked, said = _question(_turns(values["instruction"], "prompt"))
    if given and asked:
        return f"{instruction}\n\n{asked}", given, response, history + said
    return instruction, asked or given, response, history + said


def _question(turns: list[Turn]) -> tuple[str, str, tuple[Turn, ...]]:
    """The user's last message and what was said before it.

    A system message at the beginning is the instruction, and the user's message the input.
    """
    *before, last = turns
    if last[0] != "user":
        raise _Refused("A prompt ends with the user's message.")
    if before and before[0][0] == "system":
        return before[0][1], last[1], _alternating(before[1:])
    return last[1], "", _alternating(before)


def _history(value: Any) -> tuple[Turn, ...]:
    return _alternating(_turns(value, "history")) if value else ()


def _alternating(turns: list[Turn]) -> tuple[Turn, ...]:
    if [role for role, _ in turns] != ["user", "assistant"] * (len(turns) // 2):
        raise _Refused("In a conversation the user and the assistant take turns, after at most one system message.")
    if not all(text for _role, text in turns):
        raise _Refused("A message of the conversation is empty.")
    return tuple(turns)


def _answer(value: Any) -> str:
    if not isinstance(value, list):
        return _text(value, "response")
    turns = _turns(value, "response")
    if [role for role, _ in turns] != ["assistant"]:
        raise _Refused("The response is not one assistant message.")
    return turns[0][1]


def _turns(value: Any, what: str) -> list[Turn]:
    """(role, text) of messages in the usual shape or in ShareGPT's."""
    if not isinstance(value, list) or not value:
        raise _Refused(f"The {what} is not a list of messages.")
    return [_turn(message, what) for message in value]


def _turn(message: Any, what: str) -> Turn:
    if not isinstance(message, dict):
        raise _Refused(f"A message of the {what} is not an object with a role and a content.")
    role = message.get("role", message.get("from"))
    content = message.get("content", message.get("value"))
    if not isinstance(role, str) or role not in ROLES:
        raise _Refused(f"A message of the {what} has no role that is known here (user, assistant, system).")
    if not isinstance(content, str):
        raise _Refused(f"A message of the {what} has no text.")
    return ROLES[role], _clean(content)


def _text(value: Any, field: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _Refused(f"The {field} is {_kind(value)}, not a text.")
    return _clean(value)


def _label(value: Any, field: str, limit: int) -> str:
    name = "id" if field == "external_id" else field.replace("_", " ")
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _Refused(f"The {name} is {_kind(value)}, not a text.")
    label = str(value).strip()
    if len(label) > limit:
        raise _Refused(f"The {name} is longer than {limit} characters.")
    return label


def _split(value: str) -> str:
    if value.lower() not in SPLITS:
        raise _Refused(f"The split “{value}” is not train, validation or evaluation.")
    return SPLITS[value.lower()]


def _priority(value: Any) -> int | None:
    """By its name or its number, as people's files and programs have it."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    named = PRIORITIES.get(value.strip().lower()) if isinstance(value, str) else None
    number = _whole(value) if named is None else named
    if number not in PRIORITIES.values():
        raise _Refused(f"The priority {_quoted(value)} is not one of {', '.join(PRIORITIES)} (or -1 to 2).")
    return number


def _answers_needed(value: Any) -> int | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    number = _whole(value)
    if number is None or not 1 <= number <= MOST_PER_ITEM:
        raise _Refused(f"The number of answers {_quoted(value)} is not a whole number from 1 to {MOST_PER_ITEM}.")
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
        else f"({_kind(value)})"
        if isinstance(value, bool | list | dict)
        else str(value)
    )


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    return "a list" if isinstance(value, list) else "an object"
