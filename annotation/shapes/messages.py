"""Texts, labels and conversations as people's files have them. Pure: no database, no HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

LABELS = {"external_id": 200, "group": 200, "task_type": 80, "split": 40}
SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("evaluation", "eval", "test", "held out", "held-out", "heldout"), "evaluation"),
}
Turn = tuple[str, str]
ROLES = {
    "human": "user",
    "gpt": "assistant",
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "developer": "system",
}


class Refused(Exception):
    """One row is refused; its message is the reason, for the person whose row it is."""


def conversation(value: Any) -> tuple[str, str, str, tuple[Turn, ...]]:
    """Instruction, input, response, and what was said before, of messages that end with the response."""
    said = turns(value, "conversation")
    if len(said) < 2 or said[-1][0] != "assistant":
        raise Refused("The conversation does not end with the assistant's message.")
    instruction, given, before = question(said[:-1])
    return instruction, given, said[-1][1], before


def question(said: list[Turn]) -> tuple[str, str, tuple[Turn, ...]]:
    """The user's last message and what was said before it.

    A system message at the beginning is the instruction, and the user's message the input.
    """
    *before, last = said
    if last[0] != "user":
        raise Refused("A prompt ends with the user's message.")
    if before and before[0][0] == "system":
        return before[0][1], last[1], alternating(before[1:])
    return last[1], "", alternating(before)


def history(value: Any) -> tuple[Turn, ...]:
    """Also from a cell of a table, where it is the same list as JSON."""
    if isinstance(value, str) and value.strip():
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise Refused("The history is not a list of messages.") from None
    return alternating(turns(value, "history")) if value else ()


def alternating(said: list[Turn]) -> tuple[Turn, ...]:
    if [role for role, _ in said] != ["user", "assistant"] * (len(said) // 2):
        raise Refused("In a conversation the user and the assistant take turns, after at most one system message.")
    if not all(text for _role, text in said):
        raise Refused("A message of the conversation is empty.")
    return tuple(said)


def answer(value: Any, what: str = "response") -> str:
    """A text, or the one message that holds it."""
    if not isinstance(value, list):
        return text(value, what)
    said = turns(value, what)
    if [role for role, _ in said] != ["assistant"]:
        raise Refused(f"The {what} is not one assistant message.")
    return said[0][1]


def turns(value: Any, what: str) -> list[Turn]:
    """(role, text) of messages in the usual shape or in ShareGPT's."""
    if not isinstance(value, list) or not value:
        raise Refused(f"The {what} is not a list of messages.")
    return [_turn(message, what) for message in value]


def _turn(message: Any, what: str) -> Turn:
    if not isinstance(message, dict):
        raise Refused(f"A message of the {what} is not an object with a role and a content.")
    role = message.get("role", message.get("from"))
    content = message.get("content", message.get("value"))
    if not isinstance(role, str) or role not in ROLES:
        raise Refused(f"A message of the {what} has no role that is known here (user, assistant, system).")
    if isinstance(content, list):
        content = _in_parts(content, what)
    if not isinstance(content, str):
        raise Refused(f"A message of the {what} has no text.")
    return ROLES[role], clean(content)


def _in_parts(content: list[Any], what: str) -> str:
    """OpenAI's messages may hold parts; only those of text can be read here."""
    if not all(isinstance(part, dict) and isinstance(part.get("text"), str) for part in content):
        raise Refused(f"A message of the {what} has no text, or more than text.")
    return "\n".join(part["text"] for part in content)


def messages(said: Iterable[Turn]) -> list[dict[str, str]]:
    return [{"role": role, "content": content} for role, content in said]


def text(value: Any, field: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refused(f"The {field} is {kind(value)}, not a text.")
    return clean(value)


def label(value: Any, field: str, limit: int) -> str:
    name = "id" if field == "external_id" else field.replace("_", " ")
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Refused(f"The {name} is {kind(value)}, not a text.")
    found = str(value).strip()
    if len(found) > limit:
        raise Refused(f"The {name} is longer than {limit} characters.")
    return found


def labels(values: dict[str, Any]) -> dict[str, Any]:
    """Texts of fields by our names; a split that is not one of ours is refused."""
    found: dict[str, Any] = {field: label(values.get(field), field, limit) for field, limit in LABELS.items()}
    if values.get("split") is not None:
        found["split"] = split(found["split"])
    return found


def split(value: str) -> str:
    if value.lower() not in SPLITS:
        raise Refused(f"The split “{value}” is not train, validation or evaluation.")
    return SPLITS[value.lower()]


def clean(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\r", "\n").strip()


def kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    return "a list" if isinstance(value, list) else "an object"
