"""Rows as other tools write them, by hand from their documentation."""

from __future__ import annotations

from typing import Any

import pytest

from annotation import shapes
from annotation.imports.records import Record
from annotation.shapes import Candidate, Judgement, Ranked

USER = {"role": "user", "content": "What color is the sky?"}
BLUE, GREEN = {"role": "assistant", "content": "It is blue."}, {"role": "assistant", "content": "It is green."}
SKY: dict[str, Any] = {"instruction": "What color is the sky?"}
SKY_PAIR = Ranked(
    1, **SKY, candidates=(Candidate("It is blue."), Candidate("It is green.")), judgements=(Judgement(ranks=(1, 2)),)
)
SYSTEM = {"role": "system", "content": "Be brief."}
HELLO = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi!"}]
TURNS = (("user", "Hello"), ("assistant", "Hi!"))
SUMMARY = {"id": 1, "data": {"prompt": "Sum up.", "text": "A long note."}, "predictions": []}


def task(result: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "id": 7,
        "completed_by": 3,
        "was_cancelled": False,
        "ground_truth": False,
        "lead_time": 41.2,
        "created_at": "2026-01-01T00:00:00Z",
        "result": result,
        **more,
    }


def textarea(text: str) -> dict[str, Any]:
    return {"id": "x", "type": "textarea", "from_name": "t", "to_name": "p", "value": {"text": [text]}}


def pairwise(side: str) -> dict[str, Any]:
    return {"id": "a1", "type": "pairwise", "from_name": "pw", "to_name": "pw", "value": {"selected": side}}


TWO = {"prompt": "Which?", "answer1": "One.", "answer2": "Two."}
TWO_CANDIDATES = (Candidate("One."), Candidate("Two."))
ITEMS = [{"id": "id1", "title": "1", "body": "One."}, {"id": "id2", "title": "2", "body": "Two."}]
RANKER = {"id": "r", "type": "ranker", "from_name": "r", "to_name": "i", "value": {"ranker": {"rank": ["id2", "id1"]}}}
RATING = {"id": "r", "type": "rating", "from_name": "r", "to_name": "answer", "value": {"rating": 4}}
ARGILLA = {
    "id": "a-1",
    "fields": {"instruction": "Which?", "response1": "One.", "response2": "Two."},
    "metadata": {"group": "g"},
    "suggestions": {"ranking": {"value": ["response1", "response2"], "score": None, "agent": "r3"}},
    "responses": {"ranking": [{"value": ["response2", "response1"], "user_id": "u1"}]},
    "vectors": {},
    "status": "completed",
    "_server_id": "s",
}
KILN = {
    "v": 1,
    "id": "k1",
    "model_type": "task_run",
    "input": "Sum up the note.",
    "input_source": {"type": "human", "properties": {"created_by": "ann"}},
    "output": {
        "v": 1,
        "output": "A poor summary.",
        "source": {"type": "synthetic"},
        "source_properties": {"model_name": "m1", "model_provider": "p"},
        "rating": {"v": 1, "type": "five_star", "value": 2.0, "requirement_ratings": {}},
    },
}

