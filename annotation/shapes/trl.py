"""TRL's formats: prompt and completion, preference with an explicit or an implicit prompt, unpaired (KTO)."""

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
    filled,
    labels_in,
    labels_of,
    prompt,
    said,
)
from annotation.shapes.messages import Refused
from annotation.shapes.ranked import Candidate, Judgement, Ranked, pair


def _is_completion(values: Values, kind: type) -> bool:
    return isinstance(values.get("completion"), kind) and "label" not in values and "prompt" in values


def _read_completion(values: Values, line: int) -> list[Item]:
    response = messages.answer(values.get("completion"), "completion")
    return [Record(line=line, **prompt(values.get("prompt")), response=response, **labels_of(values))]


def _write_completion(record: Record) -> Values:
    return {**labels_in(record), "prompt": asked(record), "completion": said(record.response)}


def _write_completion_text(record: Record) -> Values:
    return {**labels_in(record), "prompt": record.instruction, "completion": record.response}


def _is_preference(values: Values, kind: type) -> bool:
    return "prompt" in values and isinstance(values.get("chosen"), kind) and isinstance(values.get("rejected"), kind)


def _read_preference(values: Values, line: int) -> list[Item]:
    chosen, rejected = (messages.answer(values.get(name), f"{name} response") for name in ("chosen", "rejected"))
    candidates, judgements = pair(chosen, rejected)
    return [
        Ranked(line, **prompt(values.get("prompt")), candidates=candidates, judgements=judgements, **labels_of(values))
    ]


def _write_preference(ranked: Ranked) -> Values:
    chosen, rejected = better_and_worse(ranked)
    return {**labels_in(ranked), "prompt": asked(ranked), "chosen": said(chosen), "rejected": said(rejected)}


def _write_preference_text(ranked: Ranked) -> Values:
    chosen, rejected = better_and_worse(ranked)
    return {**labels_in(ranked), "prompt": ranked.instruction, "chosen": chosen, "rejected": rejected}


def _is_implicit(values: Values) -> bool:
    return "prompt" not in values and all(isinstance(values.get(name), list | str) for name in ("chosen", "rejected"))


def _read_implicit(values: Values, line: int) -> list[Item]:
    chosen, rejected = values.get("chosen"), values.get("rejected")
    if isinstance(chosen, str) and isinstance(rejected, str):
        asked, better, worse = _common_beginning(chosen, rejected)
        return _read_preference({**values, "prompt": asked, "chosen": better, "rejected": worse}, line)
    if isinstance(chosen, list) and isinstance(rejected, list):
        said, better_said, worse_said = _common_messages(chosen, rejected)
        return _read_preference({**values, "prompt": said, "chosen": better_said, "rejected": worse_said}, line)
    raise Refused("The chosen and the rejected response are not both texts or both messages.")


def _common_beginning(chosen: str, rejected: str) -> tuple[str, str, str]:
    """As TRL does it: up to the first character that differs, and not beyond the space before it."""
    at = next((n for n, (a, b) in enumerate(zip(chosen, rejected, strict=False)) if a != b), None)
    at = min(len(chosen), len(rejected)) if at is None else at
    if at and chosen[at - 1] == " ":
        at -= 1
    return chosen[:at], chosen[at:], rejected[at:]


def _common_messages(chosen: list[Any], rejected: list[Any]) -> tuple[list[Any], list[Any], list[Any]]:
    at = 0
    while at < min(len(chosen), len(rejected)) and chosen[at] == rejected[at]:
        at += 1
    if not at:
        raise Refused("The chosen and the rejected conversation do not begin with the same prompt.")
    if at in (len(chosen), len(rejected)):
        raise Refused("The chosen and the rejected response are the same.")
    return chosen[:at], chosen[at:], rejected[at:]


def _write_implicit(ranked: Ranked) -> Values:
    chosen, rejected = better_and_worse(ranked)
    return {**labels_in(ranked), "chosen": asked(ranked) + said(chosen), "rejected": asked(ranked) + said(rejected)}


def _is_unpaired(values: Values) -> bool:
    return all(name in values for name in ("prompt", "completion", "label"))


def _read_unpaired(values: Values, line: int) -> list[Item]:
    good = values.get("label")
    if not isinstance(good, bool):
        raise Refused("The label is not true or false.")
    text = filled(messages.answer(values.get("completion"), "completion"), "completion")
    judged = Judgement(ratings=(float(good),))
    return [
        Ranked(
            line,
            **prompt(values.get("prompt")),
            candidates=(Candidate(text),),
            judgements=(judged,),
            **labels_of(values),
        )
    ]


def _write_unpaired(ranked: Ranked) -> Values:
    ratings = ranked.judgements[0].ratings if len(ranked.judgements) == 1 else ()
    if len(ranked.candidates) != 1 or ratings not in ((0.0,), (1.0,)):
        raise Refused("Only one answer that is called good or bad can be written this way.")
    completion = said(ranked.candidates[0].text)
    return {**labels_in(ranked), "prompt": asked(ranked), "completion": completion, "label": ratings == (1.0,)}


WHOLE = carrying("input", "history", labels=True)
TEXT_ONLY = "Earlier turns and an input of its own cannot be told apart from the prompt."

SHAPES = [
    Shape(
        "trl_prompt_completion",
        "TRL prompt and completion, as messages",
        "prompts",
        lambda values: _is_completion(values, list),
        _read_completion,
        _write_completion,
        carries=WHOLE,
        templated=True,
        extra=True,
        trains=True,
        needs_response=True,
    ),
    Shape(
        "trl_prompt_completion_text",
        "TRL prompt and completion, as texts",
        "prompts",
        lambda values: _is_completion(values, str),
        _read_completion,
        _write_completion_text,
        carries=carrying(labels=True),
        cannot=TEXT_ONLY,
        templated=True,
        extra=True,
        flat=True,
        trains=True,
        needs_response=True,
    ),
    Shape(
        "trl_preference",
        "TRL preference, as messages",
        "pairs",
        lambda values: _is_preference(values, list),
        _read_preference,
        _write_preference,
        carries=WHOLE,
        templated=True,
        extra=True,
        trains=True,
    ),
    Shape(
        "trl_preference_text",
        "TRL preference, as texts",
        "pairs",
        lambda values: _is_preference(values, str),
        _read_preference,
        _write_preference_text,
        carries=carrying(labels=True),
        cannot=TEXT_ONLY,
        templated=True,
        extra=True,
        flat=True,
        trains=True,
    ),
    Shape(
        "trl_preference_implicit",
        "TRL preference with the prompt in both conversations",
        "pairs",
        _is_implicit,
        _read_implicit,
        _write_implicit,
        carries=WHOLE,
        templated=True,
        extra=True,
        trains=True,
    ),
    Shape(
        "trl_unpaired",
        "TRL answers called good or bad (KTO)",
        "pairs",
        _is_unpaired,
        _read_unpaired,
        _write_unpaired,
        carries=WHOLE,
        templated=True,
        extra=True,
        trains=True,
    ),
]
