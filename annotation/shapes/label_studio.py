"""Label Studio's tasks: a text area, two answers side by side, a ranked list, a rating."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from annotation.imports.records import KNOWN_NAMES, Record
from annotation.shapes import messages
from annotation.shapes.base import Item, Shape, Values, better_and_worse, carrying, filled, first_of, labels_in
from annotation.shapes.messages import Refused
from annotation.shapes.ranked import Candidate, Judgement, Ranked

TYPES = ("pairwise", "ranker", "rating", "textarea")
ANSWER = re.compile(r"(answer|response|text|candidate|completion|output|option|summary)[ _-]?([1-9a-e])", re.I)
ALONE = ("answer", "response", "completion", "output")


def _is_task(values: Values) -> bool:
    return isinstance(values.get("data"), dict) and any(name in values for name in ("annotations", "predictions"))


def _is_of(values: Values, kind: str) -> bool | None:
    """A task that nobody has worked on does not show what it is for."""
    if not _is_task(values):
        return False
    kinds = {result.get("type") for annotation in _annotations(values) for result in _results(annotation)}
    if not kinds & set(TYPES):
        return True if kind == "textarea" else None
    return kind == next(each for each in TYPES if each in kinds)


def _annotations(values: Values) -> list[Values]:
    """What people handed in; the ground truth first."""
    found = values.get("annotations") or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Refused("The annotations are not a list of objects.")
    valid = [each for each in found if not each.get("was_cancelled")]
    return sorted(valid, key=lambda each: not each.get("ground_truth"))


def _results(annotation: Values) -> Iterator[Values]:
    found = annotation.get("result") or []
    if not isinstance(found, list):
        raise Refused("The result of an annotation is not a list.")
    yield from (each for each in found if isinstance(each, dict) and isinstance(each.get("value"), dict))


def _who(annotation: Values) -> str:
    who = annotation.get("completed_by")
    if isinstance(who, dict):
        who = who.get("email") or who.get("id")
    return messages.label(who, "annotator", 200)


def _data(values: Values) -> Values:
    data = values.get("data")
    if not isinstance(data, dict):
        raise Refused("The task has no data.")
    return data


def _prompt(values: Values) -> dict[str, Any]:
    data = _data(values)
    own = {name: data.get(name) for name in ("group", "task_type", "split")}
    asked, given = question_and_text(data)
    return {
        "instruction": asked,
        "input": given,
        "history": messages.history(data.get("history")),
        **messages.labels({**own, "external_id": first_of(data, ("id", "external_id")) or values.get("id")}),
    }


def question_and_text(columns: Values) -> tuple[str, str]:
    """Where only a text is there, it is what is asked about and what is asked."""
    asked = messages.text(first_of(columns, KNOWN_NAMES["instruction"]), "prompt")
    given = messages.text(first_of(columns, KNOWN_NAMES["input"]), "input")
    return (asked, given) if asked else (filled(given, "prompt"), "")


def _read_text(values: Values, line: int) -> list[Item]:
    """Of several people's texts the ground truth, or else the first."""
    texts = [
        _text(result)
        for annotation in _annotations(values)
        for result in _results(annotation)
        if result.get("type") == "textarea"
    ]
    return [Record(line=line, **_prompt(values), response=texts[0] if texts else "")]


def _text(result: Values) -> str:
    value = result["value"].get("text")
    parts = value if isinstance(value, list) else [value]
    return "\n".join(messages.text(part, "text") for part in parts)


def _candidates(values: Values) -> dict[str, Candidate]:
    """By their names in the task's data."""
    data = _data(values)
    names = sorted(name for name in data if ANSWER.fullmatch(name))
    names = names or [name for name in ALONE if data.get(name)][:1]
    sources = data["sources"] if isinstance(data.get("sources"), dict) else {}
    return {
        name: Candidate(filled(messages.text(data[name], name), name), messages.label(sources.get(name), "source", 200))
        for name in names
    }


def _judged(values: Values, kind: str, judgement: Any) -> tuple[Judgement, ...]:
    found = []
    for annotation in _annotations(values):
        results = [result for result in _results(annotation) if result.get("type") == kind]
        if results:
            found.append(judgement(_who(annotation), results))
    return tuple(found)


def _read_pairwise(values: Values, line: int) -> list[Item]:
    candidates = tuple(_candidates(values).values())
    if len(candidates) != 2:
        raise Refused("The task's data has no two answers, such as answer1 and answer2.")

    def chosen(who: str, results: list[Values]) -> Judgement:
        side = results[0]["value"].get("selected")
        if side not in ("left", "right"):
            raise Refused("What was selected is not left or right.")
        return Judgement(who, ranks=(1, 2) if side == "left" else (2, 1))

    judgements = _judged(values, "pairwise", chosen)
    return [Ranked(line, **_prompt(values), candidates=candidates, judgements=judgements)]


def _read_ranker(values: Values, line: int) -> list[Item]:
    items = next((each for each in _data(values).values() if _is_items(each)), None)
    if items is None:
        raise Refused("The task's data has no list of items with an id and a body.")
    ids = [str(each["id"]) for each in items]
    candidates = tuple(
        Candidate(
            filled(messages.text(each["body"], "body"), "body of an item"),
            messages.label(each.get("source"), "source", 200),
        )
        for each in items
    )

    def ranked(who: str, results: list[Values]) -> Judgement:
        order = _rank_of(results[0]["value"].get("ranker"))
        if sorted(order) != sorted(ids):
            raise Refused("The rank does not name every item once.")
        return Judgement(who, ranks=tuple(order.index(each) + 1 for each in ids))

    judgements = _judged(values, "ranker", ranked)
    return [Ranked(line, **_prompt(values), candidates=candidates, judgements=judgements)]