ROWS: list[tuple[str, dict[str, Any], list[Any]]] = [
    ("trl_prompt_completion", {"prompt": [USER], "completion": [BLUE]}, [Record(1, **SKY, response="It is blue.")]),
    (
        "trl_prompt_completion",
        {"prompt": [SYSTEM, *HELLO, USER], "completion": [BLUE]},
        [Record(1, "Be brief.", SKY["instruction"], "It is blue.", history=TURNS)],
    ),
    (
        "trl_prompt_completion_text",
        {"prompt": "The sky is", "completion": " blue."},
        [Record(1, "The sky is", response="blue.")],
    ),
    ("trl_preference", {"prompt": [USER], "chosen": [BLUE], "rejected": [GREEN]}, [SKY_PAIR]),
    (
        "trl_preference_text",
        {"prompt": SKY["instruction"], "chosen": "It is blue.", "rejected": "It is green."},
        [SKY_PAIR],
    ),
    ("trl_preference_implicit", {"chosen": [USER, BLUE], "rejected": [USER, GREEN]}, [SKY_PAIR]),
    (
        "trl_preference_implicit",
        {"chosen": "The sky is blue.", "rejected": "The sky is green."},
        [Ranked(1, "The sky is", (Candidate("blue."), Candidate("green.")), (Judgement(ranks=(1, 2)),))],
    ),
    (
        "trl_unpaired",
        {"prompt": [USER], "completion": [GREEN], "label": False},
        [Ranked(1, **SKY, candidates=(Candidate("It is green."),), judgements=(Judgement(ratings=(0.0,)),))],
    ),
    ("messages", {"messages": [USER, BLUE]}, [Record(1, **SKY, response="It is blue.")]),
    (
        "messages",
        {"messages": [SYSTEM, *HELLO, USER, BLUE]},
        [Record(1, "Be brief.", SKY["instruction"], "It is blue.", history=TURNS)],
    ),
    (
        "openai_chat",
        {"messages": [USER, {**BLUE, "weight": 1}, {"role": "user", "content": "x"}, {**GREEN, "weight": 0}]},
        [Record(1, **SKY, response="It is blue.")],
    ),
    (
        "openai_preference",
        {
            "input": {"messages": [USER], "tools": [], "parallel_tool_calls": True},
            "preferred_output": [BLUE],
            "non_preferred_output": [GREEN],
        },
        [SKY_PAIR],
    ),
    ("alpaca", {"instruction": "Add.", "input": "1, 2", "output": "3"}, [Record(1, "Add.", "1, 2", "3")]),
    (
        "alpaca",
        {"instruction": "Add.", "input": "", "output": "3", "system": "Be brief.", "history": [["Hello", "Hi!"]]},
        [Record(1, "Be brief.\n\nAdd.", response="3", history=TURNS)],
    ),
    (
        "sharegpt",
        {
            "id": "s1",
            "conversations": [
                {"from": "system", "value": "Be brief."},
                {"from": "human", "value": "Hello"},
                {"from": "gpt", "value": "Hi!"},
            ],
        },
        [Record(1, "Be brief.", "Hello", "Hi!", external_id="s1")],
    ),
    (
        "label_studio",
        {**SUMMARY, "annotations": [task([textarea("Cancelled.")], was_cancelled=True), task([textarea("Short.")])]},
        [Record(1, "Sum up.", "A long note.", "Short.", external_id="1")],
    ),
    (
        "label_studio_pairwise",
        {"id": 1, "data": TWO, "annotations": [task([pairwise("right")])]},
        [Ranked(1, "Which?", TWO_CANDIDATES, (Judgement("3", ranks=(2, 1)),), external_id="1")],
    ),
    (
        "label_studio_ranker",
        {"id": 1, "data": {"prompt": "Which?", "items": ITEMS}, "annotations": [task([RANKER])]},
        [Ranked(1, "Which?", TWO_CANDIDATES, (Judgement("3", ranks=(2, 1)),), external_id="1")],
    ),
    (
        "label_studio_rating",
        {"id": 1, "data": {"prompt": "Which?", "answer": "One."}, "annotations": [task([RATING])]},
        [Ranked(1, "Which?", TWO_CANDIDATES[:1], (Judgement("3", ratings=(4.0,)),), external_id="1")],
    ),
    (
        "argilla_ranking",
        ARGILLA,
        [Ranked(1, "Which?", TWO_CANDIDATES, (Judgement("u1", ranks=(2, 1)),), external_id="a-1", group="g")],
    ),
    (
        "argilla_ranking",
        {
            "id": "a-1",
            "instruction": "Which?",
            "response1": "One.",
            "response2": "Two.",
            "ranking.responses": [["response2", "response1"], ["response1", "response2"]],
            "ranking.responses.users": ["u1", "u2"],
            "ranking.responses.status": ["submitted", "discarded"],
            "ranking.suggestion": ["response1", "response2"],
        },
        [Ranked(1, "Which?", TWO_CANDIDATES, (Judgement("u1", ranks=(2, 1)),), external_id="a-1")],
    ),
    (
        "argilla",
        {
            "id": "a",
            "fields": {"prompt": "Q", "response": "Draft."},
            "metadata": {},
            "suggestions": {},
            "responses": {"correction": [{"value": "Better.", "user_id": "u"}]},
        },
        [Record(1, "Q", response="Better.", external_id="a")],
    ),
    (
        "argilla_rating",
        {
            "id": "a",
            "fields": {"prompt": "Q", "response": "One."},
            "metadata": {},
            "suggestions": {},
            "responses": {"quality": [{"value": 3, "user_id": "u"}]},
        },
        [Ranked(1, "Q", TWO_CANDIDATES[:1], (Judgement("u", ratings=(3.0,)),), external_id="a")],
    ),
    (
        "kiln",
        KILN,
        [
            Record(1, "Sum up the note.", external_id="k1"),
            Ranked(
                1,
                "Sum up the note.",
                (Candidate("A poor summary.", "m1"),),
                (Judgement(ratings=(2.0,)),),
                external_id="k1",
            ),
        ],
    ),
    (
        "kiln",
        {**KILN, "repair_instructions": "Fix it.", "repaired_output": {"output": "A good one.", "source": "human"}},
        [
            Record(1, "Sum up the note.", response="A good one.", external_id="k1"),
            Ranked(
                1,
                "Sum up the note.",
                (Candidate("A good one."), Candidate("A poor summary.", "m1")),
                (Judgement(ranks=(1, 2)),),
                external_id="k1",
            ),
        ],
    ),
    (
        "plain",
        {"key": "k", "Question": "Why?", "answer": "Because.", "category": "t"},
        [Record(1, "Why?", response="Because.", external_id="k", task_type="t")],
    ),
]


