"""Candidates with everybody's judgements in one row, in our own names: nothing is lost on the way."""

from __future__ import annotations

from typing import Any

from annotation.shapes import messages
from annotation.shapes.base import Item, Shape, Values, carrying, filled, labels_in, labels_of
from annotation.shapes.messages import Refused
from annotation.shapes.ranked import Candidate, Judgement, Ranked


def _is_list(values: Values) -> bool:
    return "instruction" in values and isinstance(values.get("candidates"), list)


def _read(values: Values, line: int) -> list[Item]:
    given = values.get("candidates")
    if not isinstance(given, list) or not given:
        raise Refused("There are no candidates.")
    candidates = tuple(_candidate(each) for each in given)
    said = values.get("judgements") or []
    if not isinstance(said, list):
        raise Refused("The judgements are not a list.")
    return [
        Ranked(
            line,
            instruction=filled(messages.text(values.get("instruction"), "instruction"), "instruction"),
            input=messages.text(values.get("input"), "input"),
            history=messages.history(values.get("history")),
            candidates=candidates,
            judgements=tuple(_judgement(each, len(candidates)) for each in said),
            **labels_of(values),
        )
    ]


def _candidate(value: Any) -> Candidate:
    if not isinstance(value, dict):
        raise Refused("A candidate is not an object with a text.")
    text = filled(messages.text(value.get("text"), "candidate"), "text of a candidate")
    return Candidate(text, messages.label(value.get("source"), "source", 200))


def _judgement(value: Any, size: int) -> Judgement:
    if not isinstance(value, dict):
        raise Refused("A judgement is not an object with ranks or ratings.")
    who = messages.label(value.get("who"), "judge's name", 200)
    ranks, ratings = value.get("ranks"), value.get("ratings")
    if isinstance(ranks, list) and len(ranks) == size and all(type(each) is int and each > 0 for each in ranks):
        return Judgement(who, ranks=tuple(ranks))
    if isinstance(ratings, list) and len(ratings) == size and all(_is_rating(each) for each in ratings):
        return Judgement(who, ratings=tuple(None if each is None else float(each) for each in ratings))
    raise Refused("A judgement does not have one rank from 1, or one rating, for each candidate.")


def _is_rating(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _write(ranked: Ranked) -> Values:
    row: Values = {**labels_in(ranked), "instruction": ranked.instruction, "input": ranked.input}
    if ranked.history:
        row["history"] = messages.messages(ranked.history)
    row["candidates"] = [
        {"text": each.text, **({"source": each.source} if each.source else {})} for each in ranked.candidates
    ]
    row["judgements"] = [
        {
            **({"who": each.who} if each.who else {}),
            **({"ranks": list(each.ranks)} if each.ranks else {"ratings": list(each.ratings)}),
        }
        for each in ranked.judgements
    ]
    return row


SHAPES = [
    Shape(
        "candidates",
        "Candidates with everybody's judgements",
        "pairs",
        _is_list,
        _read,
        _write,
        carries=carrying("input", "history", "source", "who", "ties", "many", "ratings", labels=True),
        extra=True,
    ),
]
