"""Argilla 2's records, nested as they are exported and flattened into columns as `to_list(flatten=True)` has them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from annotation.imports.records import KNOWN_NAMES, Record
from annotation.shapes import messages
from annotation.shapes.base import IN_COLUMNS, Item, Shape, Values, carrying, filled, first_of
from annotation.shapes.label_studio import ANSWER, question_and_text
from annotation.shapes.messages import Refused
from annotation.shapes.ranked import Candidate, Judgement, Ranked

QUESTION = re.compile(r"(.+)\.(responses|suggestion)(\.(users|status|score|agent))?")
OWN = ("id", "_server_id", "status", "metadata", "vectors")
DISCARDED = ("discarded", "draft")


def _is_record(values: Values) -> bool:
    if isinstance(values.get("fields"), dict):
        return any(name in values for name in ("responses", "suggestions", "metadata", "_server_id"))
    return any(QUESTION.fullmatch(name) for name in values)


def _is_of(values: Values, kind: str) -> bool | None:
    if not _is_record(values):
        return False
    kinds = {_kind_of(each["value"]) for said in _responses(_nested(values)).values() for each in said}
    if not kinds & {"text", "ranking", "rating"}:
        return True if kind == "text" else None
    return kind == next(each for each in ("ranking", "rating", "text") if each in kinds)


def _kind_of(value: Any) -> str:
    if isinstance(value, list) and value:
        return "ranking"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "rating"
    return "text" if isinstance(value, str) else ""


def _nested(values: Values) -> Values:
    """Columns back into fields, metadata and responses; our labels are metadata in either form."""
    if isinstance(values.get("fields"), dict):
        metadata = values.get("metadata") or {}
        if not isinstance(metadata, dict):
            raise Refused("The metadata are not an object.")
        return {**values, "metadata": metadata}
    fields: Values = {}
    for name, value in values.items():
        if not QUESTION.fullmatch(name) and name not in OWN:
            fields[name] = value
    labels = {name: fields.pop(name) for name in ("group", "task_type", "split") if name in fields}
    responses = {
        match[1]: _columns(values, match[1])
        for name in values
        if (match := QUESTION.fullmatch(name)) and match[2] == "responses" and not match[3]
    }
    return {"id": values.get("id"), "fields": fields, "metadata": labels, "responses": responses}


def _columns(values: Values, question: str) -> list[Values]:
    given = values.get(f"{question}.responses") or []
    users = values.get(f"{question}.responses.users") or [None] * len(given)
    states = values.get(f"{question}.responses.status") or [None] * len(given)
    if not all(isinstance(each, list) for each in (given, users, states)) or not len(given) == len(users) == len(
        states
    ):
        raise Refused(f"The responses to “{question}” do not belong to as many people.")
    named = zip(given, users, states, strict=True)
    return [{"value": value, "user_id": user, "status": status} for value, user, status in named]


def _responses(record: Values) -> dict[str, list[Values]]:
    """Of each question what people submitted."""
    found = record.get("responses") or {}
    if not isinstance(found, dict) or not all(isinstance(each, list) for each in found.values()):
        raise Refused("The responses are not lists by the names of questions.")
    return {
        question: [each for each in said if isinstance(each, dict) and "value" in each and _is_submitted(each)]
        for question, said in found.items()
    }


def _is_submitted(response: Values) -> bool:
    return response.get("status") not in DISCARDED


def _prompt(record: Values) -> dict[str, Any]:
    fields, metadata = record["fields"], record["metadata"]
    own = {name: metadata.get(name) for name in ("group", "task_type", "split")}
    labels = messages.labels({**own, "external_id": record.get("id")})
    asked = first_of(fields, KNOWN_NAMES["instruction"])
    if isinstance(asked, list):
        instruction, given, before = messages.question(messages.turns(asked, "prompt"))
        return {"instruction": instruction, "input": given, "history": before, **labels}
    instruction, given = question_and_text(fields)
    before = messages.history(fields.get("history"))
    return {"instruction": instruction, "input": given, "history": before, **labels}


def _read_text(values: Values, line: int) -> list[Item]:
    """The first person's text; where nobody wrote one, the text that the record brought along to be looked at."""
    record = _nested(values)
    said = [each["value"] for said in _responses(record).values() for each in said if isinstance(each["value"], str)]
    brought = first_of(record["fields"], KNOWN_NAMES["response"])
    response = said[0] if said else brought if isinstance(brought, str) else ""
    return [Record(line=line, **_prompt(record), response=messages.clean(response))]


def _candidates(record: Values) -> dict[str, Candidate]:
    fields, metadata = record["fields"], record["metadata"]
    names = sorted(name for name in fields if ANSWER.fullmatch(name) and fields[name] is not None)
    names = names or [name for name in KNOWN_NAMES["response"] if fields.get(name)][:1]
    return {
        name: Candidate(
            filled(messages.text(fields[name], name), name),
            messages.label(metadata.get(f"{name}_source"), "source", 200),
        )
        for name in names
    }