def _is_items(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(each, dict) and "id" in each and isinstance(each.get("body"), str) for each in value)
    )


def _rank_of(value: Any) -> list[str]:
    """The one list there is, whatever its name: without buckets it is called “rank” or “_”."""
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    if not isinstance(value, list):
        raise Refused("The ranker's value is not one list.")
    return [str(each) for each in value]


def _read_rating(values: Values, line: int) -> list[Item]:
    candidates = _candidates(values)
    if not candidates:
        raise Refused("The task's data has no answer that is rated.")

    def rated(who: str, results: list[Values]) -> Judgement:
        alone = next(iter(candidates)) if len(candidates) == 1 else None
        given = {alone or str(result.get("to_name")): _rating(result) for result in results}
        if not given.keys() <= candidates.keys():
            raise Refused("A rating is of something that is no answer in the task's data.")
        return Judgement(who, ratings=tuple(given.get(name) for name in candidates))

    judgements = _judged(values, "rating", rated)
    return [Ranked(line, **_prompt(values), candidates=tuple(candidates.values()), judgements=judgements)]


def _rating(result: Values) -> float:
    value = result["value"].get("rating")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused("A rating is not a number.")
    return float(value)


def _task(item: Item, more: Values, annotations: list[Values]) -> Values:
    data: Values = {**labels_in(item), "prompt": item.instruction}
    if item.input:
        data["input"] = item.input
    if item.history:
        data["history"] = messages.messages(item.history)
    return {"data": {**data, **more}, "annotations": annotations, "predictions": []}


def _annotation(who: str, results: list[Values]) -> Values:
    number = int(who) if who.isascii() and who.isdecimal() else None
    by = {"completed_by": number if str(number) == who else {"email": who}} if who else {}
    return {**by, "was_cancelled": False, "ground_truth": False, "result": results}


def _result(kind: str, value: Values, to: str = "prompt") -> Values:
    name = "pairwise" if kind == "pairwise" else to
    return {"id": f"{kind}-{to}", "type": kind, "from_name": kind, "to_name": name, "value": value}


def _write_text(record: Record) -> Values:
    results = [_result("textarea", {"text": [record.response]})] if record.response else []
    return _task(record, {}, [_annotation("", results)] if results else [])


def _answers(ranked: Ranked) -> Values:
    named = {f"answer{number}": each for number, each in enumerate(ranked.candidates, start=1)}
    sources = {name: each.source for name, each in named.items() if each.source}
    return {**{name: each.text for name, each in named.items()}, **({"sources": sources} if sources else {})}


def _write_pairwise(ranked: Ranked) -> Values:
    if len(ranked.judgements) == 1:
        better_and_worse(ranked)
    if len(ranked.candidates) != 2 or not all(len(each.groups) == 2 for each in ranked.judgements):
        raise Refused("Only two answers, one better than the other, can be written this way.")
    sides = {0: "left", 1: "right"}
    annotations = [
        _annotation(each.who, [_result("pairwise", {"selected": sides[each.groups[0][0]]})])
        for each in ranked.judgements
    ]
    return _task(ranked, _answers(ranked), annotations)


def _write_ranker(ranked: Ranked) -> Values:
    ids = [f"id{number}" for number in range(1, len(ranked.candidates) + 1)]
    items = [
        {"id": name, "body": each.text, **({"source": each.source} if each.source else {})}
        for name, each in zip(ids, ranked.candidates, strict=True)
    ]
    annotations = []
    for each in ranked.judgements:
        if not each.ranks or any(len(group) > 1 for group in each.groups):
            raise Refused("Ties and ratings cannot be written as a ranked list.")
        order = [ids[group[0]] for group in each.groups]
        annotations.append(_annotation(each.who, [_result("ranker", {"ranker": {"rank": order}})]))
    return _task(ranked, {"items": items}, annotations)


def _write_rating(ranked: Ranked) -> Values:
    names = [f"answer{number}" for number in range(1, len(ranked.candidates) + 1)]
    annotations = []
    for each in ranked.judgements:
        if not each.ratings:
            raise Refused("Ranks cannot be written as ratings.")
        given = zip(names, each.ratings, strict=True)
        results = [_result("rating", {"rating": mark}, to) for to, mark in given if mark is not None]
        annotations.append(_annotation(each.who, results))
    return _task(ranked, _answers(ranked), annotations)


TEXTS = carrying("input", "history", labels=True)
JUDGED = TEXTS | {"source", "who", "many"}

SHAPES = [
    Shape(
        "label_studio",
        "Label Studio tasks with a text area",
        "prompts",
        lambda values: _is_of(values, "textarea"),
        _read_text,
        _write_text,
        carries=TEXTS,
    ),
    Shape(
        "label_studio_pairwise",
        "Label Studio tasks with two answers",
        "pairs",
        lambda values: _is_of(values, "pairwise"),
        _read_pairwise,
        _write_pairwise,
        carries=JUDGED,
        cannot="Two answers only, and no ties.",
    ),
    Shape(
        "label_studio_ranker",
        "Label Studio tasks with a ranked list",
        "pairs",
        lambda values: _is_of(values, "ranker"),
        _read_ranker,
        _write_ranker,
        carries=JUDGED,
        cannot="No ties.",
    ),
    Shape(
        "label_studio_rating",
        "Label Studio tasks with ratings",
        "pairs",
        lambda values: _is_of(values, "rating"),
        _read_rating,
        _write_rating,
        carries=JUDGED | {"ratings"},
        cannot="Ratings only, no ranks.",
    ),
]
