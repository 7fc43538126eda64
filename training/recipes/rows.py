"""The rows of a run as conversations and as tokens; no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from training.methods import METHODS

ROLES = frozenset({"system", "user", "assistant"})


@dataclass(frozen=True)
class Tokens:
    """One conversation with its answer, as it will be trained."""

    ids: list[int]
    answer_starts: int
    same_prompt: bool  # the prompt reads the same with and without the answer


@dataclass(frozen=True)
class Picked:
    """The rows that a method learns from, what people should know about the choice, and what speaks against it."""

    rows: list[dict[str, Any]]
    notes: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


def shape_problem(method: str, row: dict[str, Any]) -> str | None:
    if METHODS[method].learns_from == "corpus":
        return None if isinstance(row.get("text"), str) and row["text"].strip() else "has no text"
    if not is_prompt(row.get("prompt")):
        return "has no prompt made of messages that ends with the user"
    for name in METHODS[method].answers:
        if not _is_answer(row.get(name)):
            return f"has no {name} made of one assistant message with text"
    if row.get("chosen") is not None and row["chosen"] == row.get("rejected"):
        return "prefers an answer over itself"
    if METHODS[method].learns_from == "judgements" and not isinstance(row.get("label"), bool):
        return "has no label that says whether its answer is good"
    return None


def is_prompt(messages: Any) -> bool:
    if not isinstance(messages, list) or not messages:
        return False
    return all(_is_message(message) for message in messages) and messages[-1]["role"] == "user"


def _is_answer(messages: Any) -> bool:
    if not isinstance(messages, list) or len(messages) != 1 or not _is_message(messages[0]):
        return False
    return messages[0]["role"] == "assistant" and bool(messages[0]["content"].strip())


def _is_message(message: Any) -> bool:
    if not isinstance(message, dict) or message.get("role") not in ROLES:
        return False
    return isinstance(message.get("content"), str)


def prompt_ids(tokenizer: Any, prompt: list[dict[str, str]]) -> list[int]:
    return list(tokenizer.apply_chat_template(prompt, add_generation_prompt=True, return_dict=True)["input_ids"])


def tokenize(tokenizer: Any, prompt: list[dict[str, str]], answer: list[dict[str, str]]) -> Tokens:
    """As TRL does it: the answer starts where the text with it departs from the text that asks for it."""
    before = prompt_ids(tokenizer, prompt)
    ids = list(tokenizer.apply_chat_template(prompt + answer, return_dict=True)["input_ids"])
    shared = 0
    while shared < min(len(before), len(ids)) and before[shared] == ids[shared]:
        shared += 1
    return Tokens(ids=ids, answer_starts=shared, same_prompt=shared == len(before))


def shown(tokenizer: Any, tokens: Tokens) -> list[dict[str, Any]]:
    """Token by token as readable text; the pieces of one character that spans tokens are shown together."""
    pieces = []
    waiting: list[int] = []
    for place, token in enumerate(tokens.ids):
        waiting.append(token)
        text = tokenizer.decode(waiting, skip_special_tokens=False)
        last = place + 1 in (tokens.answer_starts, len(tokens.ids))
        if text.endswith("\ufffd") and len(waiting) < 4 and not last:
            continue
        pieces.append({"text": text, "trained": place >= tokens.answer_starts})
        waiting = []
    return pieces