@pytest.mark.parametrize(("shape", "values", "items"), ROWS, ids=[f"{n}-{row[0]}" for n, row in enumerate(ROWS)])
def test_a_row_is_recognised_and_read(shape: str, values: dict[str, Any], items: list[Any]) -> None:
    assert shapes.detect([values]) == shape
    assert shapes.read(shape, values, 1) == items


def test_every_shape_has_an_example() -> None:
    assert {shape for shape, _values, _items in ROWS} | {"candidates"} == set(shapes.SHAPES)


def test_what_nobody_knows_is_no_shape() -> None:
    assert shapes.detect([]) is None
    assert shapes.detect([{"a": 1}]) is None
    assert shapes.detect([{"prompt": "x", "chosen": "y", "rejected": "z"}, {"text": "x"}]) is None


def test_a_task_nobody_worked_on_is_of_its_files_shape() -> None:
    waiting = {"id": 2, "data": TWO, "annotations": []}
    assert shapes.detect([waiting, {"id": 1, "data": TWO, "annotations": [task([pairwise("left")])]}]) == (
        "label_studio_pairwise"
    )
    assert shapes.read("label_studio_pairwise", waiting, 2)[0].judgements == ()  # type: ignore[union-attr]


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("trl_preference", {"prompt": [], "chosen": [BLUE], "rejected": [GREEN]}, "list of messages"),
    ("trl_preference", {"prompt": [USER], "chosen": [BLUE], "rejected": [BLUE]}, "are the same"),
    ("trl_preference_implicit", {"chosen": [USER, BLUE], "rejected": [BLUE]}, "same prompt"),
    ("trl_unpaired", {"prompt": [USER], "completion": [BLUE], "label": "good"}, "true or false"),
    ("openai_chat", {"messages": [USER, {**BLUE, "weight": 0}]}, "counts"),
    ("messages", {"messages": [USER]}, "does not end with the assistant"),
    ("messages", {"messages": [USER, {"role": "tool", "content": "x"}]}, "no role that is known"),
    ("sharegpt", {"conversations": [{"from": "human", "value": 3}, {"from": "gpt", "value": "x"}]}, "no text"),
    ("alpaca", {"instruction": "", "output": "x"}, "instruction is empty"),
    ("label_studio_pairwise", {"data": {"prompt": "x"}, "annotations": [task([pairwise("left")])]}, "no two answers"),
    ("argilla_ranking", {**ARGILLA, "responses": {"r": [{"value": ["response1"]}]}}, "every answer once"),
    ("kiln", {"input": "x", "output": {"output": ""}}, "output is empty"),
    ("plain", {"question": " "}, "instruction is empty"),
]


@pytest.mark.parametrize(("shape", "values", "reason"), REFUSED)
def test_what_cannot_be_meant_is_refused(shape: str, values: dict[str, Any], reason: str) -> None:
    with pytest.raises(shapes.Refused, match=reason):
        shapes.read(shape, values, 1)


def test_no_text_is_lost_on_the_way_out() -> None:
    with pytest.raises(shapes.Refused, match="no place for the history"):
        shapes.write("trl_prompt_completion_text", Record(1, "Q", response="A", history=TURNS))
    with pytest.raises(shapes.Refused, match="no response"):
        shapes.write("messages", Record(1, "Q"))
    tie = Ranked(1, "Q", TWO_CANDIDATES, (Judgement(ranks=(1, 1)),))
    for shape in ("trl_preference", "label_studio_pairwise", "label_studio_ranker", "argilla_rating", "kiln"):
        with pytest.raises(shapes.Refused):
            shapes.write(shape, tie)


def test_judgements_tell_their_groups() -> None:
    assert Judgement(ranks=(2, 1, 2)).groups == [[1], [0, 2]]
    assert Judgement(ratings=(3.0, None, 5.0)).groups == [[2], [0]]
