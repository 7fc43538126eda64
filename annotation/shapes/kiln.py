"""Kiln's task runs: an output with its rating, and its repair, which is an answer and a pair at once."""

from __future__ import annotations

from typing import Any

from annotation.imports.records import Record
from annotation.shapes import messages
from annotation.shapes.base import Item, Shape, Values, better_and_worse, filled
from annotation.shapes.messages import Refused
from annotation.shapes.ranked import Candidate, Judgement, Ranked

GOOD_ENOUGH = {"five_star": 4.0, "pass_fail": 1.0, "pass_fail_critical": 1.0}
"""As Kiln itself takes them for training: four stars, or a pass."""


def _is_run(values: Values) -> bool:
    output = values.get("output")
    return "input" in values and isinstance(output, dict) and "output" in output


def _read(values: Values, line: int) -> list[Item]:
    output = _output(values.get("output"), "output")
    prompt: dict[str, Any] = {
        "instruction": filled(messages.text(values.get("input"), "input"), "input"),
        "external_id": messages.label(values.get("id"), "external_id", 200),
    }
    wrote = Candidate(output, _source(values["output"]))
    if values.get("repaired_output"):
        repaired = _output(values["repaired_output"], "repaired output")
        record = Record(line=line, **prompt, response=repaired)
        if repaired == output:
            return [record]
        better = Candidate(repaired, _source(values["repaired_output"]))
        return [record, Ranked(line, **prompt, candidates=(better, wrote), judgements=(Judgement(ranks=(1, 2)),))]
    kind, mark = _rating(values["output"].get("rating"))
    if mark is None:
        return [Record(line=line, **prompt, response=output)]
    response = output if kind not in GOOD_ENOUGH or mark >= GOOD_ENOUGH[kind] else ""
    rated = Ranked(line, **prompt, candidates=(wrote,), judgements=(Judgement(ratings=(mark,)),))
    return [Record(line=line, **prompt, response=response), rated]


def _output(value: Any, what: str) -> str:
    if not isinstance(value, dict):
        raise Refused(f"The {what} is not an object with an output.")
    return filled(messages.text(value.get("output"), what), what)


def _source(output: Values) -> str:
    """The model's name where a model wrote it."""
    about = output.get("source_properties")
    name = about.get("model_name") if isinstance(about, dict) else None
    return messages.label(name, "model name", 200)


def _rating(value: Any) -> tuple[str, float | None]:
    if not isinstance(value, dict) or value.get("value") is None:
        return "", None
    mark = value["value"]
    if isinstance(mark, bool) or not isinstance(mark, int | float):
        raise Refused("The rating is not a number.")
    return str(value.get("type", "five_star")), float(mark)


def _write(item: Item) -> Values:
    run: Values = {"v": 1, **({"id": item.external_id} if item.external_id else {}), "input": item.instruction}
    if isinstance(item, Record):
        return {**run, "output": _written(item.response)}
    if len(item.candidates) == 1:
        return {**run, "output": _rated(item)}
    better_and_worse(item)
    chosen, rejected = item.chosen_and_rejected or item.candidates
    repair = {"repair_instructions": "Improve the output.", "repaired_output": _written(chosen.text, chosen.source)}
    return {**run, "output": _written(rejected.text, rejected.source), **repair}


def _rated(ranked: Ranked) -> Values:
    ratings = ranked.judgements[0].ratings if len(ranked.judgements) == 1 else ()
    if not ratings or ratings[0] is None:
        raise Refused("Only one rating of an answer can be written this way.")
    only = ranked.candidates[0]
    return {**_written(only.text, only.source), "rating": {"type": "five_star", "value": ratings[0]}}


def _written(text: str, source: str = "") -> Values:
    about = {"source": "synthetic", "source_properties": {"model_name": source}} if source else {"source": "human"}
    return {"output": text, **about}


SHAPES = [
    Shape(
        "kiln",
        "Kiln runs with ratings and repairs",
        "pairs",
        _is_run,
        _read,
        _write,
        carries=frozenset({"external_id", "source", "ratings"}),
        cannot="Groups, task types, splits, earlier turns and names of people have no place.",
        templated=True,
        needs_response=True,
    ),
]
