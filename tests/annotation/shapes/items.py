"""Whatever a project may hold, for hypothesis, cut to what a shape can carry."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from annotation.imports.records import Record
from annotation.shapes import SHAPES, Candidate, Item, Judgement, Ranked
from annotation.shapes.messages import clean

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=60).map(clean)
FILLED = TEXT.filter(bool)
LABEL = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=20).map(str.strip)
NAME = LABEL.filter(bool)
HISTORY = st.lists(st.tuples(FILLED, FILLED), max_size=2).map(
    lambda pairs: tuple(turn for asked, said in pairs for turn in (("user", asked), ("assistant", said)))
)
PROMPT: dict[str, Any] = {
    "line": st.just(7),
    "instruction": FILLED,
    "input": TEXT,
    "history": HISTORY,
    "external_id": LABEL,
    "group": LABEL,
    "task_type": LABEL,
    "split": st.sampled_from(["", "train", "validation", "evaluation"]),
}
RECORDS = st.builds(
    Record,
    **PROMPT,
    response=TEXT,
    priority=st.sampled_from([None, -1, 0, 1, 2]),
    answers_needed=st.one_of(st.none(), st.integers(1, 9)),
)
OPTIONAL = ("input", "history", "external_id", "group", "task_type", "split")
PAIRS = {
    "trl_preference",
    "trl_preference_text",
    "trl_preference_implicit",
    "openai_preference",
}


@st.composite
def records(draw: st.DrawFn, shape: str) -> Record:
    record = draw(RECORDS)
    if SHAPES[shape].needs_response and not record.response:
        record = replace(record, response="A response.")
    only = ("priority", "answers_needed")
    lost: dict[str, Any] = {name: None for name in only if name not in SHAPES[shape].carries}
    return _carried(replace(record, **lost), shape)


@st.composite
def ranked(draw: st.DrawFn, shape: str) -> Ranked:
    carries = SHAPES[shape].carries
    size = 1 if shape == "trl_unpaired" else 2 if _is_pair(shape) else draw(st.integers(1, 5))
    texts = draw(st.lists(FILLED, min_size=size, max_size=size, unique=True))
    sources = [draw(LABEL) if "source" in carries else "" for _ in texts]
    people = draw(st.lists(NAME, max_size=3, unique=True)) if "many" in carries else [""]
    judgements = tuple(draw(_judgements(shape, size, who)) for who in people)
    candidates = tuple(Candidate(text, source) for text, source in zip(texts, sources, strict=True))
    return _carried(
        draw(st.builds(Ranked, **PROMPT, candidates=st.just(candidates), judgements=st.just(judgements))), shape
    )


def _is_pair(shape: str) -> bool:
    return shape in PAIRS or shape in ("label_studio_pairwise", "kiln")


def _judgements(shape: str, size: int, who: str) -> st.SearchStrategy[Judgement]:
    if shape in PAIRS or shape == "kiln":
        return st.just(Judgement(who, ranks=(1, 2)))
    if shape == "trl_unpaired":
        return st.sampled_from([Judgement(ratings=(0.0,)), Judgement(ratings=(1.0,))])
    if shape in ("label_studio_rating", "argilla_rating"):
        marks = st.integers(1, 10).map(float)
        return st.tuples(*[marks] * size).map(lambda ratings: Judgement(who, ratings=ratings))
    strict = st.permutations(range(1, size + 1)).map(lambda ranks: Judgement(who, ranks=tuple(ranks)))
    if "ties" not in SHAPES[shape].carries:
        return strict
    tied = st.tuples(*[st.integers(1, size)] * size).map(lambda ranks: Judgement(who, ranks=ranks))
    if "ratings" not in SHAPES[shape].carries:
        return st.one_of(strict, tied)
    some = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))
    return st.one_of(strict, tied, st.tuples(*[some] * size).map(lambda given: Judgement(who, ratings=given)))


def _carried(item: Any, shape: str) -> Any:
    lost: dict[str, Any] = {
        name: () if name == "history" else "" for name in OPTIONAL if name not in SHAPES[shape].carries
    }
    return replace(item, **lost)


def items(shape: str) -> st.SearchStrategy[Item]:
    return records(shape) if SHAPES[shape].holds == "prompts" else ranked(shape)