def _read_judged(values: Values, line: int, kind: str, judgement: Callable[..., Judgement]) -> list[Item]:
    record = _nested(values)
    candidates = _candidates(record)
    if not candidates:
        raise Refused("There are no fields with answers, such as response1 and response2.")
    by_user: dict[tuple[str, int], dict[str, Any]] = {}
    for question, said in _responses(record).items():
        for number, each in enumerate(said):
            if _kind_of(each["value"]) == kind:
                who = messages.label(each.get("user_id"), "user", 200)
                by_user.setdefault((who, 0 if who else number), {})[question] = each["value"]
    judgements = tuple(judgement(who, given, list(candidates)) for (who, _), given in by_user.items())
    return [Ranked(line, **_prompt(record), candidates=tuple(candidates.values()), judgements=judgements)]


def _ranked(who: str, given: dict[str, Any], names: list[str]) -> Judgement:
    """A list best first, or each with its rank where there are ties."""
    value = next(iter(given.values()))
    if all(isinstance(each, str) for each in value):
        ranks = {name: place for place, name in enumerate(value, start=1)}
    elif all(isinstance(each, dict) and type(each.get("rank")) is int for each in value):
        ranks = {str(each.get("value")): each["rank"] for each in value}
    else:
        raise Refused("A ranking is not a list of the names of fields.")
    if ranks.keys() != set(names):
        raise Refused("A ranking does not name every answer once.")
    return Judgement(who, ranks=tuple(ranks[name] for name in names))


def _rated(who: str, given: dict[str, Any], names: list[str]) -> Judgement:
    """By a question for each answer, whose name holds the answer's, or by the only question there is."""
    marks: dict[str, float] = {}
    for question, value in given.items():
        name = names[0] if len(names) == 1 else next((name for name in names if name in question), None)
        if name is None:
            raise Refused(f"Of which answer “{question}” is the rating cannot be told.")
        marks[name] = float(value)
    return Judgement(who, ratings=tuple(marks.get(name) for name in names))


def _record(item: Item, fields: Values, metadata: Values, responses: Values) -> Values:
    labels = {column: value for field, column in IN_COLUMNS.items() if (value := getattr(item, field))}
    name = {"id": labels.pop("id")} if "id" in labels else {}
    asked: Values = {"instruction": item.instruction, "input": item.input}
    if item.history:
        asked["history"] = messages.messages(item.history)
    return {
        **name,
        "fields": {**asked, **fields},
        "metadata": {**labels, **metadata},
        "suggestions": {},
        "responses": responses,
        "status": "completed" if responses else "pending",
    }


def _by(who: str, value: Any) -> Values:
    return {"value": value, **({"user_id": who} if who else {})}


def _write_text(record: Record) -> Values:
    said = {"response": [_by("", record.response)]} if record.response else {}
    return _record(record, {}, {}, said)


def _answers(ranked: Ranked) -> tuple[list[str], Values, Values]:
    names = [f"response{number}" for number in range(1, len(ranked.candidates) + 1)]
    both = list(zip(names, ranked.candidates, strict=True))
    sources = {f"{name}_source": each.source for name, each in both if each.source}
    return names, {name: each.text for name, each in both}, sources


def _write_ranking(ranked: Ranked) -> Values:
    names, texts, sources = _answers(ranked)
    if not all(each.ranks for each in ranked.judgements):
        raise Refused("Ratings cannot be written as a ranking.")
    said = [_by(each.who, _ranking(names, each)) for each in ranked.judgements]
    return _record(ranked, texts, sources, {"ranking": said} if said else {})


def _ranking(names: list[str], judgement: Judgement) -> list[Any]:
    order = [[names[number] for number in group] for group in judgement.groups]
    if sorted(judgement.ranks) == list(range(1, len(names) + 1)):
        return [name for group in order for name in group]
    return [{"value": name, "rank": rank} for name, rank in zip(names, judgement.ranks, strict=True)]


def _write_rating(ranked: Ranked) -> Values:
    names, texts, sources = _answers(ranked)
    said: dict[str, list[Values]] = {}
    for each in ranked.judgements:
        if not each.ratings:
            raise Refused("Ranks cannot be written as ratings.")
        if any(mark is not None and not mark.is_integer() for mark in each.ratings):
            raise Refused("Ratings that are not whole numbers cannot be written this way.")
        for name, mark in zip(names, each.ratings, strict=True):
            if mark is not None:
                said.setdefault(f"{name}_rating", []).append(_by(each.who, int(mark)))
    return _record(ranked, texts, sources, said)


TEXTS = carrying("input", "history", labels=True)
JUDGED = TEXTS | {"source", "who", "many"}

SHAPES = [
    Shape(
        "argilla",
        "Argilla records with a text",
        "prompts",
        lambda values: _is_of(values, "text"),
        _read_text,
        _write_text,
        carries=TEXTS,
    ),
    Shape(
        "argilla_ranking",
        "Argilla records with a ranking",
        "pairs",
        lambda values: _is_of(values, "ranking"),
        lambda values, line: _read_judged(values, line, "ranking", _ranked),
        _write_ranking,
        carries=JUDGED | {"ties"},
    ),
    Shape(
        "argilla_rating",
        "Argilla records with ratings",
        "pairs",
        lambda values: _is_of(values, "rating"),
        lambda values, line: _read_judged(values, line, "rating", _rated),
        _write_rating,
        carries=JUDGED | {"ratings"},
        cannot="Whole ratings only, no ranks.",
    ),
]
