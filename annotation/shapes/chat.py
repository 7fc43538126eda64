"""Conversations: messages for language modelling, OpenAI's fine-tuning files, ShareGPT."""

from __future__ import annotations

from typing import Any

from annotation.imports.records import Record
from annotation.shapes import messages
from annotation.shapes.base import (
    Item,
    Shape,
    Values,
    asked,
    better_and_worse,
    carrying,
    labels_in,
    labels_of,
    prompt,
    said,
)
from annotation.shapes.messages import Refused
from annotation.shapes.ranked import Ranked, pair

TOOLS = ("tools", "functions")
FROM = {"user": "human", "assistant": "gpt", "system": "system"}


def _record(conversation: Any, values: Values, line: int) -> list[Item]:
    instruction, given, response, before = messages.conversation(conversation)
    if not instruction or not response:
        raise Refused("A message of the conversation is empty.")
    return [
        Record(line=line, instruction=instruction, input=given, response=response, history=before, **labels_of(values))
    ]


def _is_messages(values: Values) -> bool:
    return isinstance(values.get("messages"), list)


def _read_messages(values: Values, line: int) -> list[Item]:
    return _record(values.get("messages"), values, line)


def _write_messages(record: Record) -> Values:
    return {**labels_in(record), "messages": asked(record) + said(record.response)}


def _is_openai(values: Values) -> bool | None:
    """A conversation alone could be either: what is only OpenAI's are weights and tools."""
    if not _is_messages(values):
        return False
    weighed = any(isinstance(each, dict) and "weight" in each for each in values["messages"])
    return True if weighed or any(name in values for name in TOOLS) else None


def _read_openai(values: Values, line: int) -> list[Item]:
    """Up to the last message of the assistant's that counts."""
    said_all = values.get("messages")
    if not isinstance(said_all, list):
        raise Refused("The conversation is not a list of messages.")
    counting = [number for number, each in enumerate(said_all) if _counts(each)]
    if not counting:
        raise Refused("No message of the assistant's counts: each has the weight 0, or there is none.")
    return _record(said_all[: counting[-1] + 1], values, line)


def _counts(message: Any) -> bool:
    return isinstance(message, dict) and message.get("role") == "assistant" and message.get("weight", 1) != 0


def _write_openai(record: Record) -> Values:
    """Earlier answers are read and not learned, so they weigh nothing."""
    before = [each | ({"weight": 0} if each["role"] == "assistant" else {}) for each in asked(record)]
    return {"messages": [*before, {"role": "assistant", "content": record.response, "weight": 1}]}


def _is_openai_preference(values: Values) -> bool:
    return "preferred_output" in values and "non_preferred_output" in values


def _read_openai_preference(values: Values, line: int) -> list[Item]:
    given = values.get("input")
    if not isinstance(given, dict):
        raise Refused("The input is not an object with messages.")
    if not isinstance(given.get("messages"), list):
        raise Refused("The input has no list of messages.")
    better = messages.answer(values.get("preferred_output"), "preferred output")
    worse = messages.answer(values.get("non_preferred_output"), "non-preferred output")
    candidates, judgements = pair(better, worse)
    return [
        Ranked(line, **prompt(given["messages"]), candidates=candidates, judgements=judgements, **labels_of(values))
    ]


def _write_openai_preference(ranked: Ranked) -> Values:
    chosen, rejected = better_and_worse(ranked)
    given = {"messages": asked(ranked), "tools": [], "parallel_tool_calls": True}
    return {"input": given, "preferred_output": said(chosen), "non_preferred_output": said(rejected)}


def _is_sharegpt(values: Values) -> bool:
    return isinstance(values.get("conversations"), list)


def _read_sharegpt(values: Values, line: int) -> list[Item]:
    """Some files have the system's message in a column of its own."""
    said_all, system = values.get("conversations"), messages.text(values.get("system"), "system message")
    if system and isinstance(said_all, list):
        said_all = [{"from": "system", "value": system}, *said_all]
    return _record(said_all, values, line)


def _write_sharegpt(record: Record) -> Values:
    said_all = asked(record) + said(record.response)
    turns = [{"from": FROM[each["role"]], "value": each["content"]} for each in said_all]
    return {**({"id": record.external_id} if record.external_id else {}), "conversations": turns}


NO_LABELS = "Ids, groups, task types and splits have no place."
TEXTS = carrying("input", "history")

SHAPES = [
    Shape(
        "openai_preference",
        "OpenAI preference fine-tuning",
        "pairs",
        _is_openai_preference,
        _read_openai_preference,
        _write_openai_preference,
        carries=TEXTS,
        cannot=NO_LABELS,
        templated=True,
    ),
    Shape(
        "openai_chat",
        "OpenAI chat fine-tuning",
        "prompts",
        _is_openai,
        _read_openai,
        _write_openai,
        carries=TEXTS,
        cannot=NO_LABELS,
        templated=True,
        needs_response=True,
    ),
    Shape(
        "messages",
        "Conversations as messages",
        "prompts",
        _is_messages,
        _read_messages,
        _write_messages,
        carries=TEXTS | carrying(labels=True),
        templated=True,
        extra=True,
        trains=True,
        needs_response=True,
    ),
    Shape(
        "sharegpt",
        "ShareGPT conversations",
        "prompts",
        _is_sharegpt,
        _read_sharegpt,
        _write_sharegpt,
        carries=TEXTS | {"external_id"},
        cannot="Groups, task types and splits have no place.",
        templated=True,
        needs_response=True,
    ),
]
